"""Reading opening hours as people write them: {"mon-fri": ["09:00-17:30"]}, dated exceptions beside them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

Interval = tuple[int, int]
"""Minutes after local midnight of the date on which it starts; an end beyond 1440 lies on the next date."""
Weekly = tuple[tuple[Interval, ...], ...]
"""Monday first."""

DAY = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")


class CalendarError(ValueError):
    """The calendar cannot be read or used; the message is a sentence for the person who wrote it."""


def parse_interval(text: object) -> Interval:
    """ "09:00-17:30" -> (540, 1050); "22:00-06:00" crosses midnight -> (1320, 1800); "00:00-24:00" is the
    whole day."""
    found = _TIMES.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise CalendarError(f"{text!r} is not a time of day from-to: write it like 09:00-17:30.")
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start_minute > 59 or end_minute > 59 or start >= DAY or end > DAY:
        raise CalendarError(f"{text!r} is not a time of day from-to: hours go from 00:00 to 24:00.")
    if start == end:
        raise CalendarError(f"{text!r} is empty: for a whole day write 00:00-24:00.")
    return (start, end) if end > start else (start, end + DAY)


def parse_weekly(hours: Mapping[str, Iterable[str]]) -> Weekly:
    """Keys are days (mon), ranges (mon-fri, also fri-mon) or lists of them (mon-wed, fri)."""
    if not isinstance(hours, Mapping):
        raise CalendarError('Opening hours are a table of days, like {"mon-fri": ["09:00-17:30"]}.')
    week: list[list[Interval]] = [[] for _ in WEEKDAYS]
    for days, intervals in hours.items():
        spans = _spans(intervals, where=str(days))
        for weekday in _weekdays(str(days)):
            week[weekday].extend(spans)
    return tuple(tuple(sorted(day)) for day in week)


def parse_days(days: Iterable[Mapping[str, Any]]) -> dict[date, tuple[Interval, ...]]:
    """[{"date": "2026-12-24", "hours": ["09:00-12:00"]}]; no hours means closed all day."""
    found: dict[date, tuple[Interval, ...]] = {}
    for day in days:
        at = _date(day.get("date"))
        found[at] = tuple(sorted(_spans(day.get("hours") or (), where=at.isoformat())))
    return found


def clock_time(minutes: int) -> str:
    minutes = minutes if minutes == DAY else minutes % DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _spans(intervals: Iterable[str], *, where: str) -> list[Interval]:
    if isinstance(intervals, str) or not isinstance(intervals, Iterable):
        raise CalendarError(f'{where}: write the hours as a list, like ["09:00-17:30"].')
    return [parse_interval(text) for text in intervals]


def _weekdays(text: str) -> list[int]:
    found: list[int] = []
    for part in text.lower().split(","):
        ends = [end.strip()[:3] for end in part.split("-")]
        if len(ends) > 2 or any(end not in WEEKDAYS for end in ends):
            raise CalendarError(
                f"{text!r} is not a weekday: use mon tue wed thu fri sat sun, or a range like mon-fri."
            )
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        found.extend((first + step) % 7 for step in range((last - first) % 7 + 1))
    return found


def _date(value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise CalendarError(f"{value!r} is not a date: write it like 2026-12-24.") from error
