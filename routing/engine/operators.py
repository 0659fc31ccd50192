"""What one comparison in a condition means. The evaluator, the rule index and the linter share these
lines.

Text is compared without case; values that both read as numbers are compared as numbers ("500" is 500, but
"01067" is text); a list as the wanted value means "one of these"; a list as the lead's value means that
any of it may answer. A missing value answers no to every operator except `is: missing`, and `ne` and
`not_in`, which are exactly the opposite of `eq` and `in`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from routing.engine.references import Facts

Test = Callable[[Any], bool]
Key = str | int | Decimal

SAME = ("eq", "in")
NOT_SAME = ("ne", "not_in")
STATES = ("present", "missing", "named")
POSTAL_FIELD = "postal_code"

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
# Outward and inward part; a district alone has the first only.
_BRITISH = re.compile(r"([a-z]{1,2}\d[a-z\d]?)\s*(\d[a-z]{2})?")
_WORDS = re.compile(r"\w+")


def read(facts: Facts, field: str) -> Any:
    """The value of a field; `extra.partner_id` is found as a key of its own or inside facts["extra"]."""
    value = facts.get(field)
    if value is None and "." in field:
        inner: Any = facts
        for part in field.split("."):
            inner = inner.get(part) if hasattr(inner, "get") else None
        return inner
    return value


def is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (list, tuple, set, frozenset, dict)) and not value)


def each(value: Any) -> Iterable[Any]:
    """The values a fact holds: none when missing, one, or all of a list."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [item for item in value if not is_missing(item)]
    return () if is_missing(value) else (value,)


def key(value: Any) -> Key:
    """Two values are the same exactly when their keys are equal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    number = as_number(value)
    return _text(value) if number is None else number


def as_number(value: Any) -> int | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        return number if number.is_finite() else None
    if isinstance(value, str):
        text = value.strip()
        # Most text is no number, and its first character says so.
        if text and text[0] in "-0123456789" and _NUMBER.fullmatch(text):
            return Decimal(text)
    return None


def test_for(field: str, operator: str, wanted: Any) -> Test:
    """The comparison as a function of the lead's value. Raises KeyError for an operator that does not exist."""
    return _BUILDERS[operator](field, wanted)


def _text(value: Any) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value).strip().casefold()


def _wanted(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _same(field: str, wanted: Any) -> Test:
    keys = frozenset(key(value) for value in each(wanted))

    def test(actual: Any) -> bool:
        if isinstance(actual, str):
            return key(actual) in keys
        return any(key(value) in keys for value in each(actual))

    return test


def _not_same(field: str, wanted: Any) -> Test:
    same = _same(field, wanted)
    return lambda actual: not same(actual)


def _contains(field: str, wanted: Any) -> Test:
    parts = [_text(value) for value in _wanted(wanted)]
    return lambda actual: any(part in _text(value) for value in each(actual) for part in parts)


def _starts_with(field: str, wanted: Any) -> Test:
    if field == POSTAL_FIELD:
        places = [str(value).casefold() for value in _wanted(wanted)]
        return lambda actual: any(_is_below(str(value), place) for value in each(actual) for place in places)
    starts = tuple(_text(value) for value in _wanted(wanted))
    return lambda actual: any(_text(value).startswith(starts) for value in each(actual))


def _is_below(code: str, place: str) -> bool:
    """Whether a postal code begins so. In Britain a district is a district: "E1" is E1 6AN, with or without the blank, and not
    E10 7AA; a blank behind it says so elsewhere."""
    text = _text(code)
    if british := _BRITISH.fullmatch(text):
        text = f"{british[1]} {british[2] or ''}"
        is_district = place[-1:].isdigit() and " " not in place.strip()
        return text.startswith(place) and not (is_district and text[len(place) : len(place) + 1].isdigit())
    return f"{text} ".startswith(place)


def _has_word(field: str, wanted: Any) -> Test:
    phrases = [_words(value) for value in _wanted(wanted)]
    return lambda actual: any(phrase in _words(value) for value in each(actual) for phrase in phrases)


def _words(value: Any) -> str:
    return f" {' '.join(_WORDS.findall(_text(value)))} "


def _ordered(accepts: Callable[[int], bool], field: str, wanted: Any) -> Test:
    limits = _wanted(wanted)

    def test(actual: Any) -> bool:
        orders = (compare(value, limit) for value in each(actual) for limit in limits)
        return any(order is not None and accepts(order) for order in orders)

    return test


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None where the two cannot be compared (a number with a word)."""
    one: Any = as_number(left)
    other: Any = as_number(right)
    if (one is None) != (other is None) or isinstance(left, bool) or isinstance(right, bool):
        return None
    if one is None:
        one, other = _text(left), _text(right)
    return int(one > other) - int(one < other)


def _between(field: str, wanted: Any) -> Test:
    low, high = wanted
    if field == POSTAL_FIELD:
        return lambda actual: any(_postal_between(str(value), str(low), str(high)) for value in each(actual))

    def inside(value: Any) -> bool:
        above, below = compare(value, low), compare(value, high)
        return above is not None and below is not None and above >= 0 >= below

    return lambda actual: any(inside(value) for value in each(actual))


def _postal_between(actual: str, low: str, high: str) -> bool:
    """Digits by number, so that a lost leading zero does no harm, and without what follows them
    (90402-1234, 1011 AB); letters by text as far as the bounds go (M4B 1B3 lies between M4B and M4Z)."""
    low, high = _squeezed(low), _squeezed(high)
    if low.isdecimal() and high.isdecimal():
        whole = _squeezed(actual)
        digits = whole if whole.isdecimal() and len(whole) <= len(high) else _leading_digits(actual)
        return bool(digits) and len(digits) <= len(high) and int(low) <= int(digits) <= int(high)
    code = _squeezed(actual)
    return low <= code[: len(low)] and code[: len(high)] <= high


def _squeezed(code: str) -> str:
    return re.sub(r"[\s\-]", "", code).upper()


def _leading_digits(code: str) -> str:
    found = re.match(r"\s*(\d+)", code)
    return found[1] if found else ""


def _state(field: str, wanted: Any) -> Test:
    if wanted == "missing":
        return is_missing
    return lambda actual: not is_missing(actual)


_BUILDERS: dict[str, Callable[[str, Any], Test]] = {
    "eq": _same,
    "in": _same,
    "ne": _not_same,
    "not_in": _not_same,
    "contains": _contains,
    "starts_with": _starts_with,
    "has_word": _has_word,
    "gt": partial(_ordered, lambda order: order > 0),
    "gte": partial(_ordered, lambda order: order >= 0),
    "lt": partial(_ordered, lambda order: order < 0),
    "lte": partial(_ordered, lambda order: order <= 0),
    "between": _between,
    "is": _state,
}

OPERATORS = tuple(_BUILDERS)
