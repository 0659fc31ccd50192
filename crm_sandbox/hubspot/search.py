"""objects/{type}/search: filter groups (any of them, all filters of one), text, order, pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from crm_sandbox import records
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import cursor, object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import as_read, paging
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, Reply, Request, digits

MOST_GROUPS, MOST_FILTERS, MOST_PER_PAGE, DEEPEST = 5, 6, 200, 10_000
Comparable = float | str


def search(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    groups = _groups(body)
    limit = body.get("limit", 10)
    after = cursor(str(body.get("after") or ""))
    if not isinstance(limit, int) or not 1 <= limit <= MOST_PER_PAGE:
        raise HubSpotError(400, f"limit must be a number from 1 to {MOST_PER_PAGE}")
    if after + limit > DEEPEST:
        raise HubSpotError(400, f"A search gives its first {DEEPEST} results only")
    with portal.store.reading() as db:
        definitions = portal.definitions(db, kind=kind.name)
        tests = [[_test(each, definitions=definitions) for each in group] for group in groups]
        words = str(body.get("query") or "").casefold().split()
        found: list[Record] = [
            record
            for record in _candidates(db, kind=kind, groups=groups, definitions=definitions)
            if _passes(record, tests=tests) and _contains(record, kind=kind, words=words)
        ]
        _sort(found, sorts=body.get("sorts") or [], definitions=definitions)
        names = body.get("properties") or []
        shown = [
            as_read(db, kind=kind, record=record, names=names, with_history=[])
            for record in found[after : after + limit]
        ]
    answer: Json = {"total": len(found), "results": shown}
    if len(found) > after + limit:
        answer["paging"] = paging(link=f"{request.base_url}{request.path}", after=after + limit)
    return Reply(200, answer, records=len(shown))


def _groups(body: Json) -> list[list[Json]]:
    groups: Any = body.get("filterGroups") or []
    if body.get("filters"):
        groups = [{"filters": body["filters"]}, *groups]
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        raise HubSpotError(400, f"A search takes up to {MOST_GROUPS} filterGroups")
    found: list[list[Json]] = []
    for group in groups:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or not 1 <= len(filters) <= MOST_FILTERS:
            raise HubSpotError(400, f"A filterGroup has 1 to {MOST_FILTERS} filters")
        found.append(filters)
    return found


def _candidates(
    db: Any, *, kind: ObjectKind, groups: list[list[Json]], definitions: dict[str, Json]
) -> Iterable[Record]:
    """Everything, unless one equality on a unique property names the only record there can be."""
    if len(groups) == 1:
        for each in groups[0]:
            name = each.get("propertyName", "")
            if each.get("operator") == "EQ" and definitions.get(name, {}).get("hasUniqueValue"):
                number = records.holder(db, kind=kind.name, property=name, value=str(each.get("value", "")))
                record = records.get(db, kind=kind.name, id=number or 0)
                return [record] if record else []
    return records.newest(db, kind=kind.name)


def _passes(record: Record, *, tests: list[list[Callable[[Record], bool]]]) -> bool:
    return not tests or any(all(test(record) for test in group) for group in tests)


def _contains(record: Record, *, kind: ObjectKind, words: list[str]) -> bool:
    text = " ".join(record.properties.get(name, "") for name in kind.searched).casefold() if words else ""
    return all(word in text for word in words)


def _test(each: Json, *, definitions: dict[str, Json]) -> Callable[[Record], bool]:
    """One filter as a question. HubSpotError 400: an unknown property or operator, or a missing value."""
    name, operator = each.get("propertyName", ""), each.get("operator", "")
    definition = definitions.get(name)
    if definition is None:
        raise HubSpotError(400, f'There was a problem with the request: Property "{name}" does not exist')

    def of(text: str) -> Comparable:
        return _comparable(text, type=definition["type"])

    def needed(key: str) -> Any:
        if each.get(key) in (None, ""):
            raise HubSpotError(400, f"operator {operator} requires `{key}`")
        return each[key]

    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda record: (name in record.properties) == (operator == "HAS_PROPERTY")
    if operator in ("IN", "NOT_IN"):
        allowed = {of(str(value)) for value in needed("values")}
        return lambda record: (
            name in record.properties and (of(record.properties[name]) in allowed) == (operator == "IN")
        )
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        pattern = re.compile(re.escape(str(needed("value")).casefold()).replace(r"\*", r"\S*"))
        return lambda record: (
            _has_token(record.properties.get(name, ""), pattern=pattern) == (operator == "CONTAINS_TOKEN")
        )
    if operator == "BETWEEN":
        low, high = of(str(needed("value"))), of(str(needed("highValue")))
        return lambda record: (
            name in record.properties and _within(of(record.properties[name]), low=low, high=high)
        )
    compare = _COMPARISONS.get(operator)
    if compare is None:
        raise HubSpotError(400, f"{operator} is not an operator of filters")
    value = of(str(needed("value")))
    return lambda record: name in record.properties and compare(of(record.properties[name]), value)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda one, other: bool(one == other),
    "NEQ": lambda one, other: bool(one != other),
    "LT": lambda one, other: bool(one < other),
    "LTE": lambda one, other: bool(one <= other),
    "GT": lambda one, other: bool(one > other),
    "GTE": lambda one, other: bool(one >= other),
}


def _within(value: Any, *, low: Any, high: Any) -> bool:
    return bool(low <= value <= high)


def _has_token(text: str, *, pattern: re.Pattern[str]) -> bool:
    text = text.casefold()
    return any(pattern.fullmatch(token) for token in (text, *re.split(r"[\s@.,;]+", text), *text.split()))


def _comparable(text: str, *, type: str) -> Comparable:
    """Numbers and moments as numbers: 9 < 10, ISO text equals milliseconds. Other text without case."""
    if type == "number":
        try:
            return float(text if text.isascii() else "")
        except ValueError:
            raise HubSpotError(400, f"{text} is not a number") from None
    if type in ("datetime", "date"):
        if digits(text.removeprefix("-")) is not None:
            return float(text)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise HubSpotError(400, f"{text} is not a moment") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
    return text.casefold()


def _sort(found: list[Record], *, sorts: Any, definitions: dict[str, Json]) -> None:
    """Oldest first unless asked otherwise; a sort is "name", "-name" or {"propertyName", "direction"}."""
    found.sort(key=lambda record: record.id)
    for each in sorts[:1] if isinstance(sorts, list) else []:
        if isinstance(each, str):
            name, backward = each.lstrip("-"), each.startswith("-")
        else:
            name, backward = each.get("propertyName", ""), each.get("direction") == "DESCENDING"
        if name not in definitions:
            raise HubSpotError(400, f'There was a problem with the request: Property "{name}" does not exist')
        type = definitions[name]["type"]
        present = [record for record in found if name in record.properties]
        absent = [record for record in found if name not in record.properties]
        present.sort(key=lambda record: _comparable(record.properties[name], type=type), reverse=backward)
        found[:] = present + absent
