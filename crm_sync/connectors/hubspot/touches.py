"""Calls, e-mails and meetings of contacts: who has been in contact, and when. HubSpot calls them engagements.

A call counts when it reached somebody, an e-mail when it was sent one to one or came back, a meeting when it was held or
is booked. Notes do not. https://developers.hubspot.com/docs/guides/api/crm/engagements
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.formats import moment
from crm_sync.connectors.hubspot.reading import MOST_INPUTS, chunks, linked, results
from crm_sync.connectors.hubspot.remote_records import OWNER
from crm_sync.connectors.hubspot.versions import Paths
from crm_sync.connectors.records import RemoteTouch

# Dispositions of a call that reached nobody: busy, no answer, wrong number. HubSpot gives them to every account.
_REACHED_NOBODY = (
    "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "17b47fee-58de-441e-a44c-c6300d46f273",
)
# Of one contact and kind, the newest: somebody may have thousands.
_NEWEST = 20
_AT, _MADE = "hs_timestamp", "hs_createdate"
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Engagement:
    kind: Literal["call", "email", "meeting"]
    path: Callable[[Paths], str]
    of_contacts: Callable[[Paths], str]
    properties: tuple[str, ...]
    counts: Callable[[Values], bool]


_ENGAGEMENTS = (
    _Engagement(
        "call",
        lambda paths: paths.calls,
        lambda paths: paths.calls_of_contacts,
        ("hs_call_status", "hs_call_disposition"),
        lambda values: (
            values.get("hs_call_status", "") in ("", "COMPLETED")
            and values.get("hs_call_disposition") not in _REACHED_NOBODY
        ),
    ),
    _Engagement(
        "email",
        lambda paths: paths.emails,
        lambda paths: paths.emails_of_contacts,
        ("hs_email_direction", "hs_email_status"),
        lambda values: (
            values.get("hs_email_direction") in ("EMAIL", "INCOMING_EMAIL")
            and values.get("hs_email_status", "") in ("", "SENT")
        ),
    ),
    _Engagement(
        "meeting",
        lambda paths: paths.meetings,
        lambda paths: paths.meetings_of_contacts,
        ("hs_meeting_outcome",),
        lambda values: values.get("hs_meeting_outcome", "") not in ("CANCELED", "NO_SHOW", "RESCHEDULED"),
    ),
)


def of_contacts(client: Client, contact_ids: Collection[str], *, since: datetime) -> list[RemoteTouch]:
    """The earliest first. Two calls a kind for a hundred contacts, one where there is nothing of it."""
    found: list[RemoteTouch] = []
    for some in chunks(sorted(contact_ids), MOST_INPUTS):
        inputs = {"inputs": [{"id": number} for number in some]}
        for shape in _ENGAGEMENTS:
            theirs = linked(client, shape.of_contacts(client.paths), inputs)
            whose: dict[str, list[str]] = {}
            for contact_id, ends in theirs.items():
                for number in sorted((number for number, _ in ends), key=int)[-_NEWEST:]:
                    whose.setdefault(number, []).append(contact_id)
            for each in _read(client, shape, sorted(whose, key=int)):
                values = {name: str(value) for name, value in (each.get("properties") or {}).items() if value}
                at = _when(values)
                if at is not None and at >= since and shape.counts(values):
                    found += [
                        RemoteTouch(contact_id, shape.kind, at, values.get(OWNER, ""))
                        for contact_id in whose.get(str(each.get("id")), ())
                    ]
    return sorted(found, key=lambda touch: touch.at)


def _read(client: Client, shape: _Engagement, numbers: list[str]) -> Iterator[Mapping[str, Any]]:
    properties = [_AT, _MADE, OWNER, *shape.properties]
    for some in chunks(numbers, MOST_INPUTS):
        asked = {"inputs": [{"id": number} for number in some], "properties": properties}
        yield from results(client.call("POST", f"{shape.path(client.paths)}/batch/read", json=asked).body)


def _when(values: Values) -> datetime | None:
    """A meeting that is booked counts from when it was booked."""
    at, made = moment(values.get(_AT)), moment(values.get(_MADE))
    return min(at, made) if at and made else at or made
