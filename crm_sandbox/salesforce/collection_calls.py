"""composite/sobjects: up to 200 records in a call, answered in their order; 200 OK says nothing of any of them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crm_sandbox.salesforce import ids, rows, settings, shown, upserting, whole, writing
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.definitions import named
from crm_sandbox.salesforce.errors import OrgError, bad_json, is_deleted, refused
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.row_calls import readable
from crm_sandbox.salesforce.upserting import WantedRecord
from crm_sandbox.wire import Json, Reply, Request

MOST = 200
MOST_READ = 2000


@dataclass(slots=True)
class ItemResult:
    """What became of one record; `id` is "" where it failed."""

    id: str = ""
    created: bool | None = None
    error: OrgError | None = None

    def shown(self) -> Json:
        made: Json = {}
        if self.error is None:
            made = {"id": self.id, "success": True, "errors": []}
        else:
            made = {"success": False, "errors": [self.error.item()]}
        return made if self.created is None else made | {"created": self.created}


class _CollectionRolledBack(Exception):
    """Something failed, and all or none was asked for."""


_Write = Callable[[sqlite3.Connection, int], ItemResult]


def create(org: Org, caller: OrgCaller, request: Request) -> Reply:
    given, all_or_none = _body(request)
    caller = writing.of_call(caller, records=len(given))
    types = [_type_of(each) for each in given]
    with org.store.reading() as db:
        parsed = [
            writing.parsed(db, org=org, caller=caller, type=type, given=each)
            for type, each in zip(types, given, strict=True)
        ]
        pause_ms = settings.one(db, "write_ms")
    for each in parsed:
        if "Id" in each:
            raise refused(
                "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=["Id"]
            )
    upserting.pause(org, pause_ms)

    def write(db: sqlite3.Connection, place: int) -> ItemResult:
        return ItemResult(
            writing.create(db, org=org, caller=caller, type=types[place], given=parsed[place]).id
        )

    return _written(org, request, count=len(given), write=write, all_or_none=all_or_none)


def update(org: Org, caller: OrgCaller, request: Request) -> Reply:
    given, all_or_none = _body(request)
    caller = writing.of_call(caller, records=len(given))
    types = [_type_of(each) for each in given]
    with org.store.reading() as db:
        parsed = [
            writing.parsed(db, org=org, caller=caller, type=type, given=each)
            for type, each in zip(types, given, strict=True)
        ]
        pause_ms = settings.one(db, "write_ms")
    upserting.pause(org, pause_ms)

    def write(db: sqlite3.Connection, place: int) -> ItemResult:
        values = dict(parsed[place])
        if not values.get("Id"):
            raise refused("MISSING_ARGUMENT", "Id not specified in an update call")
        id = writing.id_given(values.pop("Id"))
        writing.update(db, org=org, caller=caller, type=types[place], id=id, given=values)
        return ItemResult(id)

    return _written(org, request, count=len(given), write=write, all_or_none=all_or_none)


def upsert(org: Org, caller: OrgCaller, request: Request, name: str, key: str) -> Reply:
    type = readable(caller, name)
    given, all_or_none = _body(request)
    caller = writing.of_call(caller, records=len(given))
    for each in given:
        if _type_of(each) != type:
            raise OrgError(400, "INVALID_TYPE", f"The type of a record is not that of the URI: {type}")
    with org.store.reading() as db:
        column = upserting.key_field(db, org=org, caller=caller, type=type, name=key)
        parsed = [writing.parsed(db, org=org, caller=caller, type=type, given=each) for each in given]
    for fields in parsed:
        if "Id" in fields and column != "Id":
            raise OrgError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    wanted = [
        WantedRecord(
            {name: value for name, value in fields.items() if name != "Id"}, key=str(fields.get(column) or "")
        )
        for fields in parsed
    ]
    keys = [each.key.casefold() for each in wanted]
    upserting.look_up(org, type=type, column=column, several=[each for each in wanted if each.key])

    def write(db: sqlite3.Connection, place: int) -> ItemResult:
        each = wanted[place]
        if not each.key:
            raise refused("MISSING_ARGUMENT", f"{column} not specified", fields=[column])
        if keys.count(keys[place]) > 1:
            raise refused(
                "DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {each.key}", fields=[column]
            )
        row, created = upserting.written(db, org=org, caller=caller, type=type, column=column, wanted=each)
        return ItemResult(row.id, created)

    return _written(org, request, count=len(given), write=write, all_or_none=all_or_none, upserting=True)


def delete(org: Org, caller: OrgCaller, request: Request) -> Reply:
    """DELETE composite/sobjects?ids=...&allOrNone="""
    asked = request.names("ids")
    _check_count(len(asked), MOST)

    def write(db: sqlite3.Connection, place: int) -> ItemResult:
        id = writing.id_given(asked[place])
        row = rows.get(db, id)
        if row is None:
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        caller.check("delete", row.type)
        if row.deleted:
            raise is_deleted()
        whole.delete(db, org=org, caller=caller, row=row)
        return ItemResult(id)

    return _written(org, request, count=len(asked), write=write, all_or_none=request.flag("allOrNone"))


def read(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    """By ids; null for each that is not there. GET has them in the address, POST in the body."""
    type = readable(caller, name)
    if request.method == "GET":
        asked, names = request.names("ids"), request.names("fields")
        _check_count(len(asked), 800)
    else:
        body = request.json()
        if not isinstance(body, dict) or not all(
            isinstance(body.get(each), list) for each in ("ids", "fields")
        ):
            raise bad_json("ids and fields are lists")
        asked, names = [str(each) for each in body["ids"]], [str(each) for each in body["fields"]]
        _check_count(len(asked), MOST_READ)
    if not names:
        raise OrgError(400, "MISSING_ARGUMENT", "The fields parameter is required")
    numbers = [ids.read(each) or "" for each in asked]
    with org.store.reading() as db:
        fields = shown.visible(db, org=org, caller=caller, type=type)
        wanted = shown.asked(fields, names)
        found = rows.several(db, [each for each in numbers if each])
        body = [
            shown.record(
                row,
                fields=fields,
                names=["Id", *(each for each in wanted if each != "Id")],
                version=caller.version,
            )
            if (row := found.get(each)) and row.type == type and not row.deleted and caller.sees_row(row)
            else None
            for each in numbers
        ]
    return Reply(200, body, records=len(found))


def _written(
    org: Org, request: Request, *, count: int, write: _Write, all_or_none: bool, upserting: bool = False
) -> Reply:
    """One after another, in one transaction."""
    results: list[ItemResult] = []
    failing = {place for place in range(count) if random.random() < request.failing_share}
    try:
        with org.writing() as db:
            for place in range(count):
                results.append(_one(write, db, place, fails=place in failing))
            if all_or_none and any(each.error for each in results):
                raise _CollectionRolledBack
    except _CollectionRolledBack:
        results = [each if each.error else ItemResult(error=_sibling_failed()) for each in results]
    if upserting:
        results = [replace(each, created=bool(each.created)) for each in results]
    return Reply(200, [each.shown() for each in results], records=count)


def _one(write: _Write, db: sqlite3.Connection, place: int, *, fails: bool) -> ItemResult:
    try:
        if fails:
            raise refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        return write(db, place)
    except OrgError as error:
        # What goes with the error of a single call, such as the matches of a duplicate rule, is not told of an item.
        return ItemResult(error=error)


def _sibling_failed() -> OrgError:
    return refused(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
    )


def _body(request: Request) -> tuple[Sequence[Any], bool]:
    body = request.json()
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise bad_json("The body is an object with records, a list")
    unknown = set(body) - {"records", "allOrNone"}
    if unknown:
        raise bad_json(f'Unrecognized field "{min(unknown)}"')
    _check_count(len(body["records"]), MOST)
    return body["records"], body.get("allOrNone") is True


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise OrgError(
            400,
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {most} records in this call",
        )
    if count == 0:
        raise OrgError(400, "MISSING_ARGUMENT", "No records are given")


def _type_of(record: Any) -> str:
    """Raises OrgError: each record says of which object it is."""
    kind = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(kind, dict) or not isinstance(kind.get("type"), str):
        raise OrgError(400, "INVALID_TYPE", "Each record needs attributes with its type")
    return named(kind["type"])
