"""Whole numbers as people and forms write them: "1,200", "1.200", "50+", "500-1000", "€ 1.5M", "₹5 crore"."""

import math
import re
from decimal import Decimal
from functools import cache

from intake.values.refusal import ValueRefused
from intake.values.text import one_line, plain, read_lines

_NUMBER = re.compile(r"\d+(?:[.,'’ ]\d+)*")
_RANGE = re.compile(
    r"\s*(?:-|–|—|−|~|\bto\b|\bbis\b|\band\b|\bund\b|\ba\b|\btot\b|\btill\b|\bdo\b|\.\.+)\s*(?:[€$£₹¥]\s*)?(?=\d)"
)
_OPEN_LOWER_END = re.compile(
    r"^(?:<|≤|=<|less than|fewer than|under|below|up to|at most|max|bis|unter|weniger als|moins de)"
)
# The word right behind a number; a unit such as "%" is a sign, not a word.
_WORD_BEHIND = re.compile(r"\s*([^\W\d_][^\W\d_.]*(?:\.[^\W\d_]+)*)")
_UNSPACED = re.compile(r"\s*([万亿億百千만억천])+")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}")
_SMALLEST = 1
_LONGEST = 60


def normalize_integer(raw: str | int | float, *, maximum: int | None) -> int:
    """The number, or the lower bound of a range: "500-1000" and "500+" are 500; an open one ("< 50") is 1.

    A separator followed by exactly three digits groups thousands, whichever it is ("1.200" and "1,200" are
    1200), except before a word such as k or million ("1.250 million"). Fractions are cut off. Behind the number stands a word
    that multiplies it or one that says what is counted; with any other word it could be any number, and is refused.
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
    if (lower := _range_as_date(text)) is not None:
        return Decimal(lower)
    match = _NUMBER.search(text)
    if not match:
        raise ValueRefused("number_invalid", "There is no number in this.")
    before, after = text[: match.start()].strip(), text[match.end() :]
    if _OPEN_LOWER_END.match(before):
        return Decimal(_SMALLEST)
    digits = match.group()
    upper = _RANGE.match(after)
    # "500-1000" has no word behind its lower end, and "1k to 5k" has.
    factor = 1 if upper and not _UNSPACED.match(after) else _factor(after)
    if factor == 1 and upper:
        # "1-5 million": the word behind the range counts for both of its ends, unless the lower end is the
        # larger.
        end = _NUMBER.match(after, upper.end())
        behind = _factor(after[end.end() :]) if end else 1
        lower_end = _decimal(digits, scaled=behind > 1)
        both = end and lower_end <= _decimal(end.group(), scaled=behind > 1)
        return lower_end * behind if both else lower_end
    return _decimal(digits, scaled=factor > 1) * factor


def _range_as_date(text: str) -> int | None:
    """The lower end of a range that a spreadsheet took for a date: "Nov-50" was 11-50, "20-Okt" was 10-20.

    Refused is a date that has a year beside day and month: no range can be read out of it.
    """
    months = _months()
    parts = [part for part in re.split(r"[\s./-]+", text) if part]
    named = [part for part in parts if part in months]
    if named and all(part.isdigit() or part in months for part in parts):
        numbers = [int(part) for part in parts if part.isdigit()]
        if len(named) == 1 and len(numbers) == 1 and numbers[0] < 100:
            return min(months[named[0]], numbers[0])
        raise ValueRefused("number_is_date", "This is a date. Did a spreadsheet make it of a range?")
    if _DATE.fullmatch(text) and not re.fullmatch(r"\d{1,3}([.])\d{3}\1\d{3}", text):
        raise ValueRefused("number_is_date", "This is a date. Did a spreadsheet make it of a range?")
    return None


def _factor(after: str) -> int:
    """What the word behind a number multiplies it by; 1 for no word, and for one that only says what is counted."""
    if found := _UNSPACED.match(after):
        if after[found.end() :].strip()[:1].isdigit():
            raise ValueRefused("number_word_unknown", "This number has several parts. Send it in digits.")
        return math.prod(_words()[sign] for sign in found.group().strip())
    match = _WORD_BEHIND.match(after)
    if match is None:
        return 1
    word = match.group(1)
    if (factor := _words().get(word)) is None:
        raise ValueRefused("number_word_unknown", f"We do not know what “{word[:30]}” makes of the number.")
    # "10 mil milhões", "5 lakh crore".
    return (
        factor * _factor(after[match.end() :]) if factor > 1 and _multiplies(after[match.end() :]) else factor
    )


def _multiplies(after: str) -> bool:
    match = _WORD_BEHIND.match(after)
    return match is not None and _words().get(match.group(1), 1) > 1


@cache
def _words() -> dict[str, int]:
    """Plain word -> what it multiplies by; 1 for words that say what is counted, per when, or in which currency."""
    found: dict[str, int] = {}
    for line in read_lines("number_words.txt"):
        factor, _, words = line.partition(" ")
        found |= dict.fromkeys((plain(word) for word in words.split()), int(factor))
    return found


@cache
def _months() -> dict[str, int]:
    """Plain name or short name of a month -> its number."""
    found: dict[str, int] = {}
    for line in read_lines("month_names.txt"):
        number, _, names = line.partition(" ")
        found |= dict.fromkeys((plain(name) for name in names.split()), int(number))
    return found


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
