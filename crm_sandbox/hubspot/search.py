"""objects/{type}/search: filter groups (any of them, all filters of one), text, order, pages."""

from __future__ import annotations

import sqlite3
from typing import Any

from crm_sandbox import records, search_lag
from crm_sandbox.hubspot import search_plan
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.filters import SearchFilter, comparable, groups_of, no_such
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import cursor, object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import as_read, paging
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, Reply, Request

MOST_PER_PAGE, DEEPEST = 200, 10_000


def search(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    limit = body.get("limit", 10)
    after = cursor(str(body.get("after") or ""))
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_PER_PAGE:
        raise HubSpotError(400, f"limit must be a number from 1 to {MOST_PER_PAGE}")
    if after + limit > DEEPEST:
        raise HubSpotError(400, f"A search gives its first {DEEPEST} results only")
    with portal.store.reading() as db:
        definitions = portal.definitions(db, kind=kind.name)
        groups = groups_of(body, definitions=definitions)
        words = str(body.get("query") or "").casefold().split()
        name, backward = _sort(body.get("sorts"), definitions=definitions)
        total, found = _page(
            db,
            portal=portal,
            kind=kind,
            groups=groups,
            words=words,
            name=name,
            backward=backward,
            type=definitions[name]["type"] if name else "",
            after=after,
            limit=limit,
        )
        names = body.get("properties") or []
        shown = [as_read(db, kind=kind, record=record, names=names, with_history=[]) for record in found]
    answer: Json = {"total": total, "results": shown}
    if total > after + limit:
        answer["paging"] = paging(link=f"{request.base_url}{request.path}", after=after + limit)
    return Reply(200, answer, records=len(shown))


def _page(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    groups: list[list[SearchFilter]],
    words: list[str],
    name: str,
    backward: bool,
    type: str,
    after: int,
    limit: int,
) -> tuple[int, list[Record]]:
    """How many there are, and those of the page."""
    plan = search_plan.plan(kind, groups=groups)
    order = search_plan.order_of(kind, name=name, backward=backward)
    behind = search_lag.seen(db, kind=kind.name)
    if plan.is_whole and order and not words and not behind:
        counted = portal.counted(db, where=plan.where, values=plan.values)
        statement = f"SELECT * FROM records WHERE {plan.where} ORDER BY {order} LIMIT ? OFFSET ?"
        return counted, list(records.selected(db, statement, [*plan.values, limit, after]))
    statement = f"SELECT * FROM records WHERE {plan.where} ORDER BY id"
    found = [
        record
        for record in records.selected(db, statement, plan.values)
        if record.id not in behind
        and (plan.is_whole or _passes(record, groups=groups))
        and _contains(record, kind=kind, words=words)
    ]
    if behind:
        found += [
            record
            for record in (records.from_row(row) for row in behind.values() if row["properties"] is not None)
            if record.archived_at is None
            and _passes(record, groups=groups)
            and _contains(record, kind=kind, words=words)
        ]
        found.sort(key=lambda record: record.id)
    if name:
        _order(found, name=name, type=type, backward=backward)
    return len(found), found[after : after + limit]


def _passes(record: Record, *, groups: list[list[SearchFilter]]) -> bool:
    return not groups or any(all(each.passes(record) for each in group) for group in groups)


def _contains(record: Record, *, kind: ObjectKind, words: list[str]) -> bool:
    text = " ".join(record.properties.get(name, "") for name in kind.searched).casefold() if words else ""
    return all(word in text for word in words)


def _sort(sorts: Any, *, definitions: dict[str, Json]) -> tuple[str, bool]:
    """Property and whether backward; "" is oldest first. A sort is "name", "-name" or {"propertyName", "direction"}."""
    if not isinstance(sorts, list) or not sorts:
        return "", False
    first = sorts[0]
    if isinstance(first, str):
        name, backward = first.lstrip("-"), first.startswith("-")
    elif isinstance(first, dict):
        name, backward = str(first.get("propertyName", "")), first.get("direction") == "DESCENDING"
    else:
        raise HubSpotError(400, "A sort is the name of a property or an object")
    if name not in definitions:
        raise no_such(name)
    return name, backward


def _order(found: list[Record], *, name: str, type: str, backward: bool) -> None:
    """Those without a value come last, those of one value oldest first."""
    present = [record for record in found if name in record.properties]
    absent = [record for record in found if name not in record.properties]
    present.sort(key=lambda record: comparable(record.properties[name], type=type), reverse=backward)
    found[:] = present + absent
