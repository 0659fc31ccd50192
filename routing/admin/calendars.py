"""Opening hours: one line per weekday, and what the next seven days look like."""

import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import holidays
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import AllValuesCheckboxFilter, BooleanRadioFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from plumbing.admin_kit.form_fields import PartsForm
from plumbing.admin_kit.pages import ConfigurationPage
from plumbing.counting import counted
from routing.engine.business_time import Calendar, NeverOpens
from routing.engine.opening_hours import (
    WEEKDAYS,
    CalendarError,
    Interval,
    clock_time,
    parse_days,
    parse_interval,
    parse_weekly,
)
from routing.models import WorkCalendar
from routing.response.calendars import calendar_of

PREVIEW_DAYS = 7


def _hours(label: str, help_text: str = "") -> forms.CharField:
    widget = UnfoldAdminTextInputWidget({"placeholder": "closed"})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class CalendarForm(PartsForm):
    """A text per weekday stands for `hours`; a line per date for `days`."""

    json_parts = {"holidays": {"country": "holiday_country", "subdivision": "holiday_subdivision"}}

    timezone = forms.ChoiceField(
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())],
        initial="UTC",
        widget=UnfoldAdminSelect2Widget(),
        help_text="The hours below are on this zone's clock, also when it changes.",
    )
    mon = _hours("Monday", "09:00-12:00, 13:00-17:30. 22:00-06:00 ends the next morning.")
    tue = _hours("Tuesday")
    wed = _hours("Wednesday")
    thu = _hours("Thursday")
    fri = _hours("Friday")
    sat = _hours("Saturday")
    sun = _hours("Sunday")
    holiday_country = forms.ChoiceField(
        label="Public holidays of",
        required=False,
        choices=[
            ("", "No public holidays"),
            *((code, code) for code in sorted(holidays.list_supported_countries())),
        ],
        widget=UnfoldAdminSelect2Widget(),
    )
    holiday_subdivision = forms.CharField(
        label="State or region",
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="For holidays of one part only: BY for Bavaria, NY for New York.",
    )
    special_days = forms.CharField(
        label="Special days",
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
        help_text="One a line. 2026-12-24 09:00-12:00 opens then only; 2026-12-31 closed is closed. Beats holidays.",
    )

    class Meta:
        model = WorkCalendar
        fields = ["name", "timezone", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, texts in _texts_of(self.instance.hours).items():
            self.initial.setdefault(weekday, ", ".join(texts))
        self.initial.setdefault("special_days", "\n".join(_day_line(day) for day in self.instance.days))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        hours: dict[str, list[str]] = {}
        for weekday in WEEKDAYS:
            intervals = _intervals(cleaned.get(weekday) or "")
            try:
                for interval in intervals:
                    parse_interval(interval)
            except CalendarError as error:
                self.add_error(weekday, str(error))
            if intervals:
                hours[weekday] = intervals
        if not hours and not self.errors:
            self.add_error(
                WEEKDAYS[0], "Open at least once a week: a calendar that never opens cannot be used."
            )
        self.instance.hours = _folded(hours)
        self._clean_special_days(cleaned.get("special_days") or "")
        self._clean_holidays(cleaned)
        return cleaned

    def _clean_special_days(self, text: str) -> None:
        days = []
        for line in filter(None, map(str.strip, text.splitlines())):
            date, _, rest = line.partition(" ")
            rest = rest.strip()
            days.append({"date": date, "hours": [] if rest in ("", "closed") else _intervals(rest)})
        try:
            parse_days(days)
        except CalendarError as error:
            self.add_error("special_days", str(error))
        else:
            self.instance.days = days

    def _clean_holidays(self, cleaned: Mapping[str, Any]) -> None:
        country, part = cleaned.get("holiday_country"), cleaned.get("holiday_subdivision")
        if not country:
            if part:
                self.add_error("holiday_country", "Choose the country of this state or region.")
            return
        try:
            Calendar(zone="UTC", weekly=parse_weekly({}), country=country, subdivision=part or "")
        except CalendarError as error:
            known = ", ".join(holidays.country_holidays(country).subdivisions[:20])
            hint = f" Known there: {known}." if known else " This country has none: leave it empty."
            self.add_error("holiday_subdivision", ValidationError(f"{error}{hint}"))


@admin.register(WorkCalendar)
class CalendarPage(ConfigurationPage):
    form = CalendarForm
    list_display = ["name", "week", "timezone", "holiday_place", "now", "used_by", "active"]
    list_filter = [("timezone", AllValuesCheckboxFilter), ("active", BooleanRadioFilter)]
    search_fields = ["name", "timezone"]
    change_form_outer_before_template = "routing/calendar_summary.html"
    fieldsets = [
        (None, {"fields": ["name", "timezone", "active"]}),
        ("Open", {"fields": list(WEEKDAYS)}),
        ("Not as usual", {"fields": [("holiday_country", "holiday_subdivision"), "special_days"]}),
    ]
    empty_icon = "calendar_month"
    empty_title = "No calendars yet"
    empty_text = "A calendar holds opening hours and holidays. Teams and owners work by it; response times stop outside."

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkCalendar]:
        rows: QuerySet[WorkCalendar] = super().get_queryset(request)
        return rows.annotate(
            team_count=Count("teams", distinct=True), owner_count=Count("owners", distinct=True)
        )

    def summary(self, request: HttpRequest, row: WorkCalendar) -> Mapping[str, Any]:
        try:
            calendar = Calendar.from_json(_json_of(row))
        except CalendarError as error:
            return {"answer": f"This calendar cannot be used: {error}"}
        now = timezone.now()
        return {"answer": _answer(calendar, now), "days": _days(calendar, now), "zone": row.timezone}

    @display(description="Open")
    def week(self, row: WorkCalendar) -> str:
        return "; ".join(
            f"{days} {', '.join(hours)}" for days, hours in _folded(_texts_of(row.hours)).items()
        )

    @display(description="Holidays", empty_value="–")
    def holiday_place(self, row: WorkCalendar) -> str | None:
        return "-".join(filter(None, (row.holidays.get("country"), row.holidays.get("subdivision")))) or None

    @display(description="Now", label={"open": "success", "closed": "info", "broken": "danger"})
    def now(self, row: WorkCalendar) -> tuple[str, str]:
        try:
            calendar = calendar_of(row)
            return (
                ("open", "open")
                if calendar is None or calendar.is_open(timezone.now())
                else ("closed", "closed")
            )
        except CalendarError:
            return "broken", "cannot be read"

    @display(description="Used by")
    def used_by(self, row: Any) -> str:
        return f"{counted(row.team_count, 'team')}, {counted(row.owner_count, 'owner')}"


def _json_of(row: WorkCalendar) -> dict[str, Any]:
    return {
        "name": row.name,
        "timezone": row.timezone,
        "hours": row.hours,
        "holidays": row.holidays,
        "days": row.days,
    }


def _answer(calendar: Calendar, now: datetime) -> str:
    if calendar.is_open(now):
        return "Open now."
    try:
        opening = calendar.next_opening(now).astimezone(zoneinfo.ZoneInfo(calendar.zone))
    except NeverOpens:
        return "This calendar never opens."
    return f"Closed now, opens {opening:%A %-d %B, %H:%M}."


def _days(calendar: Calendar, now: datetime) -> list[dict[str, Any]]:
    """The next days on the calendar's own clock: hours, or why it is closed."""
    zone = zoneinfo.ZoneInfo(calendar.zone)
    today = now.astimezone(zone).date()
    start = datetime(today.year, today.month, today.day, tzinfo=zone)
    rows = calendar.explain(start.astimezone(UTC), (start + timedelta(days=PREVIEW_DAYS)).astimezone(UTC))
    return [{"today": not place, **row} for place, row in enumerate(rows[:PREVIEW_DAYS])]


def _intervals(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _texts_of(hours: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """{"mon-fri": [...]} -> a list of texts per weekday."""
    try:
        weekly = parse_weekly(hours)
    except CalendarError:
        return {}
    return {
        weekday: [_text(interval) for interval in intervals]
        for weekday, intervals in zip(WEEKDAYS, weekly, strict=True)
        if intervals
    }


def _text(interval: Interval) -> str:
    return f"{clock_time(interval[0])}-{clock_time(interval[1])}"


def _folded(hours: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Neighbouring days with the same hours become a range, as people write them: {"mon-fri": [...]}."""
    folded: dict[str, list[str]] = {}
    place = 0
    while place < len(WEEKDAYS):
        texts = hours.get(WEEKDAYS[place])
        last = place
        while last + 1 < len(WEEKDAYS) and hours.get(WEEKDAYS[last + 1]) == texts:
            last += 1
        if texts:
            folded[WEEKDAYS[place] if last == place else f"{WEEKDAYS[place]}-{WEEKDAYS[last]}"] = texts
        place = last + 1
    return folded


def _day_line(day: Mapping[str, Any]) -> str:
    return f"{day.get('date')} {', '.join(day.get('hours') or ()) or 'closed'}"
