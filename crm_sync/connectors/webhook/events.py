"""What the receiver sends back: the owner, the status, a contact, or that it keeps the lead no more.

docs/howto/connect-webhook.md has the schema. One change, or a list of them under "changes", each by the record's id.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from crm_sync.connectors.events import TOUCHED, Events, MalformedEvents, RemoteChange, ToldState
from crm_sync.connectors.records import RemoteTouch
from crm_sync.connectors.writes import Author
from plumbing import nesting

PERSON = "person"
PROGRAM = "program"
OWNER, STATUS = "owner", "status"
_MOST = 100

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class ToldContact(BaseModel):
    """Somebody was in contact: how, and when, if that is not the moment of the change."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["call", "email", "meeting"]
    at: AwareDatetime | None = None


class ToldChange(BaseModel):
    """`id`: the same however often it is sent. `record`: the id that was answered, else our lead's. `by`: the address of the
    person who made it; without one it was a program."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[_Text, Field(max_length=160)]
    record: _Text
    at: AwareDatetime | None = None
    by: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=120)] = ""
    owner: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254)] | None = (
        None
    )
    status: _Text | None = None
    contacted: ToldContact | None = None
    deleted: bool = False
    erased: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "ToldChange":
        if not list(self.parts()):
            raise ValueError("it says none of owner, status, contacted, deleted")
        return self

    def parts(self) -> Iterator[str]:
        """The properties that it is about, "" for the record as a whole."""
        if self.owner is not None:
            yield OWNER
        if self.status is not None:
            yield STATUS
        if self.contacted is not None:
            yield TOUCHED
        if self.deleted or self.erased:
            yield ""


def parse(raw_body: bytes) -> Events:
    """Raises MalformedEvents."""
    events = Events()
    for each in _changes(raw_body):
        try:
            change = ToldChange.model_validate(each)
        except ValidationError as error:
            events.unreadable.append((_words(error), each))
            continue
        author = Author(PERSON, change.by) if change.by else Author(PROGRAM)
        at = change.at or datetime.now(UTC)
        for name in change.parts():
            events.changes.append(
                RemoteChange(
                    dedupe_key=f"{change.id}:{name}",
                    remote_id=change.record,
                    property=name,
                    at=at,
                    author=author,
                    erased=change.erased,
                    raw={**each, "at": at.isoformat()},
                )
            )
    return events


def told(raw: Mapping[str, Any]) -> ToldState:
    """What a change says stands there now."""
    change = ToldChange.model_validate(dict(raw))
    values = {OWNER: change.owner, STATUS: change.status}
    touch = None
    if change.contacted is not None:
        at = change.contacted.at or change.at
        if at is not None:
            touch = RemoteTouch(change.record, change.contacted.kind, at, owner_id=change.by)
    return ToldState(
        {name: value for name, value in values.items() if value is not None},
        gone=change.deleted or change.erased,
        touch=touch,
    )


def _changes(raw_body: bytes) -> list[Any]:
    try:
        text = raw_body.decode()
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedEvents("The body is not JSON.") from error
    if not isinstance(body, dict) or nesting.is_too_deep(body, text=text):
        raise MalformedEvents(
            "The body is no change: send an object, or several of them as a list under “changes”."
        )
    found = body.get("changes", [body])
    if not isinstance(found, list) or len(found) > _MOST:
        raise MalformedEvents(f"“changes” is a list of at most {_MOST}.")
    return found


def _words(error: ValidationError) -> str:
    """The first thing that is wrong with a change, and where."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    said = first["msg"].removeprefix("Value error, ")
    return f"A change cannot be read: {f'“{where}”: ' if where else ''}{said[:1].lower()}{said[1:]}."
