"""Telling by webhook what has become of a record.

Contacts, companies and deals are told in HubSpot's first form (contact.propertyChange), other kinds in the later one
(object.propertyChange, with their objectTypeId), which is the only one that HubSpot has for them.
"""

from __future__ import annotations

from crm_sandbox.hubspot.authors import APP_ID, ChangeAuthor
from crm_sandbox.hubspot.errors import PORTAL_ID
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, now_ms

TARGET = "hubspot"
_BY_NAME = ("contacts", "companies", "deals")


def of_values(
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    at: int,
    author: ChangeAuthor,
    is_new: bool = False,
) -> None:
    """A change of each value; before them, that the record was made."""
    if not portal.webhooks.listens(target=TARGET, own_write=author.is_client):
        return
    events = [
        _event("propertyChange", kind=kind, record_id=record.id, at=at, author=author)
        | {"propertyName": name, "propertyValue": value}
        for name, value in values.items()
    ]
    if is_new:
        made = _event("creation", kind=kind, record_id=record.id, at=at, author=author)
        events.insert(0, made | {"changeFlag": "NEW"})
    portal.webhooks.notify(target=TARGET, own_write=author.is_client, events=events)


def of_record(
    *,
    portal: Portal,
    what: str,
    kind: ObjectKind,
    record: Record,
    author: ChangeAuthor,
    more: Json,
) -> None:
    """`what` is deletion, privacyDeletion, restore or merge."""
    at = max(record.archived_at or 0, record.updated_at)
    event = _event(what, kind=kind, record_id=record.id, at=at, author=author) | more
    portal.webhooks.notify(target=TARGET, own_write=author.is_client, events=[event])


def of_association(
    *,
    portal: Portal,
    ends: tuple[tuple[ObjectKind, int], tuple[ObjectKind, int]],
    author: ChangeAuthor,
    removed: bool,
    primary: bool = False,
) -> None:
    """One event at each end. HubSpot tells of those between contacts, companies and deals."""
    if any(kind.name not in _BY_NAME for kind, _ in ends):
        return
    at, events = now_ms(), []
    for (start, start_id), (end, end_id) in (ends, ends[::-1]):
        event = _event("associationChange", kind=start, record_id=start_id, at=at, author=author)
        # Recorded ones have no objectId, and USER for what a person does.
        del event["objectId"]
        if author.source_id.startswith("userId:"):
            event["changeSource"] = "USER"
        events.append(
            event
            | {
                "associationType": f"{start.singular}_to_{end.singular}".upper(),
                "fromObjectId": start_id,
                "toObjectId": end_id,
                "associationRemoved": removed,
                "isPrimaryAssociation": primary,
            }
        )
    portal.webhooks.notify(target=TARGET, own_write=author.is_client, events=events)


def _event(what: str, *, kind: ObjectKind, record_id: int, at: int, author: ChangeAuthor) -> Json:
    by_name = kind.name in _BY_NAME
    subscription = f"{kind.singular if by_name else 'object'}.{what}"
    event: Json = {
        # Small on purpose: HubSpot's is not unique either, and nobody may rely on it.
        "eventId": at % 1000,
        "subscriptionId": 100 + sum(subscription.encode()) % 800,
        "portalId": PORTAL_ID,
        "appId": APP_ID,
        "occurredAt": at,
        "subscriptionType": subscription,
        "attemptNumber": 0,
        "objectId": record_id,
        "changeSource": author.source,
        "sourceId": author.source_id,
    }
    return event if by_name else event | {"objectTypeId": kind.type_id}
