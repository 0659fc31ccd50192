"""Conditions: groups all / any / none, nested up to three deep, of leaves {"field": ..., <operator>:
value}.

A group may name several of all, any and none at once; then each of them must hold. An empty condition
always holds.
"""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from routing.engine.operators import OPERATORS, POSTAL_FIELD, STATES, as_number, compare, read, test_for
from routing.engine.references import Facts, Row

Condition = Mapping[str, Any]
Matcher = Callable[[Facts], bool]

GROUPS = ("all", "any", "none")
DEEPEST = 3
_ORDERING = ("gt", "gte", "lt", "lte")


@dataclass(frozen=True, slots=True)
class ConditionError:
    """What is wrong with a condition, and where: path is like "all[1].any[0]", empty for the whole."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def matches(condition: Condition | None, facts: Facts) -> bool:
    """The plain evaluator, and the oracle of the rule index. The condition must have passed `check`."""
    if not condition:
        return True
    if "field" in condition:
        operator = operator_of(condition)
        return test_for(condition["field"], operator, condition[operator])(read(facts, condition["field"]))
    return all(
        _GROUP[group](matches(part, facts) for part in condition[group])
        for group in GROUPS
        if group in condition
    )


def matcher(condition: Condition | None) -> Matcher:
    """The same as `matches`, prepared once for many leads."""
    if not condition:
        return lambda facts: True
    if "field" in condition:
        field, operator = condition["field"], operator_of(condition)
        test = test_for(field, operator, condition[operator])
        return lambda facts: test(read(facts, field))
    groups = [
        _prepared(group, [matcher(part) for part in condition[group]])
        for group in GROUPS
        if group in condition
    ]
    return groups[0] if len(groups) == 1 else _prepared("all", groups)


def _prepared(group: str, parts: list[Matcher]) -> Matcher:
    """Plain loops: this runs for every scoring rule of every lead."""

    def every(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(facts):
                return False
        return True

    def some(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110
            if part(facts):
                return True
        return False

    if group == "none":
        return lambda facts: not some(facts)
    return every if group == "all" else some


def _none(answers: Iterator[bool]) -> bool:
    return not any(answers)


_GROUP: dict[str, Callable[[Iterator[bool]], bool]] = {"all": all, "any": any, "none": _none}


def operator_of(leaf: Condition) -> str:
    return next(name for name in leaf if name != "field")


def leaves(condition: Condition | None) -> Iterator[Condition]:
    if not condition:
        return
    if "field" in condition:
        yield condition
        return
    for group in GROUPS:
        for part in condition.get(group, ()):
            yield from leaves(part)


def check(condition: object, known_fields: Collection[str] | None = None) -> list[ConditionError]:
    """Everything wrong with it, in people's words. known_fields None asks no questions about names;
    `extra.<key>` is always known."""
    if condition is None or condition == {}:
        return []
    return list(_check(condition, "", 1, known_fields))


def _check(node: object, path: str, depth: int, known: Collection[str] | None) -> Iterator[ConditionError]:
    if not isinstance(node, Mapping):
        yield ConditionError(path, "A condition is a group (all, any, none) or a comparison with a field.")
        return
    if "field" in node:
        yield from _check_leaf(node, path, known)
        return
    if depth > DEEPEST:
        yield ConditionError(path, f"Groups go {DEEPEST} deep at most: split this into rules of their own.")
        return
    if not node:
        yield ConditionError(path, "This group is empty: add a comparison, or remove it.")
    for group, parts in node.items():
        if group not in GROUPS:
            yield ConditionError(path, f"{group!r} is not a group: use all, any or none.")
        elif not isinstance(parts, (list, tuple)) or not parts:
            yield ConditionError(_join(path, group), f"{group!r} needs a list with at least one comparison.")
        else:
            for index, part in enumerate(parts):
                yield from _check(part, _join(path, f"{group}[{index}]"), depth + 1, known)


def _check_leaf(
    leaf: Mapping[str, Any], path: str, known: Collection[str] | None
) -> Iterator[ConditionError]:
    field = leaf["field"]
    operators = [name for name in leaf if name != "field"]
    if not isinstance(field, str) or not field:
        yield ConditionError(path, "The comparison names no field.")
        return
    if known is not None and field not in known and not field.startswith("extra."):
        yield ConditionError(path, f"There is no field {field!r}.{_did_you_mean(field, known)}")
    if len(operators) != 1:
        said = (
            f"not {len(operators)} ({', '.join(map(str, operators))})"
            if operators
            else "and this one has none"
        )
        yield ConditionError(path, f"A comparison of {field} has one operator, {said}.")
    elif operators[0] not in OPERATORS:
        yield ConditionError(path, f"{operators[0]!r} is not an operator: use one of {', '.join(OPERATORS)}.")
    elif wrong := _wrong_value(field, operators[0], leaf[operators[0]]):
        yield ConditionError(path, wrong)


def _wrong_value(field: str, operator: str, value: Any) -> str:
    if operator == "is":
        if value not in STATES:
            return f"{field} can be present or missing (the account also named), not {value!r}."
        return "Only the account can be named." if value == "named" and field != "account" else ""
    if operator == "between":
        if not isinstance(value, (list, tuple)) or len(value) != 2 or any(_odd(end) for end in value):
            return f"{field} between needs two values, from and to."
        low, high = value
        fits = (
            test_for(field, "between", value)(low) if field == POSTAL_FIELD else (compare(low, high) or 0) < 1
        )
        if not fits or (field != POSTAL_FIELD and compare(low, high) is None):
            return f"{field} is never between {low} and {high}: write the smaller one first."
        return ""
    if operator in _ORDERING:
        dated = isinstance(value, (str, date)) and str(value)[:4].isdecimal()
        return (
            ""
            if as_number(value) is not None or dated
            else f"{field} {operator} needs a number or a date, not {value!r}."
        )
    wanted = list(value) if isinstance(value, (list, tuple)) else [value]
    if not wanted or any(_odd(item) for item in wanted):
        return f"{field} {operator} needs a value, or a list of values."
    return ""


def _odd(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, (Mapping, list, tuple))
        or (isinstance(value, str) and not value.strip())
    )


def _did_you_mean(field: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(field, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


def explain(condition: Condition | None, facts: Facts) -> list[Row]:
    """One row per comparison: {"path", "group", "field", "operator", "wanted", "actual", "holds", "ok"}.

    holds says whether the comparison itself is true; ok whether that is what its groups ask for (inside
    `none` a false comparison is ok). In an `any` that holds, the comparisons that do not hold are rows
    with ok false: they were not needed.
    """
    return list(_explain(condition, facts, "", "all", True)) if condition else []


def _explain(node: Condition, facts: Facts, path: str, group: str, asked: bool) -> Iterator[Row]:
    if "field" in node:
        operator = operator_of(node)
        holds = matches(node, facts)
        yield {
            "path": path,
            "group": group,
            "field": node["field"],
            "operator": operator,
            "wanted": plain(node[operator]),
            "actual": plain(read(facts, node["field"])),
            "holds": holds,
            "ok": holds is asked,
        }
        return
    for name in GROUPS:
        for index, part in enumerate(node.get(name, ())):
            wanted = asked if name != "none" else not asked
            yield from _explain(part, facts, _join(path, f"{name}[{index}]"), name, wanted)


def plain(value: Any) -> Any:
    """The value as JSON can carry it."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
