"""sobjects/X/...: one record at a time, by id or by an external id."""

from __future__ import annotations

import sqlite3
from typing import Any

from crm_sandbox.salesforce import definitions, rows, shown, upserting, whole, writing
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError, SeveralHolders, is_deleted, no_type, not_found, refused
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, Reply, Request


def create(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    type = readable(caller, name)
    given = request.json()
    with org.writing() as db:
        parsed = _without_id(writing.parsed(db, org=org, caller=caller, type=type, given=given))
        row = writing.create(db, org=org, caller=caller, type=type, given=parsed)
    return Reply(201, {"id": row.id, "success": True, "errors": []}, records=1)


def read(org: Org, caller: OrgCaller, request: Request, name: str, id: str) -> Reply:
    type = readable(caller, name)
    with org.store.reading() as db:
        row = _found(db, caller=caller, type=type, id=writing.id_given(id))
        return _shown(db, org=org, caller=caller, request=request, row=row)


def update(org: Org, caller: OrgCaller, request: Request, name: str, id: str) -> Reply:
    type = readable(caller, name)
    given = request.json()
    with org.writing() as db:
        parsed = _without_id(writing.parsed(db, org=org, caller=caller, type=type, given=given))
        writing.update(db, org=org, caller=caller, type=type, id=writing.id_given(id), given=parsed)
    return Reply(204, records=1)


def delete(org: Org, caller: OrgCaller, request: Request, name: str, id: str) -> Reply:
    type = readable(caller, name)
    with org.writing() as db:
        caller.check("delete", type)
        row = _found(db, caller=caller, type=type, id=writing.id_given(id))
        whole.delete(db, org=org, caller=caller, row=row)
    return Reply(204, records=1)


def read_by_key(org: Org, caller: OrgCaller, request: Request, name: str, key: str, value: str) -> Reply:
    type = readable(caller, name)
    with org.store.reading() as db:
        column = upserting.key_field(db, org=org, caller=caller, type=type, name=key)
        found = upserting.holders(db, org=org, type=type, name=column, value=value)
        if len(found) > 1:
            raise SeveralHolders([row.id for row in found])
        if not found or not caller.sees_row(found[0]):
            raise not_found("The requested resource does not exist")
        return _shown(db, org=org, caller=caller, request=request, row=found[0])


def upsert(org: Org, caller: OrgCaller, request: Request, name: str, key: str, value: str) -> Reply:
    """PATCH by an external id: 201 for one that was made, 200 for one that was there, 300 for several."""
    type = readable(caller, name)
    given: Any = request.json()
    with org.store.reading() as db:
        column = upserting.key_field(db, org=org, caller=caller, type=type, name=key)
        parsed = writing.parsed(db, org=org, caller=caller, type=type, given=given)
    if column != "Id" and column in parsed:
        raise OrgError(
            400,
            "INVALID_FIELD",
            f"The {column} field should not be specified in the sobject data.",
            fields=[column],
        )
    wanted = upserting.WantedRecord(
        _without_id(parsed) | ({} if column == "Id" else {column: value}), key=value
    )
    upserting.look_up(org, type=type, column=column, several=[wanted])
    if len(wanted.holders) > 1:
        raise SeveralHolders(wanted.holders)
    with org.writing() as db:
        row, created = upserting.written(db, org=org, caller=caller, type=type, column=column, wanted=wanted)
    body: Json = {"id": row.id, "success": True, "errors": [], "created": created}
    return Reply(201 if created else 200, body, records=1)


def about(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    """GET sobjects/X"""
    type = readable(caller, name)
    return Reply(200, {"objectDescribe": definitions.sobject(type), "recentItems": []})


def readable(caller: OrgCaller, name: str) -> str:
    """Raises OrgError: an object that the user may not see does not exist."""
    try:
        type = definitions.named(name)
    except OrgError:
        raise not_found() from None
    if not caller.may("read", type):
        raise no_type(type)
    return type


def _shown(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, request: Request, row: OrgRecord) -> Reply:
    fields = shown.visible(db, org=org, caller=caller, type=row.type)
    names = shown.asked(fields, request.names("fields"))
    return Reply(200, shown.record(row, fields=fields, names=names, version=caller.version), records=1)


def _found(db: sqlite3.Connection, *, caller: OrgCaller, type: str, id: str) -> OrgRecord:
    row = rows.get(db, id)
    if row is None or row.type != type or not caller.sees_row(row):
        raise not_found("Provided external ID field does not exist or is not accessible: " + id)
    if row.deleted:
        raise is_deleted()
    return row


def _without_id(parsed: Json) -> Json:
    if "Id" in parsed:
        raise refused(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=["Id"]
        )
    return parsed
