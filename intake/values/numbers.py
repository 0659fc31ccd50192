"""Whole numbers as people and forms write them: "1,200", "1.200", "50+", "500-1000", "€ 1.5M"."""

import math
import re
from decimal import Decimal

from intake.values.refusal import ValueRefused
from intake.values.text import one_line, plain

_NUMBER = re.compile(r"\d+(?:[.,'’ ]\d+)*")
_MULTIPLIERS = (
    (re.compile(r"\s?(?:k|tsd|thousand|tausend|mil(?!l|i))\b"), 1_000),
    (re.compile(r"\s?(?:m|mm|mn|mio|mill|million(?:s|en)?|millones)\b"), 1_000_000),
    (re.compile(r"\s?(?:b|bn|mrd|billion(?:s)?|milliarden?|milliards?)\b"), 1_000_000_000),
)
_RANGE = re.compile(r"\s*(?:-|–|—|−|\bto\b|\bbis\b|\band\b|\bund\b|\ba\b|\.\.+)\s*(?:[€$£]\s*)?(?=\d)")
_OPEN_LOWER_END = re.compile(
    r"^(?:<|≤|=<|less than|fewer than|under|below|up to|at most|max|bis|unter|weniger als|moins de)"
)
_SMALLEST = 1
_LONGEST = 60


def normalize_integer(raw: str | int | float, *, maximum: int | None) -> int:
    """The number, or the lower bound of a range: "500-1000" and "500+" are 500; an open one ("< 50") is 1.

    A separator followed by exactly three digits groups thousands, whichever it is ("1.200" and "1,200" are
    1200), except before a word such as k or million ("1.250 million"). Fractions are cut off.
    """
    value = _number_of(raw) if isinstance(raw, str) else raw
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueRefused("number_invalid", "This is no number.")
    if value < 0:
        raise ValueRefused("number_negative", "A number below zero makes no sense here.")
    number = int(value)
    if maximum is not None and number > maximum:
        raise ValueRefused("number_too_large", f"The number is larger than {maximum:,}.")
    return number


def _number_of(raw: str) -> Decimal:
    text = plain(one_line(raw[:_LONGEST]))
    if text.startswith(("-", "−")) and text[1:2].isdigit():
        raise ValueRefused("number_negative", "A number below zero makes no sense here.")
    match = _NUMBER.search(text)
    if not match:
        raise ValueRefused("number_invalid", "There is no number in this.")
    before, after = text[: match.start()].strip(), text[match.end() :]
    if _OPEN_LOWER_END.match(before):
        return Decimal(_SMALLEST)
    digits = match.group()
    factor = _factor(after)
    if factor == 1 and (upper := _RANGE.match(after)):
        # "1-5 million": the word behind the range counts for both of its ends, unless the lower end is the
        # larger.
        end = _NUMBER.match(after, upper.end())
        behind = _factor(after[end.end() :]) if end else 1
        lower = _decimal(digits, scaled=behind > 1)
        return lower * behind if end and lower <= _decimal(end.group(), scaled=behind > 1) else lower
    return _decimal(digits, scaled=factor > 1) * factor


def _factor(after: str) -> int:
    return next((factor for pattern, factor in _MULTIPLIERS if pattern.match(after)), 1)


def _decimal(digits: str, *, scaled: bool) -> Decimal:
    """The value of digits with separators; `scaled` says that a word such as million follows."""
    groups = re.split(r"[.,'’ ]", digits)
    marks = re.findall(r"[.,'’ ]", digits)
    if not marks:
        return Decimal(digits)
    last_is_point = marks[-1] in ".," and (
        len(groups[-1]) != 3
        or (scaled and len(marks) == 1)
        or (len(marks) > 1 and marks.count(marks[-1]) == 1)
    )
    if last_is_point and marks.count(marks[-1]) == 1:
        return Decimal(f"{''.join(groups[:-1])}.{groups[-1]}")
    return Decimal("".join(groups))
