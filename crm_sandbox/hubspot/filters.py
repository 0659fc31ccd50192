"""The filters of a search: what each asks of a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.records import Record
from crm_sandbox.search_index import SEVERAL, parts
from crm_sandbox.wire import Json, digits

MOST_GROUPS, MOST_FILTERS = 5, 6
Comparable = float | str


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """`values` are those that the operator compares with: one, two for BETWEEN, any number for IN."""

    name: str
    operator: str
    values: tuple[Comparable, ...]
    passes: Callable[[Record], bool]


def groups_of(body: Json, *, definitions: dict[str, Json]) -> list[list[SearchFilter]]:
    """A record passes with all filters of any group. Raises HubSpotError 400."""
    groups: Any = body.get("filterGroups") or []
    if body.get("filters"):
        groups = [{"filters": body["filters"]}, *groups]
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        raise HubSpotError(400, f"A search takes up to {MOST_GROUPS} filterGroups")
    found: list[list[SearchFilter]] = []
    for group in groups:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or not 1 <= len(filters) <= MOST_FILTERS:
            raise HubSpotError(400, f"A filterGroup has 1 to {MOST_FILTERS} filters")
        found.append([_filter(each, definitions=definitions) for each in filters])
    return found


def _filter(each: Any, *, definitions: dict[str, Json]) -> SearchFilter:
    if not isinstance(each, dict):
        raise HubSpotError(400, "A filter is an object")
    name, operator = str(each.get("propertyName", "")), str(each.get("operator", ""))
    definition = definitions.get(name)
    if definition is None:
        raise no_such(name)

    def of(text: str) -> Comparable:
        return comparable(text, type=definition["type"])

    def needed(key: str) -> Any:
        if each.get(key) in (None, ""):
            raise HubSpotError(400, f"operator {operator} requires `{key}`")
        return each[key]

    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return SearchFilter(name, operator, (), lambda record: (name in record.properties) == wanted)
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        pattern = re.compile(re.escape(str(needed("value")).casefold()).replace(r"\*", r"\S*"))
        wanted = operator == "CONTAINS_TOKEN"
        return SearchFilter(
            name,
            operator,
            (),
            lambda record: _has_token(record.properties.get(name, ""), pattern=pattern) == wanted,
        )
    if operator in ("IN", "NOT_IN"):
        listed = needed("values")
        if not isinstance(listed, list):
            raise HubSpotError(400, f"operator {operator} requires a list of `values`")
        values = tuple(of(str(value)) for value in listed)
    elif operator == "BETWEEN":
        values = (of(str(needed("value"))), of(str(needed("highValue"))))
    elif operator in _COMPARISONS:
        values = (of(str(needed("value"))),)
    else:
        raise HubSpotError(400, f"{operator} is not an operator of filters")
    if name in SEVERAL and operator in ("EQ", "IN"):
        return SearchFilter(
            name,
            operator,
            values,
            lambda record: any(part in values for part in parts(name, record.properties.get(name, ""))),
        )
    compare = _COMPARISONS.get(operator) or _LISTS[operator]
    asked: Any = values if operator in _LISTS else values[0]
    return SearchFilter(
        name,
        operator,
        values,
        lambda record: name in record.properties and compare(of(record.properties[name]), asked),
    )


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda one, other: bool(one == other),
    "NEQ": lambda one, other: bool(one != other),
    "LT": lambda one, other: bool(one < other),
    "LTE": lambda one, other: bool(one <= other),
    "GT": lambda one, other: bool(one > other),
    "GTE": lambda one, other: bool(one >= other),
}
_LISTS: dict[str, Callable[[Any, Any], bool]] = {
    "IN": lambda one, others: one in others,
    "NOT_IN": lambda one, others: one not in others,
    "BETWEEN": lambda one, others: bool(others[0] <= one <= others[1]),
}


def no_such(name: str) -> HubSpotError:
    return HubSpotError(400, f'There was a problem with the request: Property "{name}" does not exist')


def _has_token(text: str, *, pattern: re.Pattern[str]) -> bool:
    text = text.casefold()
    return any(pattern.fullmatch(token) for token in (text, *re.split(r"[\s@.,;]+", text), *text.split()))


def comparable(text: str, *, type: str) -> Comparable:
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
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return text.casefold()
