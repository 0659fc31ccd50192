"""One record made or changed: every check that the org makes, in its order, and what follows from a write."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

from crm_sandbox.salesforce import (
    admin_rules,
    automation,
    derived,
    duplicates,
    ids,
    moments,
    outbound,
    owners,
    rows,
    settings,
    values,
)
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import (
    bad_json,
    is_deleted,
    no_access,
    no_column,
    not_found,
    refused,
)
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

# References that stand for what the record belongs to: it must be there and alive.
_PARENTS = ("OpportunityId", "AccountId", "ContactId", "WhoId", "WhatId", "ParentId", "ReportsToId")


def parsed(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, given: Any) -> Json:
    """The fields of one record as they are stored, by their names.

    Raises OrgError for what fails a whole call: no object, an unknown field, JSON of another type.
    """
    if not isinstance(given, dict):
        raise bad_json("The value of an sObject must be a JSON object")
    fields = org.definitions.fields(db, type)
    found: Json = {}
    for key, value in given.items():
        if key == "attributes":
            continue
        name = org.definitions.spelled(db, type, key)
        if not name or not caller.sees(type, name):
            raise no_column(key, type)
        found[name] = values.read(fields[name], value)
    return found


def create(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, given: Json) -> OrgRecord:
    """`given` is parsed. Raises OrgError: the record is not made."""
    fields = org.definitions.fields(db, type)
    caller.check("create", type)
    _check_writable(caller, fields, given, flag="createable")
    checked = {name: values.check(fields[name], value) for name, value in given.items()}
    if settings.one(db, "storage_full"):
        raise refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")
    usual: Json = {
        name: False if field["type"] == "boolean" and not field["defaultValue"] else field["defaultValue"]
        for name, field in fields.items()
        if field["type"] == "boolean" or field["defaultValue"] is not None
    }
    usual["IsDeleted"] = False
    after = usual | {name: value for name, value in checked.items() if value is not None or name not in usual}
    _check_required(fields, after, of=list(fields))
    if "OwnerId" in fields:
        owner = automation.assigned(db, caller=caller, type=type) or after.get("OwnerId") or caller.user_id
        if owner != caller.user_id or not caller.person:
            owners.check(db, type=type, owner_id=owner)
        after["OwnerId"] = owner
    after |= derived.values_of(db, type=type, before=usual, given=after)
    _check_parents(db, caller=caller, given=checked)
    _check_rules(db, org=org, caller=caller, type=type, id="", fields=after, is_new=True)
    _check_unique(db, fields=fields, type=type, given=after, but="")
    duplicates.check(db, caller=caller, row=None, type=type, fields=after, given=after)
    at = moments.now()
    stamps = {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
    people = {"CreatedById": caller.user_id, "LastModifiedById": caller.user_id}
    row = rows.add(db, type=type, fields=after | stamps | people)
    _follow(db, org=org, row=row, caller=caller, is_new=True)
    if type == "Opportunity" and after.get("ContactId"):
        role: Json = {"OpportunityId": row.id, "ContactId": after["ContactId"], "IsPrimary": True}
        create(db, org=org, caller=caller, type="OpportunityContactRole", given=role)
    return row


def update(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, id: str, given: Json
) -> OrgRecord:
    """`given` is parsed. Raises OrgError: the record is as it was."""
    row = rows.get(db, id)
    if row is None or row.type != type:
        raise not_found()
    if row.deleted:
        raise is_deleted()
    fields = org.definitions.fields(db, type)
    caller.check("edit", type)
    if not caller.sees_row(row):
        raise no_access()
    if type == "Lead" and row.fields.get("IsConverted") and not caller.edit_converted:
        raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    _check_writable(caller, fields, given, flag="updateable")
    checked = {name: values.check(fields[name], value) for name, value in given.items()}
    _check_required(fields, checked, of=list(checked))
    owner = automation.assigned(db, caller=caller, type=type)
    if owner is not None:
        checked["OwnerId"] = owner
    if checked.get("OwnerId", row.fields.get("OwnerId")) != row.fields.get("OwnerId"):
        owners.check_transfer(caller, row)
        owners.check(db, type=type, owner_id=checked["OwnerId"])
    checked |= derived.values_of(db, type=type, before=row.fields, given=checked)
    _check_parents(db, caller=caller, given=checked)
    after = row.fields | checked
    _check_rules(db, org=org, caller=caller, type=type, id=id, fields=after, is_new=False)
    _check_unique(db, fields=fields, type=type, given=checked, but=id)
    duplicates.check(db, caller=caller, row=row, type=type, fields=after, given=checked)
    return set_fields(db, org=org, row=row, caller=caller, changed=checked)


def set_fields(
    db: sqlite3.Connection, *, org: Org, row: OrgRecord, caller: OrgCaller, changed: Json, quiet: bool = False
) -> OrgRecord:
    """Without any check. `quiet`: no flow starts."""
    at = moments.now()
    row.fields |= changed | {"LastModifiedDate": at, "SystemModstamp": at, "LastModifiedById": caller.user_id}
    rows.save(db, row)
    _follow(db, org=org, row=row, caller=caller, is_new=False, quiet=quiet)
    return row


def _follow(
    db: sqlite3.Connection, *, org: Org, row: OrgRecord, caller: OrgCaller, is_new: bool, quiet: bool = False
) -> None:
    started = not quiet and automation.start_flows(db, row=row, is_new=is_new, user_id=caller.user_id)
    derived.note_activity(db, row)
    told = outbound.tell(db, row=row, own_write=not caller.person and not quiet)
    if started or told:
        org.wake.set()


def _check_writable(caller: OrgCaller, fields: dict[str, Json], given: Json, *, flag: str) -> None:
    refusing = [name for name in given if not fields[name][flag]]
    if caller.person:
        refusing = [name for name in refusing if name in ("Id", "IsDeleted", "Name")]
    if refusing:
        raise refused(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refusing)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            fields=refusing,
        )


def _check_required(fields: dict[str, Json], after: Json, *, of: list[str]) -> None:
    missing = [
        name
        for name in of
        if after.get(name) is None
        and not fields[name]["nillable"]
        and fields[name]["createable"]
        and (not fields[name]["defaultedOnCreate"] or name in after)
    ]
    flags = [name for name in missing if fields[name]["type"] == "boolean"]
    if flags:
        name = flags[0]
        raise refused(
            "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{name}: value not of required type: null", fields=[name]
        )
    if missing:
        raise refused(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=missing
        )


def _check_parents(db: sqlite3.Connection, *, caller: OrgCaller, given: Json) -> None:
    for name in _PARENTS:
        parent_id = given.get(name)
        if parent_id is None:
            continue
        parent = rows.get(db, parent_id)
        if parent is None:
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if parent.deleted:
            raise refused("ENTITY_IS_DELETED", "entity is deleted")
        if parent.fields.get("IsConverted") and not caller.edit_converted:
            raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[name])


def _check_rules(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, id: str, fields: Json, is_new: bool
) -> None:
    """People are let through: what they do is the premise of a test."""
    if not caller.person:
        admin_rules.check(
            db, spent=org.spent, type=type, id=id, fields=fields, is_new=is_new, records=caller.records
        )


def _check_unique(
    db: sqlite3.Connection, *, fields: dict[str, Json], type: str, given: Json, but: str
) -> None:
    for name, value in given.items():
        if value is None or not fields[name]["unique"]:
            continue
        exact = fields[name]["caseSensitive"]
        for other in rows.holding(db, type=type, name=name, value=str(value), exact=exact):
            if other.id != but:
                raise refused(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {name} duplicates value on record with id: {other.id[:15]}",
                )


def of_call(caller: OrgCaller, *, records: int) -> OrgCaller:
    """A caller whose call has so many records."""
    return replace(caller, records=records)


def id_given(text: Any) -> str:
    """Raises OrgError MALFORMED_ID."""
    id = ids.read(text) if isinstance(text, str) else None
    if id is None:
        raise refused("MALFORMED_ID", f"malformed id {text}", fields=["Id"])
    return id
