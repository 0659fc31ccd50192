"""Whole numbers in text from outside."""

# What a bigint holds for certain, and what `int` reads without counting digits first.
_MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """The number that plain digits say, None for anything else.

    `isdigit` and `isdecimal` are no test before `int`: "²" is a digit that it refuses, "٣" one that it reads, and 5,000 digits
    are more than it takes.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
