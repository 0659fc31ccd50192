"""HubSpot's webhooks: who sent them, and what is in them.

Up to 100 events at once, unordered, several times and late; `eventId` is not unique.
https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_sync.connectors.base import Author, MalformedEvents, RemoteChange
from plumbing.signatures import over_whole_request
from plumbing.whole_numbers import whole_number

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"
# HubSpot signs the address with exactly these decoded, and no others (%20 stays %20).
_DECODED = frozenset(["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"])
_MOST_EVENTS = 1000
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


def parse(raw_body: bytes) -> list[RemoteChange]:
    """Raises MalformedEvents."""
    try:
        body = json.loads(raw_body)
    except (ValueError, RecursionError) as error:
        raise MalformedEvents("The body is not JSON.") from error
    if not isinstance(body, list) or not all(
        isinstance(each, dict) and each.get("objectId") for each in body
    ):
        raise MalformedEvents("The body must be a list of events, each with an objectId.")
    if len(body) > _MOST_EVENTS:
        raise MalformedEvents(f"{len(body)} events at once are too many.")
    return [_change(each) for each in body]


def is_person(author: Author) -> bool:
    return author.source in _PEOPLE


def is_us(author: Author, *, recipient: str) -> bool:
    """`recipient` is the number of our app."""
    return author.source == _INTEGRATION and bool(recipient) and author.source_id == recipient


def user_id_of(author: Author) -> str:
    return author.source_id.removeprefix(_USER) if author.source_id.startswith(_USER) else ""


def _change(event: Mapping[str, Any]) -> RemoteChange:
    return RemoteChange(
        dedupe_key=":".join(str(event.get(name) or "") for name in _IDENTITY),
        remote_id=str(event["objectId"]),
        property=str(event.get("propertyName") or ""),
        at=_moment(event.get("occurredAt")),
        author=Author(str(event.get("changeSource") or ""), str(event.get("sourceId") or "")),
        recipient=str(event.get("appId") or ""),
        raw=event,
    )


def _moment(milliseconds: Any) -> datetime | None:
    number = whole_number(str(milliseconds))
    try:
        return None if number is None else datetime.fromtimestamp(number / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
