"""HubSpot's webhooks: who sent them, and what is in them.

Up to 100 events at once, unordered, several times and late; `eventId` is not unique.
https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.connectors.events import Events, MalformedEvents, RemoteChange
from crm_sync.connectors.writes import Author
from plumbing.signatures import over_whole_request
from plumbing.whole_numbers import whole_number

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"
# HubSpot signs the address with exactly these decoded, and no others (%20 stays %20).
_DECODED = frozenset(["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"])
_MOST_EVENTS = 1000
_MOST_DIGITS = 40
# These together are one event; whatever else differs is a redelivery.
_IDENTITY = ("subscriptionType", "objectId", "propertyName", "occurredAt")
# Where a change comes from that a person made: in the CRM, its apps, in bulk or with a file.
_PEOPLE = frozenset(
    {
        "CRM_UI",
        "CRM_UI_BULK_ACTION",
        "CONTACTS_WEB",
        "CONTACTS",
        "BATCH_UPDATE",
        "IMPORT",
        "MOBILE_IOS",
        "MOBILE_ANDROID",
        "MERGE_OBJECTS",
        "SIDEKICK",
        "SALES",
    }
)
_INTEGRATION = "INTEGRATION"
_USER = "userId:"

WEBHOOK_SECURITY = {
    "type": "apiKey",
    "in": "header",
    "name": SIGNATURE_HEADER,
    "description": f"HubSpot's signature, version 3, with `{TIMESTAMP_HEADER}`.",
}

verify = over_whole_request(
    signature_header=SIGNATURE_HEADER,
    timestamp_header=TIMESTAMP_HEADER,
    window=timedelta(minutes=5),
    decoded=_DECODED,
)


def parse(raw_body: bytes) -> Events:
    """Raises MalformedEvents."""
    try:
        # An event's numbers are ids and times: one of thousands of digits is neither, and no reason to read nothing.
        body = json.loads(raw_body.decode("utf-8", "replace"), parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise MalformedEvents("The body is not JSON.") from error
    if not isinstance(body, list):
        raise MalformedEvents("The body must be a list of events.")
    if len(body) > _MOST_EVENTS:
        raise MalformedEvents(f"{len(body)} events at once are too many.")
    events = Events()
    for each in body:
        if not _is_about_a_contact(each):
            # Of companies, deals and all else polling brings the news; their numbers are no contacts'.
            continue
        numbers = _object_ids(each)
        if numbers:
            events.changes += [_change(each, number) for number in numbers]
        else:
            events.unreadable.append(("An event names no object by its number.", each))
    return events


def is_person(author: Author) -> bool:
    return author.source in _PEOPLE


def is_us(author: Author, *, recipient: str) -> bool:
    """`recipient` is the number of our app."""
    return author.source == _INTEGRATION and bool(recipient) and author.source_id == recipient


def user_id_of(author: Author) -> str:
    return author.source_id.removeprefix(_USER) if author.source_id.startswith(_USER) else ""


def _is_about_a_contact(event: Any) -> bool:
    """Also where an event does not say so: it may be one that we cannot read."""
    if not isinstance(event, Mapping):
        return True
    kind = str(event.get("subscriptionType") or "").partition(".")[0]
    return kind in ("", "contact") or (kind == "object" and event.get("objectTypeId") in (None, "0-1"))


def _object_ids(event: Any) -> list[str]:
    """The objects that an event is about: of a merge, the new one and those that it was made of."""
    if not isinstance(event, Mapping):
        return []
    merged = event.get("mergedObjectIds")
    # A change of an association names its two ends only, and the first one is whose event it is.
    whose = event.get("objectId", event.get("fromObjectId"))
    named = [whose, event.get("primaryObjectId"), event.get("newObjectId")]
    named += merged if isinstance(merged, list) else []
    texts = [str(each) for each in named if isinstance(each, int | str) and not isinstance(each, bool)]
    return list(
        dict.fromkeys(text for text in texts if text.isascii() and text.isdigit() and len(text) <= 20)
    )


def _change(event: Mapping[str, Any], number: str) -> RemoteChange:
    identity = dict(event) | {"objectId": number}
    return RemoteChange(
        dedupe_key=":".join(str(identity.get(name) or "") for name in _IDENTITY),
        remote_id=number,
        property=str(event.get("propertyName") or ""),
        at=_moment(event.get("occurredAt")),
        author=Author(str(event.get("changeSource") or ""), str(event.get("sourceId") or "")),
        recipient=str(event.get("appId") or ""),
        erased=str(event.get("subscriptionType") or "").endswith(".privacyDeletion"),
        raw=event,
    )


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits[:_MOST_DIGITS]


def _moment(milliseconds: Any) -> datetime | None:
    number = whole_number(str(milliseconds))
    try:
        return None if number is None else datetime.fromtimestamp(number / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
