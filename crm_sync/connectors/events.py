"""What a CRM tells us by itself, in words that no CRM owns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_sync.connectors.records import RemoteTouch
from crm_sync.connectors.writes import Author

# `RemoteChange.property` of an event that does not say what has changed.
WHOLE_RECORD = "*"
# Of one that says that somebody was in contact.
TOUCHED = "touched"
_NOBODY = Author("")


class MalformedEvents(ValueError):
    """The body is not what this CRM sends; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """The CRM says that something has happened to a record; nothing else in an event is believed.

    `dedupe_key` is the same for every delivery of one event. `property` is "" where the event is about something else, and
    WHOLE_RECORD where it does not say what has changed; TOUCHED says that somebody was in contact.
    `erased`: somebody wants to be forgotten, which only matters once the record turns out to be gone.
    `recipient`: as whom the CRM knows us, where it says so. `raw` is kept for people, as JSON.
    """

    dedupe_key: str
    remote_id: str
    property: str = ""
    at: datetime | None = None
    author: Author = _NOBODY
    recipient: str = ""
    erased: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Events:
    """What a body holds, in the order it came in. `unreadable`: why, and the event, for each that says of no record.

    `account`: whose CRM sends it, as `Login.account` names it; "" where the signature alone says so.
    """

    changes: list[RemoteChange] = field(default_factory=list)
    unreadable: list[tuple[str, Any]] = field(default_factory=list)
    account: str = ""


@dataclass(frozen=True, slots=True)
class ToldState:
    """What one event says stands there now, where nothing can be read: property -> text. `gone`: the record does not exist."""

    values: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False
    touch: RemoteTouch | None = None
