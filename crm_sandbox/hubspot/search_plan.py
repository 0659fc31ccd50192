"""How a search finds its records: what SQLite can tell from its indexes, it tells; the rest is asked of each record.

The moments of change and of creation, the id, and the values that `search_index` keeps are told by an index. A
search with such a filter in each of its groups reads no other records than those that the filters leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_sandbox.hubspot.filters import SearchFilter
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.search_index import INDEXED

_LIVE = "kind = ? AND archived_at IS NULL"
_SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """`where` narrows the live records of a kind. `is_whole`: nothing is left to ask of those that it leaves."""

    where: str
    values: list[object]
    is_whole: bool


def plan(kind: ObjectKind, *, groups: Sequence[Sequence[SearchFilter]]) -> SearchPlan:
    if not groups:
        return SearchPlan(_LIVE, [kind.name], is_whole=True)
    made = [_group(kind, filters=filters) for filters in groups]
    whole = all(each.is_whole for each in made)
    if len(made) == 1:
        return made[0]
    # Each group by its own index: of an OR between them SQLite would make a walk through everything.
    union = " UNION ".join(f"SELECT id FROM records WHERE {each.where}" for each in made)
    values = [value for each in made for value in each.values]
    return SearchPlan(f"{_LIVE} AND id IN ({union})", [kind.name, *values], is_whole=whole)


def order_of(kind: ObjectKind, *, name: str, backward: bool) -> str | None:
    """ORDER BY for a sort that an index has, None for another."""
    column = {"": "id", "hs_object_id": "id", kind.modified: "updated_at", kind.created: "created_at"}.get(
        name
    )
    if column is None:
        return None
    direction = "DESC" if backward else "ASC"
    return f"{column} {direction}" if column == "id" else f"{column} {direction}, id ASC"


def _group(kind: ObjectKind, *, filters: Sequence[SearchFilter]) -> SearchPlan:
    # A value leaves fewer records than a moment does; a plus sign keeps SQLite from its index.
    by_value = any(
        each.name in INDEXED.get(kind.name, ()) and each.operator in ("EQ", "IN") for each in filters
    )
    where, values, is_whole = _LIVE, [kind.name], True
    conditions: list[object] = []
    for each in filters:
        condition = _condition(kind, each, sign="+" if by_value else "")
        if condition is None:
            is_whole = False
        else:
            where += f" AND {condition[0]}"
            conditions += condition[1]
    return SearchPlan(where, [*values, *conditions], is_whole=is_whole)


def _condition(kind: ObjectKind, each: SearchFilter, *, sign: str) -> tuple[str, list[object]] | None:
    column = {kind.modified: "updated_at", kind.created: "created_at", "hs_object_id": "id"}.get(each.name)
    if column is not None:
        if each.operator in _SIGNS:
            return f"{sign}{column} {_SIGNS[each.operator]} ?", list(each.values)
        if each.operator == "BETWEEN":
            return f"{sign}{column} BETWEEN ? AND ?", list(each.values)
        if each.operator == "IN":
            return f"{column} IN ({_marks(each)})", list(each.values)
        return None
    if each.name not in INDEXED.get(kind.name, ()):
        return None
    if each.operator in ("EQ", "IN") and all(isinstance(value, str) for value in each.values):
        holders = (
            f"SELECT id FROM search_values WHERE kind = ? AND property = ? AND value IN ({_marks(each)})"
        )
        return f"id IN ({holders})", [kind.name, each.name, *each.values]
    if each.operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        negation = "NOT " if each.operator == "NOT_HAS_PROPERTY" else ""
        held = "SELECT 1 FROM search_values AS held WHERE held.kind = ? AND held.id = records.id"
        return f"{negation}EXISTS ({held} AND held.property = ?)", [kind.name, each.name]
    return None


def _marks(each: SearchFilter) -> str:
    return ", ".join("?" * len(each.values))
