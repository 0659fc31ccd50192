"""What people do with whole records in HubSpot: delete, erase, restore and merge them. Each is told by a webhook."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from crm_sandbox import records
from crm_sandbox.hubspot import activity, associations, changing, linking, telling, writes
from crm_sandbox.hubspot.authors import PERSON, ChangeAuthor
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind
from crm_sandbox.hubspot.objects import find, record_number
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, iso, now_ms

MERGED = "hs_merged_object_ids"
MERGEABLE = ("contacts", "companies")
# Merging gives the other's value to the kept one as one more: its property, and where the further ones stand.
_FURTHER = {"contacts": ("email", "hs_additional_emails"), "companies": ("domain", "hs_additional_domains")}


def delete(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    number: str,
    for_privacy: bool,
    author: ChangeAuthor = PERSON,
) -> None:
    """Into the recycling bin, or (for privacy) gone for good with its history. Raises HubSpotError 404."""
    record = _found(db, portal=portal, kind=kind, number=number)
    changing.archive(db, portal=portal, kind=kind, record=record, for_privacy=for_privacy, author=author)


def restore(
    db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, number: str, author: ChangeAuthor = PERSON
) -> Record:
    """Out of the recycling bin. Raises HubSpotError: 404 it is not there, 409 another has its unique values now."""
    record = records.get(db, kind=kind.name, id=record_number(number), archived=True)
    if record is None or not record.properties or records.is_merged(db, kind=kind.name, id=record.id):
        raise not_found()
    definitions = portal.definitions(db, kind=kind.name)
    for name, value in writes.unique_values(definitions, record.properties):
        if records.holder(db, kind=kind.name, property=name, value=value) is not None:
            raise HubSpotError(409, f"Another {kind.singular} has this {name} now", category="CONFLICT")
    record.archived_at, record.updated_at = None, now_ms()
    record.properties[kind.modified] = iso(record.updated_at)
    records.save(db, record=record)
    names = list(record.properties)
    writes.keep_unique(db, kind=kind.name, record=record, definitions=definitions, names=names)
    more = {"changeFlag": "RESTORED"}
    telling.of_record(portal=portal, what="restore", kind=kind, record=record, author=author, more=more)
    activity.keep_around(db, portal=portal, record=record, author=author)
    return record


def merge(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    primary: str,
    other: str,
    author: ChangeAuthor = PERSON,
) -> Record:
    """A third record with a new id: the primary's values, the other's where the primary has none. Both old ids find it.

    Raises HubSpotError: 404 one does not exist, 400 they are the same.
    """
    kept, given_up = (_found(db, portal=portal, kind=kind, number=number) for number in (primary, other))
    if kept.id == given_up.id:
        raise HubSpotError(400, f"A {kind.singular} cannot be merged with itself")
    values = given_up.properties | kept.properties | _further(kind, kept=kept, given_up=given_up)
    old = [kept.id, given_up.id]
    before = [part for record in (kept, given_up) for part in record.properties.get(MERGED, "").split(";")]
    linked = [
        (end, end_id, type_id)
        for end in KINDS.values()
        if associations.can_be(kind, end)
        for each in old
        for end_id, types in associations.linked(db, start=kind, start_id=each, end=end).items()
        # The primary's labels first: it has its parent and its primary company from itself.
        for type_id in sorted(types)
        if not (end is kind and end_id in old)
    ]
    for record in (kept, given_up):
        writes.archive(db, record=record)
    definitions = portal.definitions(db, kind=kind.name)
    written = {
        name: value
        for name, value in values.items()
        if name in definitions and not definitions[name]["modificationMetadata"]["readOnlyValue"]
    }
    merging = replace(author, source="MERGE_OBJECTS")
    made = writes.create(db, portal=portal, kind=kind, properties=written, author=merging, of_merge=True)
    made.properties[MERGED] = ";".join(dict.fromkeys([*(part for part in before if part), *map(str, old)]))
    records.save(db, record=made)
    records.note_merge(db, kind=kind.name, old_ids=old, new_id=made.id)
    for end, end_id, type_id in linked:
        if not _has_that_already(db, kind=kind, record_id=made.id, end=end, type_id=type_id):
            linking.link(
                db,
                portal=portal,
                start=kind,
                start_id=made.id,
                end=end,
                end_id=end_id,
                type_id=type_id,
                author=merging,
            )
    made = _found(db, portal=portal, kind=kind, number=str(made.id))
    more: Json = {
        "primaryObjectId": kept.id,
        "mergedObjectIds": [given_up.id],
        "newObjectId": made.id,
        "numberOfPropertiesMoved": len(given_up.properties.keys() - kept.properties.keys()),
    }
    telling.of_record(portal=portal, what="merge", kind=kind, record=made, author=author, more=more)
    return made


def _further(kind: ObjectKind, *, kept: Record, given_up: Record) -> dict[str, str]:
    """What the other was called too: its e-mail address, its domain."""
    name, further = _FURTHER[kind.name]
    main = kept.properties.get(name) or given_up.properties.get(name, "")
    several = [given_up.properties.get(name, "")]
    for record in (kept, given_up):
        several += record.properties.get(further, "").split(";")
    found = [each for each in dict.fromkeys(several) if each and each != main]
    return {further: ";".join(found)} if found else {}


def _has_that_already(
    db: sqlite3.Connection, *, kind: ObjectKind, record_id: int, end: ObjectKind, type_id: int
) -> bool:
    """The primary company and the parent are one each, and the kept record's come first."""
    if type_id not in associations.ONLY_ONE:
        return False
    found = associations.linked(db, start=kind, start_id=record_id, end=end)
    return any(type_id in types for types in found.values())


def _found(db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, number: str) -> Record:
    record = find(db, portal=portal, kind=kind, value=number)
    if record is None:
        raise not_found()
    return record
