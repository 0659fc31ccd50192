"""Which conditions can never be reached because an earlier one is always at least as wide. Only what can
be proved is said: `implies` answers True where every lead that matches the one surely matches the other,
and False where it does not know."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from routing.engine.conditions import Condition, matches, operator_of, plain
from routing.engine.operators import NOT_SAME, POSTAL_FIELD, SAME, compare, is_missing, test_for
from routing.engine.rule_index import RuleIndex, lines_of

Widen = Callable[[str, Any], Any]
"""(field, value) -> what a lead holds whose field has the value: a territory comes with its ancestors."""

_LOWER, _UPPER = ("gt", "gte"), ("lt", "lte")
_ALL_EARLIER = 200


def shadowed(conditions: Sequence[Condition | None], widen: Widen) -> dict[int, int]:
    """{index of a condition that is never reached: index of the first earlier one that takes its leads}."""
    index = RuleIndex(conditions)
    found: dict[int, int] = {}
    for later, condition in enumerate(conditions):
        for earlier in _candidates(condition, later, index, widen):
            if implies(condition, conditions[earlier], widen):
                found[later] = earlier
                break
    return found


def _candidates(condition: Condition | None, later: int, index: RuleIndex, widen: Widen) -> Sequence[int]:
    """The earlier conditions worth a proof: whatever is wider matches every example, so one example names
    the few."""
    for line in lines_of(condition) or ():
        example: dict[str, Any] = {}
        for leaf in line:
            if "field" in leaf:
                example[leaf["field"]] = _example(leaf, widen)
        if matches(condition, example):
            return [earlier for earlier in index.every(example) if earlier < later]
    return range(min(later, _ALL_EARLIER))


def _example(leaf: Condition, widen: Widen) -> Any:
    operator = operator_of(leaf)
    wanted = _first(leaf[operator])
    if operator == "is":
        return None if wanted == "missing" else "x"
    if operator in NOT_SAME:
        return None
    if operator in ("gt", "lt") and isinstance(wanted, (int, float)):
        return wanted + (1 if operator == "gt" else -1)
    return widen(leaf["field"], wanted)


def implies(
    narrow: Condition | None, wide: Condition | None, widen: Widen = lambda field, value: value
) -> bool:
    if not wide or _same_text(narrow or {}, wide):
        return True
    narrow_lines, wide_lines = lines_of(narrow), lines_of(wide)
    if narrow_lines is None or wide_lines is None:
        return False
    return all(
        any(
            all(any(_leaf_implies(has, asks, widen) for has in line) for asks in other)
            for other in wide_lines
        )
        for line in narrow_lines
    )


def _leaf_implies(has: Condition, asks: Condition, widen: Widen) -> bool:
    if _same_text(has, asks):
        return True
    if "field" not in has or "field" not in asks or has["field"] != asks["field"]:
        return False
    field, have, ask = has["field"], operator_of(has), operator_of(asks)
    given, wanted = has[have], asks[ask]
    if ask in NOT_SAME or have in NOT_SAME or "missing" in (_state(have, given), _state(ask, wanted)):
        return False
    if ask == "is":
        return True
    if have in SAME:
        test = test_for(field, ask, wanted)
        return all(test(widen(field, value)) for value in _list(given))
    if have == "between" and field == POSTAL_FIELD:
        return ask == "between" and _codes_within(given, wanted)
    if have in (*_LOWER, *_UPPER, "between") and ask in (*_LOWER, *_UPPER, "between"):
        return _range_implies(have, given, ask, wanted)
    return _text_implies(have, _list(given), ask, _list(wanted))


def _range_implies(have: str, given: Any, ask: str, wanted: Any) -> bool:
    """Each end of what is asked must be met by the same end of what is there."""
    if isinstance(wanted if ask != "between" else None, list) or isinstance(
        given if have != "between" else None, list
    ):
        return False
    low, low_open = _end(have, given, _LOWER)
    high, high_open = _end(have, given, _UPPER)
    ask_low, ask_low_open = _end(ask, wanted, _LOWER)
    ask_high, ask_high_open = _end(ask, wanted, _UPPER)
    return _end_met(low, low_open, ask_low, ask_low_open, 1) and _end_met(
        high, high_open, ask_high, ask_high_open, -1
    )


def _end(operator: str, value: Any, ends: tuple[str, str]) -> tuple[Any, bool]:
    """(the bound or None, whether it is exclusive)"""
    if operator == "between":
        return value[0 if ends is _LOWER else 1], False
    return (value, operator == ends[0]) if operator in ends else (None, False)


def _end_met(bound: Any, exclusive: bool, asked: Any, asked_exclusive: bool, sign: int) -> bool:
    if asked is None:
        return True
    order = None if bound is None else compare(bound, asked)
    if order is None:
        return False
    return order * sign > 0 or (order == 0 and (exclusive or not asked_exclusive))


def _codes_within(given: Sequence[Any], wanted: Sequence[Any]) -> bool:
    codes = [str(code) for code in (*wanted, *given)]
    if not all(code.isdecimal() and len(code) == len(codes[0]) for code in codes):
        return False
    low, high, given_low, given_high = codes
    return low <= given_low and given_high <= high


def _text_implies(have: str, given: Sequence[Any], ask: str, wanted: Sequence[Any]) -> bool:
    """Whoever contains "sales manager" contains "sales"; whoever starts with "+49 30" starts with "+49"."""
    if ask == "contains" and have in ("contains", "starts_with"):
        holds = test_for("", "contains", list(wanted))
    elif ask == have and ask in ("starts_with", "has_word"):
        holds = test_for("", ask, list(wanted))
    else:
        return False
    return all(holds(value) for value in given)


def _state(operator: str, value: Any) -> str:
    return str(value) if operator == "is" else ""


def _same_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return json.dumps(plain(one), sort_keys=True) == json.dumps(plain(other), sort_keys=True)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _first(value: Any) -> Any:
    return None if is_missing(value) else _list(value)[0]
