"""Business time: opening hours of a place, walked in UTC so that a change of clocks neither adds nor loses
a second.

Wall times are resolved on their own local date: one that a change of clocks skips moves forward by the
gap, one that happens twice is the first. An interval belongs to the date on which it starts, also when it
crosses midnight: a closed day closes what starts on it, not the night shift that began on the eve.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays as public_holidays

from routing.engine.opening_hours import (
    WEEKDAYS,
    CalendarError,
    Interval,
    Weekly,
    clock_time,
    parse_days,
    parse_weekly,
)

SEARCH_DAYS = 750
"""A calendar that stays closed for longer than this counts as never opening."""
_CACHED_DATES = 4096
_ONE_DAY = timedelta(days=1)
_SHORTEST = timedelta(microseconds=1)

Span = tuple[datetime, datetime]


class NeverOpens(CalendarError):
    """No opening within SEARCH_DAYS: an error to show to people, never a loop."""


class Calendar:
    """Zone + weekly intervals + dated exceptions + public holidays. Immutable; safe to share and to keep.

    All instants must be aware. Results are in UTC. A dated exception beats a holiday, which beats the week.
    """

    def __init__(
        self,
        *,
        zone: str,
        weekly: Weekly,
        name: str = "",
        exceptions: Mapping[date, tuple[Interval, ...]] | None = None,
        country: str = "",
        subdivision: str = "",
    ) -> None:
        self.name, self.zone, self.weekly = name or zone, zone, weekly
        self.exceptions = dict(exceptions or {})
        self.country, self.subdivision = country, subdivision
        self._tz = _zone(zone)
        self._holidays = _holidays(country, subdivision)
        self._opened: dict[date, list[Span]] = {}
        self._midnights: dict[date, datetime] = {}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """{"name"?, "timezone", "hours": {"mon-fri": ["09:00-17:30"]}, "holidays"?: {"country",
        "subdivision"?}, "days"?: [{"date", "hours"?}]}; days may also stand inside holidays.
        Raises CalendarError."""
        holiday = data.get("holidays") or {}
        days = [*(data.get("days") or ()), *(holiday.get("days") or ())]
        return cls(
            name=str(data.get("name") or ""),
            zone=str(data.get("timezone") or ""),
            weekly=parse_weekly(data.get("hours") or {}),
            exceptions=parse_days(days),
            country=str(holiday.get("country") or ""),
            subdivision=str(holiday.get("subdivision") or ""),
        )

    # -- questions ---------------------------------------------------------------------------------

    def is_open(self, at: datetime) -> bool:
        """An interval includes its first instant and not its last."""
        at = _utc(at)
        return any(start <= at < end for start, end in self._open_on(self._date_of(at)))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself when open, else the next instant at which it opens. Raises NeverOpens."""
        at = _utc(at)
        start, _ = next(self._walk(at))
        return start

    def add(self, start: datetime, seconds: float) -> datetime:
        """The earliest instant with so many seconds of opening time since start: the end of a day, not the
        next morning."""
        start, left = _utc(start), timedelta(seconds=seconds)
        if left < timedelta(0):
            raise ValueError("Business time is only added forwards.")
        if not left:
            return start
        for begin, end in self._walk(start):
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise AssertionError("unreachable: _walk never ends")

    def elapsed(self, start: datetime, end: datetime) -> float:
        """Seconds of opening time between the two; negative when end lies before start."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.elapsed(end, start)
        total = timedelta(0)
        for day in self._dates(self._date_of(start), self._date_of(end)):
            for begin, until in self._open_on(day):
                total += max(min(until, end) - max(begin, start), timedelta(0))
        return total.total_seconds()

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """The same local time on the days-th next date with opening hours. A start outside hours counts
        from the next opening; a time at which that date is closed moves to its next opening, or back to
        the close of that date. A date that is over before an earlier date's shift is (overnight) brings
        nothing new and does not count."""
        if days < 0:
            raise ValueError("Business days are only added forwards.")
        begin = self.next_opening(start)
        local = begin.astimezone(self._tz)
        at = self._start_date(begin)
        overnight = local.date() - at
        due = begin
        for _ in range(days):
            before = due
            while due <= before:
                at = self._next_business_date(at)
                due = self._same_time_on(at, local, overnight=overnight)
        return due

    def _same_time_on(self, day: date, local: datetime, *, overnight: timedelta) -> datetime:
        """The time of day of `local` in the hours that start on this date, moved into them."""
        wanted = self._instant(day + overnight, local.hour * 60 + local.minute) + timedelta(
            seconds=local.second, microseconds=local.microsecond
        )
        spans = self._spans_of(day)
        for span_start, span_end in spans:
            if wanted <= span_end:
                return max(wanted, span_start)
        return spans[-1][1]

    def explain(self, start: datetime, due: datetime) -> list[dict[str, Any]]:
        """One row per local date from start to the one that due ends, which at midnight is the date before:
        {"date", "weekday", "hours": ["09:00-17:30"], "note", "from": iso|None, "until": iso|None, "seconds",
        "total"}; note is the holiday's name, "closed" or "own hours"."""
        start, due = _utc(start), _utc(due)
        # Added up as instants are, in whole microseconds: floats would drift.
        rows, total = [], timedelta(0)
        last = max(start, due - _SHORTEST)
        for day in self._dates(self._date_of(start), self._date_of(last)):
            counted = [(max(a, start), min(b, due)) for a, b in self._open_on(day) if b > start and a < due]
            counts = sum((b - a for a, b in counted), timedelta(0))
            total += counts
            rows.append(
                {
                    "date": day.isoformat(),
                    "weekday": WEEKDAYS[day.weekday()],
                    "hours": [f"{clock_time(a)}-{clock_time(b)}" for a, b in self.hours_on(day)],
                    "note": self._note(day),
                    "from": counted[0][0].astimezone(self._tz).isoformat() if counted else None,
                    "until": counted[-1][1].astimezone(self._tz).isoformat() if counted else None,
                    "seconds": counts.total_seconds(),
                    "total": total.total_seconds(),
                }
            )
        return rows

    def hours_on(self, day: date) -> tuple[Interval, ...]:
        """What starts on this local date, in minutes after its midnight."""
        if day in self.exceptions:
            return self.exceptions[day]
        if self._holidays is not None and day in self._holidays:
            return ()
        return self.weekly[day.weekday()]

    # -- the one walk that add, elapsed and next_opening share -------------------------------------

    def _walk(self, start: datetime) -> Iterator[Span]:
        """Open spans from start on, in order, without end."""
        day, closed = self._date_of(start), 0
        while True:
            spans = [(max(begin, start), end) for begin, end in self._open_on(day) if end > start]
            yield from spans
            closed = 0 if spans else closed + 1
            if closed > SEARCH_DAYS:
                raise NeverOpens(
                    f"The calendar {self.name} does not open within {SEARCH_DAYS} days after {start.date()}: "
                    "give it opening hours."
                )
            day += _ONE_DAY

    def _open_on(self, day: date) -> list[Span]:
        """The open part of the stretch from this local midnight to the next, merged and in order (UTC)."""
        if day not in self._opened:
            if len(self._opened) >= _CACHED_DATES:
                self._opened.clear()
            low, high = self._midnight(day), self._midnight(day + _ONE_DAY)
            near = (span for back in (2, 1, 0) for span in self._spans_of(day - back * _ONE_DAY))
            clipped = sorted((max(a, low), min(b, high)) for a, b in near if b > low and a < high)
            self._opened[day] = _merged(clipped)
        return self._opened[day]

    def _spans_of(self, day: date) -> list[Span]:
        """What starts on this date, in UTC. A change of clocks can swallow an interval whole."""
        spans = ((self._instant(day, a), self._instant(day, b)) for a, b in self.hours_on(day))
        return _merged(sorted((a, b) for a, b in spans if a < b))

    def _start_date(self, at: datetime) -> date:
        """The date to which the open instant `at` belongs: the eve's, when a shift crosses midnight."""
        day = self._date_of(at)
        return next(d for d in (day, day - _ONE_DAY, day - 2 * _ONE_DAY) if _within(self._spans_of(d), at))

    def _next_business_date(self, day: date) -> date:
        for ahead in range(1, SEARCH_DAYS + 1):
            if self._spans_of(day + ahead * _ONE_DAY):
                return day + ahead * _ONE_DAY
        raise NeverOpens(
            f"The calendar {self.name} has no business day within {SEARCH_DAYS} days after {day}."
        )

    def _instant(self, day: date, minutes: int) -> datetime:
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001
        return local.replace(tzinfo=self._tz).astimezone(UTC)

    def _midnight(self, day: date) -> datetime:
        """At which this local date begins, in UTC."""
        if day not in self._midnights:
            if len(self._midnights) >= _CACHED_DATES:
                self._midnights.clear()
            self._midnights[day] = self._instant(day, 0)
        return self._midnights[day]

    def _date_of(self, at: datetime) -> date:
        day = at.astimezone(self._tz).date()
        # Where clocks go back over midnight a local date comes twice: go by the stretch, not by the label.
        while at >= self._midnight(day + _ONE_DAY):
            day += _ONE_DAY
        while at < self._midnight(day):
            day -= _ONE_DAY
        return day

    def _dates(self, first: date, last: date) -> Iterator[date]:
        return (first + step * _ONE_DAY for step in range((last - first).days + 1))

    def _note(self, day: date) -> str:
        if day in self.exceptions:
            return "own hours" if self.exceptions[day] else "closed"
        if self._holidays is not None and day in self._holidays:
            return str(self._holidays[day])
        return "" if self.weekly[day.weekday()] else "closed"


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _within(spans: list[Span], at: datetime) -> bool:
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return index >= 0 and at < spans[index][1]


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("Business time needs an aware instant, with its zone.")
    return at.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError(f"{name!r} is not a time zone: write one like Europe/Berlin.") from error


def _holidays(country: str, subdivision: str) -> Any:
    if not country:
        return None
    try:
        return public_holidays.country_holidays(country.upper(), subdiv=subdivision or None)
    except (NotImplementedError, KeyError) as error:
        where = f"{country}-{subdivision}" if subdivision else country
        raise CalendarError(f"No public holidays are known for {where!r}.") from error
