from datetime import UTC, datetime
from typing import Any

from leadops.configuration.schema import (
    Field,
    Flag,
    Item,
    JsonDay,
    ListOf,
    MapOf,
    Notes,
    Path,
    Shape,
    Text,
)
from leadops.configuration.section import RowSection
from routing.engine.business_time import Calendar
from routing.engine.opening_hours import WEEKDAYS, CalendarError, parse_days, parse_interval, parse_weekly
from routing.models import WorkCalendar


def _interval(text: str) -> str:
    try:
        parse_interval(text)
    except CalendarError as error:
        return str(error)
    return ""


def _weekday(text: str) -> str:
    try:
        parse_weekly({text: []})
    except CalendarError as error:
        return str(error)
    return ""


def _usable(item: Item, at: Path, notes: Notes) -> None:
    """The engine has the last word: zones, countries and hours that it cannot use are errors here."""
    try:
        calendar = Calendar.from_json(item)
        parse_days(item.get("days", ()))
        calendar.next_opening(datetime.now(UTC))
    except CalendarError as error:
        notes.problem(at, str(error))


_HOURS = ListOf(Text(also=_interval))
_DAYS = ListOf(Shape((Field("date", JsonDay()), Field("hours", _HOURS, []))))


class _CalendarShape(Shape):
    """`days` may also stand inside `holidays`, where people look for them."""

    def check(self, value: Any, at: Path, notes: Notes) -> Any:
        holidays = value.get("holidays") if isinstance(value, dict) else None
        if isinstance(holidays, dict) and isinstance(holidays.get("days"), list):
            related = value.get("days") or []
            rest = {name: item for name, item in holidays.items() if name != "days"}
            value = {**value, "holidays": rest, "days": [*related, *holidays["days"]]}
        return super().check(value, at, notes)


class Calendars(RowSection):
    name = "calendars"
    model = WorkCalendar
    item = _CalendarShape(
        (
            Field("name", Text(120)),
            Field("timezone", Text(60), "UTC", shown=True),
            Field("hours", MapOf(_HOURS, Text(also=_weekday)), {}),
            Field(
                "holidays", Shape((Field("country", Text(10), ""), Field("subdivision", Text(10), ""))), {}
            ),
            Field("days", _DAYS, []),
            Field("active", Flag(), True),
        ),
        also=_usable,
    )

    def show(self, row: Any) -> Item:
        item = super().show(row)
        item["hours"] = dict(sorted(item["hours"].items(), key=lambda entry: _place_in_week(entry[0])))
        return item


def _place_in_week(days: str) -> int:
    first = days.lower()[:3]
    return WEEKDAYS.index(first) if first in WEEKDAYS else len(WEEKDAYS)
