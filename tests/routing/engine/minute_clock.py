"""Business time counted by looking at the clock once a minute: slow, and too simple to be wrong in the engine's ways.

It knows a zone only by what its clock shows at each minute, and reads a calendar's hours by date. A time that the clock shows
twice is the first one; a time that it skips is as much later as the clock jumps.
"""

from array import array
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from routing.engine.business_time import Calendar

MINUTE, ONE_DAY = timedelta(minutes=1), timedelta(days=1)
EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=4000)
def shown(zone: str, day: date) -> array:
    """What the clock shows at each minute of a day of UTC, in minutes since 1970."""
    midnight, place = datetime(day.year, day.month, day.day, tzinfo=UTC), ZoneInfo(zone)
    faces = (
        (midnight + minute * MINUTE).astimezone(place).replace(tzinfo=None, fold=0) for minute in range(1440)
    )
    return array("q", ((face - datetime(1970, 1, 1)) // MINUTE for face in faces))  # noqa: DTZ001


@lru_cache(maxsize=100_000)
def instant(zone: str, day: date, minutes: int) -> datetime:
    """When the clock shows this time of this date."""
    wanted = (day - EPOCH).days * 1440 + minutes
    days = [day + timedelta(days=minutes // 1440 + step) for step in (-1, 0, 1)]
    faces = [face for each in days for face in shown(zone, each)]
    if wanted not in faces:
        ((before, after),) = [pair for pair in pairwise(faces) if pair[0] < wanted < pair[1]]
        wanted += after - before - 1
    first = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    return first + faces.index(wanted) * MINUTE


class MinuteClock:
    """Answers for one calendar, from a day before `start` to `days` after it."""

    def __init__(self, calendar: Calendar, start: datetime, *, days: int) -> None:
        self.calendar, self.zone = calendar, calendar.zone
        self.begin = start.replace(second=0, microsecond=0) - ONE_DAY
        self.end = self.begin + (days + 1) * ONE_DAY
        self.open = bytearray((self.end - self.begin) // MINUTE)
        for day in self._dates(self.begin - 3 * ONE_DAY, self.end):
            for low, high in self.spans_of(day):
                a, b = ((at - self.begin) // MINUTE for at in (low, high))
                a, b = max(a, 0), min(b, len(self.open))
                if a < b:
                    self.open[a:b] = b"\x01" * (b - a)

    def spans_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """What starts on this date, where the clock leaves anything of it."""
        own = self.calendar.exceptions.get(day, self.calendar.weekly[day.weekday()])
        ends = [(instant(self.zone, day, a), instant(self.zone, day, b)) for a, b in own]
        return sorted((low, high) for low, high in ends if low < high)

    def add(self, start: datetime, left: timedelta) -> datetime | None:
        """None: not before this clock's end."""
        at = start
        for minute in self._minutes_from(start):
            lasts = minute + MINUTE - max(minute, at)
            if self._is_open(minute):
                if lasts >= left:
                    return max(minute, at) + left
                left -= lasts
        return None

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for minute in self._minutes_from(start):
            if minute >= end:
                return total
            if self._is_open(minute):
                total += min(minute + MINUTE, end) - max(minute, start)
        raise AssertionError("The end lies beyond this clock's.")

    def next_opening(self, start: datetime) -> datetime | None:
        found = next((minute for minute in self._minutes_from(start) if self._is_open(minute)), None)
        return None if found is None else max(found, start)

    def add_business_days(self, start: datetime, days: int) -> datetime | None:
        """The same time of day on the days-th later date that has hours and brings a later instant."""
        begin = self.next_opening(start)
        if begin is None:
            return None
        local = begin.astimezone(ZoneInfo(self.zone))
        within = timedelta(seconds=local.second, microseconds=local.microsecond)
        day = next(
            day
            for day in (local.date() - back * ONE_DAY for back in range(4))
            if any(low <= begin < high for low, high in self.spans_of(day))
        )
        minutes = (local.date() - day).days * 1440 + local.hour * 60 + local.minute
        due, left = begin, days
        while left:
            day += ONE_DAY
            if instant(self.zone, day, 1440) > self.end:
                return None
            spans = self.spans_of(day)
            if not spans:
                continue
            wanted = instant(self.zone, day, minutes) + within
            reached = [max(wanted, low) for low, high in spans if wanted <= high]
            at = min(reached) if reached else max(high for _, high in spans)
            if at > due:
                due, left = at, left - 1
        return due

    def _is_open(self, minute: datetime) -> bool:
        return bool(self.open[(minute - self.begin) // MINUTE])

    def _minutes_from(self, start: datetime) -> Iterator[datetime]:
        minute = start.replace(second=0, microsecond=0)
        while minute < self.end:
            yield minute
            minute += MINUTE

    def _dates(self, first: datetime, last: datetime) -> Iterator[date]:
        return (first.date() + step * ONE_DAY for step in range((last - first).days + 2))
