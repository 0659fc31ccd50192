"""query and queryAll, page by page."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence

from crm_sandbox.salesforce import ids, rows, shown, soql, soql_sql
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.salesforce.soql_sql import SoqlColumn, SoqlPlan
from crm_sandbox.wire import Json, Reply, Request, digits

_MOST_CURSORS = 200


def query(org: Org, caller: OrgCaller, request: Request) -> Reply:
    return _queried(org, caller, request, deleted=False)


def query_all(org: Org, caller: OrgCaller, request: Request) -> Reply:
    """Deleted and merged ones too."""
    return _queried(org, caller, request, deleted=True)


def _queried(org: Org, caller: OrgCaller, request: Request, *, deleted: bool) -> Reply:
    text = request.parameter("q")
    if not text.strip():
        raise soql.malformed("SOQL statement is missing: the parameter q is required")
    asked = soql.parsed(text)
    with org.store.reading() as db:
        plan = soql_sql.planned(db, org=org, caller=caller, query=asked, deleted=deleted)
        if plan.count:
            (found,) = db.execute(f"SELECT COUNT(*) FROM ({plan.ids.sql})", plan.ids.values).fetchone()
            return _counted(plan, int(found))
        several = [str(row[0]) for row in db.execute(plan.ids.sql, plan.ids.values)]
        cursor: Json = {
            "ids": several,
            "plan": plan,
            "size": caller.batch_size,
            "word": "queryAll" if deleted else "query",
        }
        return _page(db, org=org, caller=caller, cursor=cursor, locator="", start=0)


def _counted(plan: SoqlPlan, found: int) -> Reply:
    if plan.count == "all":
        return Reply(200, {"totalSize": found, "done": True, "records": []})
    row: Json = {"attributes": {"type": "AggregateResult"}, "expr0": found}
    return Reply(200, {"totalSize": 1, "done": True, "records": [row]})


def more(org: Org, caller: OrgCaller, request: Request, locator: str) -> Reply:
    """The next page: where nextRecordsUrl leads."""
    name, _, place = locator.rpartition("-")
    cursor, start = org.cursors.get(name), digits(place)
    if cursor is None or start is None:
        raise OrgError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    with org.store.reading() as db:
        return _page(db, org=org, caller=caller, cursor=cursor, locator=name, start=start)


def _page(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, cursor: Json, locator: str, start: int
) -> Reply:
    several: Sequence[str] = cursor["ids"]
    end = start + cursor["size"]
    records = _records(db, plan=cursor["plan"], several=several[start:end], caller=caller)
    body: Json = {"totalSize": len(several), "done": end >= len(several)}
    if not body["done"]:
        if not locator:
            locator = f"01g{secrets.token_hex(6)}{secrets.token_hex(2)[:3].upper()}"
            org.cursors[locator] = cursor
            while len(org.cursors) > _MOST_CURSORS:
                org.cursors.popitem(last=False)
        body["nextRecordsUrl"] = f"/services/data/v{caller.version}/{cursor['word']}/{locator}-{end}"
    body["records"] = records
    return Reply(200, body, records=len(records))


def _records(
    db: sqlite3.Connection, *, plan: SoqlPlan, several: Sequence[str], caller: OrgCaller
) -> list[Json]:
    found = rows.several(db, several)
    leading = {
        str(row.fields[column.through])
        for row in found.values()
        for column in plan.columns
        if column.through and row.fields.get(column.through)
    }
    others = rows.several(db, leading)
    return [
        _record(found[id], columns=plan.columns, others=others, version=caller.version)
        for id in several
        if id in found
    ]


def _record(
    row: OrgRecord, *, columns: Sequence[SoqlColumn], others: dict[str, OrgRecord], version: str
) -> Json:
    body: Json = {"attributes": shown.attributes(row.type, row.id, version=version)}
    for column in columns:
        if not column.through:
            body[column.keys[0]] = shown.value(row, column.field)
            continue
        other = others.get(str(row.fields.get(column.through)))
        if other is None:
            body.setdefault(column.keys[0], None)
            continue
        named = "Name" if column.polymorphic else ""
        part = body.setdefault(
            column.keys[0],
            {"attributes": shown.attributes(other.type, other.id, version=version, named=named)},
        )
        part[column.keys[1]] = (
            ids.type_of(other.id)
            if column.keys[1] == "Type" and column.polymorphic
            else shown.value(other, column.field)
        )
    return body
