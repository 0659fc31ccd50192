"""What people do with whole contacts in HubSpot: delete, erase, restore and merge them. Each is told by a webhook."""

from __future__ import annotations

import sqlite3

from crm_sandbox import records
from crm_sandbox.hubspot import associations, writes
from crm_sandbox.hubspot.errors import PORTAL_ID, HubSpotError, not_found
from crm_sandbox.hubspot.kinds import KINDS
from crm_sandbox.hubspot.objects import find, record_number
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record
from crm_sandbox.webhooks import record_event
from crm_sandbox.wire import Json, now_ms

MERGED = "hs_merged_object_ids"
_KIND = KINDS["contacts"]


def delete(db: sqlite3.Connection, *, portal: Portal, number: str, for_privacy: bool) -> None:
    """Into the recycling bin, or (for privacy) gone for good with its history. Raises HubSpotError 404."""
    record = _found(db, portal=portal, number=number)
    writes.archive(db, record=record)
    if for_privacy:
        records.erase(db, kind=_KIND.name, id=record.id)
        _tell(db, portal=portal, what="privacyDeletion", record=record, more={})
    else:
        _tell(db, portal=portal, what="deletion", record=record, more={"changeFlag": "DELETED"})


def restore(db: sqlite3.Connection, *, portal: Portal, number: str) -> Record:
    """Out of the recycling bin. Raises HubSpotError: 404 it is not there, 409 another has its unique values now."""
    record = records.get(db, kind=_KIND.name, id=record_number(number), archived=True)
    if record is None or not record.properties:
        raise not_found()
    definitions = portal.definitions(db, kind=_KIND.name)
    unique = {name: value for name, value in record.properties.items() if definitions[name]["hasUniqueValue"]}
    for name, value in unique.items():
        if records.holder(db, kind=_KIND.name, property=name, value=value) is not None:
            raise HubSpotError(409, f"Another contact has this {name} now", category="CONFLICT")
    record.archived_at, record.updated_at = None, now_ms()
    records.save(db, record=record)
    for name, value in unique.items():
        records.set_unique(db, kind=_KIND.name, id=record.id, property=name, value=value)
    _tell(db, portal=portal, what="restore", record=record, more={"changeFlag": "RESTORED"})
    return record


def merge(db: sqlite3.Connection, *, portal: Portal, primary: str, other: str) -> Record:
    """A third contact with a new id: the primary's values, the other's where the primary has none. Both old ids find it.

    Raises HubSpotError: 404 one does not exist, 400 they are the same.
    """
    kept, given_up = (_found(db, portal=portal, number=number) for number in (primary, other))
    if kept.id == given_up.id:
        raise HubSpotError(400, "A contact cannot be merged with itself")
    values = given_up.properties | kept.properties
    old = [kept.id, given_up.id]
    before = [part for record in (kept, given_up) for part in record.properties.get(MERGED, "").split(";")]
    linked = {
        (name, found, type_id)
        for name in ("companies", "deals", "tasks")
        for each in old
        for found, types in associations.linked(db, start=_KIND, start_id=each, end=KINDS[name]).items()
        for type_id in types
    }
    for record in (kept, given_up):
        writes.archive(db, record=record)
    definitions = portal.definitions(db, kind=_KIND.name)
    written = {
        name: value
        for name, value in values.items()
        if not definitions[name]["modificationMetadata"]["readOnlyValue"]
    }
    made = writes.create(db, portal=portal, kind=_KIND, properties=written, author=writes.PERSON)
    made.properties[MERGED] = ";".join(dict.fromkeys([*(part for part in before if part), *map(str, old)]))
    records.save(db, record=made)
    records.note_merge(db, kind=_KIND.name, old_ids=old, new_id=made.id)
    for name, end_id, type_id in sorted(linked):
        associations.link(db, start=_KIND, start_id=made.id, end=KINDS[name], end_id=end_id, type_id=type_id)
    more: Json = {
        "primaryObjectId": kept.id,
        "mergedObjectIds": [given_up.id],
        "newObjectId": made.id,
        "numberOfPropertiesMoved": len(values) - len(kept.properties),
    }
    _tell(db, portal=portal, what="merge", record=made, more=more)
    return made


def _found(db: sqlite3.Connection, *, portal: Portal, number: str) -> Record:
    record = find(db, portal=portal, kind=_KIND, value=number)
    if record is None:
        raise not_found()
    return record


def _tell(db: sqlite3.Connection, *, portal: Portal, what: str, record: Record, more: Json) -> None:
    event = record_event(
        what,
        kind=_KIND.singular,
        record_id=record.id,
        at=max(record.archived_at or 0, record.updated_at),
        source=writes.PERSON.source,
        source_id=writes.PERSON.source_id,
        portal_id=PORTAL_ID,
        app_id=writes.APP_ID,
        more=more,
    )
    portal.webhooks.notify(db, target="hubspot", by_person=True, events=[event])
