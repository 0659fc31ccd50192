"""Durations as people write them: 30m, 4h, 4bh, 1bd, 50%.

A plain 30m, 4h or 24h is wall time on a wall clock and opening time on a team or owner clock. bh (business
hours) and bd (business days) say themselves what they count, whatever the clock.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Clock = Literal["wall", "team", "owner"]
Kind = Literal["wall", "opening", "business_hours", "business_days", "percent"]

CLOCKS: tuple[Clock, ...] = ("wall", "team", "owner")
_SHAPE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|h|bh|bd|%)\s*", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "bh": 3600}
_HOW = "write minutes (30m), hours (4h), business hours (4bh), business days (1bd) or a share (50%)"


class DurationError(ValueError):
    """The text is not a duration; the message says so in a sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Duration:
    """seconds counts for wall, opening and business_hours; amount is the number of days,
    or the percentage."""

    kind: Kind
    seconds: int
    amount: Decimal
    text: str
    plain: bool
    """True for m and h, whose meaning depends on the clock."""

    @property
    def needs_calendar(self) -> bool:
        return self.kind in ("opening", "business_hours", "business_days")


def parse(text: object, *, clock: Clock = "wall") -> Duration:
    """Raises DurationError. Percentages are whole or decimal, business days whole, and
    nothing is negative."""
    found = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DurationError(f"{text!r} is not a duration: {_HOW}.")
    amount, unit = Decimal(found[1]), found[2].lower()
    written = found[1] + unit
    if unit == "%":
        return Duration("percent", 0, amount, written, plain=False)
    if unit == "bd":
        if amount != amount.to_integral_value():
            raise DurationError(
                f"{written} is not a duration: business days are whole; use bh for parts of a day."
            )
        return Duration("business_days", 0, amount, written, plain=False)
    seconds = amount * _SECONDS[unit]
    if seconds != seconds.to_integral_value():
        raise DurationError(f"{written} is not a whole number of seconds.")
    kind: Kind = "business_hours" if unit == "bh" else "wall" if clock == "wall" else "opening"
    return Duration(kind, int(seconds), amount, written, plain=unit in ("m", "h"))


def in_words(duration: Duration) -> str:
    """For example "30 minutes of opening time", "4 business hours", "1 business day"."""
    if duration.kind == "percent":
        return f"{duration.amount.normalize():f} % of the first response time"
    if duration.kind == "business_days":
        return _count(duration.amount, "business day")
    unit = "minute" if duration.text.endswith("m") else "hour"
    if duration.kind == "business_hours":
        return _count(duration.amount, "business hour")
    return _count(duration.amount, unit) + (" of opening time" if duration.kind == "opening" else "")


def _count(amount: Decimal, noun: str) -> str:
    return f"{amount.normalize():f} {noun}{'' if amount == 1 else 's'}"
