"""Making and changing records by HubSpot's rules.

All checks come before the first write, so a refusal changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from crm_sandbox import records
from crm_sandbox.hubspot import derived, telling, write_rules
from crm_sandbox.hubspot.authors import API, ChangeAuthor
from crm_sandbox.hubspot.errors import PORTAL_ID, BadValue, HubSpotError, bad_values
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.values import checked
from crm_sandbox.records import Record
from crm_sandbox.search_index import parts
from crm_sandbox.wire import Json, iso, now_ms

_OTHER_ADDRESSES = "hs_additional_emails"


def create(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    properties: dict[str, str],
    author: ChangeAuthor = API,
    of_merge: bool = False,
) -> Record:
    """Raises HubSpotError: 400 bad values, 409 the e-mail address is another contact's.

    `of_merge`: it is told as a merge, and not as made.
    """
    definitions = portal.definitions(db, kind=kind.name)
    properties = derived.added(kind, values=properties, current={})
    values = checked(db, definitions=definitions, properties=properties, current={})
    if author.keeps_rules:
        write_rules.check(db, kind=kind, before={}, written=values, is_new=True)
    missing = [name for name in kind.required if not values.get(name)]
    if missing:
        raise bad_values(
            [BadValue(name, "REQUIRED_FIELD", f'Property "{name}" is required') for name in missing]
        )
    number = records.next_id(db, kind=kind.name, first=kind.first_id)
    for name, value in unique_values(definitions, values):
        owner = records.holder(db, kind=kind.name, property=name, value=value)
        if owner is not None and name == "email":
            raise HubSpotError(409, f"Contact already exists. Existing ID: {owner}", category="CONFLICT")
        if owner is not None:
            raise _value_taken(kind, name=name, value=value, wanted_by=number, owner=owner)
    at = now_ms()
    record = Record(kind.name, number, {}, created_at=at, updated_at=at)
    record.properties = {kind.created: iso(at), "hs_object_id": str(number)}
    if "hs_object_source" in definitions:
        record.properties |= {
            "hs_object_source": author.source,
            "hs_object_source_label": author.source,
            "hs_object_source_id": author.source_id,
        }
    _write(
        db, portal=portal, kind=kind, record=record, values=values, at=at, author=author, is_new=not of_merge
    )
    return record


def update(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    properties: dict[str, str],
    author: ChangeAuthor = API,
) -> None:
    """Changes `record` and the file. Raises HubSpotError 400.

    A lifecycle stage does not move backward through the API: the answer is a success and the value stays,
    until it has been cleared in a call of its own.
    """
    definitions = portal.definitions(db, kind=kind.name)
    values = checked(
        db,
        definitions=definitions,
        properties=derived.added(kind, values=properties, current=record.properties),
        current=record.properties,
        read_only_too=not author.is_client,
    )
    cleared = [name for name in kind.required if values.get(name) == ""]
    if cleared:
        raise bad_values(
            [BadValue(name, "REQUIRED_FIELD", f'Property "{name}" is required') for name in cleared]
        )
    if author.keeps_rules:
        write_rules.check(db, kind=kind, before=record.properties, written=values)
    if author.is_client and _is_backward(definitions, record.properties.get("lifecyclestage", ""), values):
        del values["lifecyclestage"]
    changed = {name: value for name, value in values.items() if record.properties.get(name, "") != value}
    for name, value in unique_values(definitions, changed):
        owner = records.holder(db, kind=kind.name, property=name, value=value)
        if owner not in (None, record.id):
            raise _value_taken(kind, name=name, value=value, wanted_by=record.id, owner=owner)
    _change(db, portal=portal, kind=kind, record=record, changed=changed, author=author)


def work_out(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    author: ChangeAuthor,
) -> None:
    """What HubSpot keeps from other records; a change of it is one like any other, and none where nothing differs."""
    changed = {name: value for name, value in values.items() if record.properties.get(name, "") != value}
    _change(db, portal=portal, kind=kind, record=record, changed=changed, author=author)


def archive(db: sqlite3.Connection, *, record: Record) -> None:
    """Into the recycling bin; its unique values are free again."""
    record.archived_at = now_ms()
    records.free_unique(db, kind=record.kind, id=record.id)
    records.save(db, record=record)


def keep_unique(
    db: sqlite3.Connection, *, kind: str, record: Record, definitions: Mapping[str, Json], names: list[str]
) -> None:
    """That the record holds what it has in these properties now."""
    held = list(unique_values(definitions, record.properties))
    touched = {"email" if name == _OTHER_ADDRESSES else name for name in names}
    for name in touched:
        if name in definitions and definitions[name]["hasUniqueValue"]:
            values = [value for held_name, value in held if held_name == name]
            records.set_unique(db, kind=kind, id=record.id, property=name, values=values)


def unique_values(
    definitions: Mapping[str, Json], properties: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Property and value of what only one record may have. A contact's other addresses are its addresses too."""
    for name, value in properties.items():
        if name == _OTHER_ADDRESSES:
            yield from (("email", address) for address in parts(name, value))
        elif value and name in definitions and definitions[name]["hasUniqueValue"]:
            yield name, value


def _change(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    changed: dict[str, str],
    author: ChangeAuthor,
) -> None:
    if changed:
        # HubSpot moves the modified date with the values, and two changes never share one
        at = max(now_ms(), record.updated_at + 1)
        _write(db, portal=portal, kind=kind, record=record, values=changed, at=at, author=author)


def _write(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    at: int,
    author: ChangeAuthor,
    is_new: bool = False,
) -> None:
    more = derived.values_of(db, record=record, kind=kind, values=values, at=at)
    for name, value in (values | more).items():
        if value:
            record.properties[name] = value
        else:
            record.properties.pop(name, None)
    record.updated_at = at
    record.properties[kind.modified] = iso(at)
    records.save(db, record=record)
    definitions = portal.definitions(db, kind=kind.name)
    keep_unique(db, kind=kind.name, record=record, definitions=definitions, names=list(values))
    records.note_changes(
        db,
        kind=kind.name,
        id=record.id,
        changed=values.items(),
        at=at,
        source=author.source,
        source_id=author.source_id,
    )
    telling.of_values(
        portal=portal, kind=kind, record=record, values=values, at=at, author=author, is_new=is_new
    )


def _is_backward(definitions: Mapping[str, Json], current: str, values: dict[str, str]) -> bool:
    """By the order of the stages that there are; one that was taken away has no place in it."""
    wanted = values.get("lifecyclestage", "")
    if not wanted or not current:
        return False
    stages = [option["value"] for option in definitions["lifecyclestage"]["options"]]
    return current in stages and wanted in stages and stages.index(wanted) < stages.index(current)


def _value_taken(
    kind: ObjectKind, *, name: str, value: str, wanted_by: int, owner: int | None
) -> HubSpotError:
    return HubSpotError(
        400,
        f"Cannot set PropertyValueCoordinates{{portalId={PORTAL_ID}, "
        f"objectTypeId=ObjectTypeId{{legacyObjectType={kind.singular.upper()}}}, propertyName={name}, "
        f"value={value}}} on {wanted_by}. {owner} already has that value.",
    )
