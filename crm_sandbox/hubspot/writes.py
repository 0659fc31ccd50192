"""Making and changing records by HubSpot's rules.

All checks come before the first write, so a refusal changes nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from crm_sandbox import records
from crm_sandbox.hubspot.default_properties import LIFECYCLE
from crm_sandbox.hubspot.errors import PORTAL_ID, BadValue, HubSpotError, bad_values
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.values import checked
from crm_sandbox.records import Record
from crm_sandbox.webhooks import change_event
from crm_sandbox.wire import iso, now_ms

_STAGES = [value for value, _ in LIFECYCLE]


@dataclass(frozen=True, slots=True)
class ChangeAuthor:
    """Who writes, in the words of propertiesWithHistory and of webhooks (changeSource)."""

    source: str
    source_id: str

    @property
    def is_person(self) -> bool:
        return self.source == "CRM_UI"


APP_ID = 1160452
API = ChangeAuthor("INTEGRATION", str(APP_ID))
PERSON = ChangeAuthor("CRM_UI", "userId:4400100")


def create(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    properties: dict[str, str],
    author: ChangeAuthor = API,
) -> Record:
    """Raises HubSpotError: 400 bad values, 409 the e-mail address is another contact's."""
    definitions = portal.definitions(db, kind=kind.name)
    values = checked(db, definitions=definitions, properties=properties, current={})
    missing = [name for name in kind.required if not values.get(name)]
    if missing:
        raise bad_values(
            [BadValue(name, "REQUIRED_FIELD", f'Property "{name}" is required') for name in missing]
        )
    number = records.next_id(db, kind=kind.name, first=kind.first_id)
    for name in _unique(definitions, values):
        owner = records.holder(db, kind=kind.name, property=name, value=values[name])
        if owner is not None and name == "email":
            raise HubSpotError(409, f"Contact already exists. Existing ID: {owner}", category="CONFLICT")
        if owner is not None:
            raise _value_taken(kind, name=name, value=values[name], wanted_by=number, owner=owner)
    at = now_ms()
    record = Record(kind.name, number, {}, created_at=at, updated_at=at)
    record.properties = {kind.created: iso(at), "hs_object_id": str(number)}
    _write(db, portal=portal, kind=kind, record=record, values=values, at=at, author=author)
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
        properties=properties,
        current=record.properties,
        read_only_too=author.is_person,
    )
    cleared = [name for name in kind.required if values.get(name) == ""]
    if cleared:
        raise bad_values(
            [BadValue(name, "REQUIRED_FIELD", f'Property "{name}" is required') for name in cleared]
        )
    if not author.is_person and _is_backward(record.properties.get("lifecyclestage", ""), values):
        del values["lifecyclestage"]
    changed = {name: value for name, value in values.items() if record.properties.get(name, "") != value}
    for name in _unique(definitions, changed):
        owner = records.holder(db, kind=kind.name, property=name, value=changed[name])
        if owner not in (None, record.id):
            raise _value_taken(kind, name=name, value=changed[name], wanted_by=record.id, owner=owner)
    # HubSpot moves the modified date with the values, and two changes never share one
    at = max(now_ms(), record.updated_at + 1) if changed else record.updated_at
    _write(db, portal=portal, kind=kind, record=record, values=changed, at=at, author=author)


def archive(db: sqlite3.Connection, *, record: Record) -> None:
    """Into the recycling bin; its unique values are free again."""
    record.archived_at = now_ms()
    records.free_unique(db, kind=record.kind, id=record.id)
    records.save(db, record=record)


def _write(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    at: int,
    author: ChangeAuthor,
) -> None:
    definitions = portal.definitions(db, kind=kind.name)
    derived = _derived(record=record, kind=kind, values=values, at=at)
    for name, value in (values | derived).items():
        if value:
            record.properties[name] = value
        else:
            record.properties.pop(name, None)
    record.updated_at = at
    record.properties[kind.modified] = iso(at)
    records.save(db, record=record)
    for name, value in values.items():
        if definitions[name]["hasUniqueValue"]:
            records.set_unique(db, kind=kind.name, id=record.id, property=name, value=value)
    records.note_changes(
        db,
        kind=kind.name,
        id=record.id,
        changed=values.items(),
        at=at,
        source=author.source,
        source_id=author.source_id,
    )
    _notify(db, portal=portal, kind=kind, record=record, values=values, at=at, author=author)


def _notify(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    at: int,
    author: ChangeAuthor,
) -> None:
    if not portal.webhooks.listens(target="hubspot", by_person=author.is_person):
        return
    portal.webhooks.notify(
        db,
        target="hubspot",
        by_person=author.is_person,
        events=[
            change_event(
                kind=kind.singular,
                record_id=record.id,
                name=name,
                value=value,
                at=at,
                source=author.source,
                source_id=author.source_id,
                portal_id=PORTAL_ID,
                app_id=APP_ID,
            )
            for name, value in values.items()
        ],
    )


def _derived(*, record: Record, kind: ObjectKind, values: dict[str, str], at: int) -> dict[str, str]:
    """What HubSpot works out itself from the values just written."""
    derived: dict[str, str] = {}
    if "hubspot_owner_id" in values:
        derived["hubspot_owner_assigneddate"] = iso(at) if values["hubspot_owner_id"] else ""
    if kind.name == "contacts" and "email" in values:
        derived["hs_email_domain"] = values["email"].partition("@")[2]
    if kind.name == "tasks" and "hs_task_status" in values:
        done = values["hs_task_status"] == "COMPLETED"
        derived["hs_task_completion_date"] = iso(at) if done else ""
    if kind.name == "deals" and "dealstage" in values:
        stage = values["dealstage"]
        derived["hs_is_closed"] = str(stage in ("closedwon", "closedlost")).lower()
        derived["hs_is_closed_won"] = str(stage == "closedwon").lower()
    return derived


def _unique(definitions: dict[str, dict[str, object]], values: dict[str, str]) -> list[str]:
    return [name for name, value in values.items() if value and definitions[name]["hasUniqueValue"]]


def _is_backward(current: str, values: dict[str, str]) -> bool:
    wanted = values.get("lifecyclestage", "")
    return bool(wanted and current) and _STAGES.index(wanted) < _STAGES.index(current)


def _value_taken(
    kind: ObjectKind, *, name: str, value: str, wanted_by: int, owner: int | None
) -> HubSpotError:
    return HubSpotError(
        400,
        f"Cannot set PropertyValueCoordinates{{portalId={PORTAL_ID}, "
        f"objectTypeId=ObjectTypeId{{legacyObjectType={kind.singular.upper()}}}, propertyName={name}, "
        f"value={value}}} on {wanted_by}. {owner} already has that value.",
    )
