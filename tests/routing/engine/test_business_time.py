from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing.engine.business_time import Calendar, NeverOpens
from routing.engine.opening_hours import CalendarError, parse_interval, parse_weekly
from tests.routing.engine.calendars import calendars, instants

NEW_YORK = ZoneInfo("America/New_York")


def office(**more):
    return Calendar.from_json({"timezone": "America/New_York", "hours": {"mon-fri": ["09:00-17:30"]}, **more})


def new_york(*parts):
    return datetime(*parts, tzinfo=NEW_YORK)


def calendar_of(zone, hours):
    return Calendar.from_json({"timezone": zone, "hours": hours})


@settings(max_examples=300, deadline=None)
@given(calendars, instants, st.integers(0, 400 * 3600))
def test_elapsed_is_what_was_added_over_every_change_of_clocks(calendar, start, seconds):
    assert calendar.elapsed(start, calendar.add(start, seconds)) == seconds


@settings(max_examples=200, deadline=None)
@given(calendars, instants, st.integers(0, 60 * 24 * 20), st.integers(0, 60 * 24 * 20))
def test_elapsed_time_adds_up_and_never_exceeds_the_time_that_passed(calendar, start, first, second):
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    whole = calendar.elapsed(start, end)
    parts = [calendar.elapsed(start, middle), calendar.elapsed(middle, end)]
    assert timedelta(seconds=whole) == sum((timedelta(seconds=part) for part in parts), timedelta())
    assert 0 <= whole <= (end - start).total_seconds()
    assert calendar.elapsed(end, start) == -whole


@settings(max_examples=200, deadline=None)
@given(calendars, instants)
def test_the_next_opening_is_open_and_nothing_is_open_before_it(calendar, at):
    opening = calendar.next_opening(at)
    assert calendar.is_open(opening)
    assert calendar.elapsed(at, opening) == 0


@settings(max_examples=100, deadline=None)
@given(calendars, instants, st.integers(1, 100 * 3600))
@example(
    calendar_of("UTC", {"mon-sun": ["22:00-02:00", "12:00-00:00"]}),
    datetime(2025, 1, 1, tzinfo=UTC),
    14 * 3600,
)
@example(
    calendar_of("UTC", {"wed": ["00:00-00:15"], "mon": ["23:00-00:00"]}),
    datetime(2025, 1, 1, tzinfo=UTC),
    4500,
)
@example(calendar_of("Asia/Beirut", {"sat": ["23:00-01:00"]}), datetime(2025, 3, 29, tzinfo=UTC), 3600)
@example(
    calendar_of("Europe/Berlin", {"tue": ["03:00-02:45"], "mon": ["00:00-03:00"]}),
    datetime(2025, 1, 1, 0, 0, 0, 15, tzinfo=UTC),
    17_100,
)
def test_the_explanation_adds_up_day_by_day(calendar, start, seconds):
    rows = calendar.explain(start, calendar.add(start, seconds))
    # Summed in whole microseconds, which is what instants have: floats of rows do not add up exactly.
    added = sum((timedelta(seconds=row["seconds"]) for row in rows), timedelta())
    assert rows[-1]["total"] == seconds
    assert added == timedelta(seconds=seconds)
    assert rows[-1]["seconds"] > 0


@settings(max_examples=100, deadline=None)
@given(calendars, instants, st.integers(0, 12))
@example(
    calendar_of("UTC", {"wed": ["22:00-14:00"], "thu": ["09:00-10:00"]}),
    datetime(2025, 1, 2, 13, tzinfo=UTC),
    0,
)
@example(
    calendar_of("UTC", {"mon": ["00:00-24:00"], "tue": ["00:00-00:15"]}), datetime(2025, 1, 6, tzinfo=UTC), 0
)
@example(
    calendar_of("Europe/Berlin", {"wed": ["00:00-00:15"], "tue": ["01:30-01:15"]}),
    datetime(2025, 1, 1, tzinfo=UTC),
    1,
)
def test_business_days_end_in_opening_hours_and_grow_with_their_number(calendar, start, days):
    due = calendar.add_business_days(start, days)
    assert calendar.is_open(due) or calendar.is_open(due - timedelta(microseconds=1))
    assert start <= due < calendar.add_business_days(start, days + 1)


def test_a_working_day_ends_at_its_close_and_goes_on_the_next_morning():
    friday = new_york(2026, 11, 20, 16, 30)
    assert office().add(friday, 3600) == new_york(2026, 11, 20, 17, 30)
    assert office().add(friday, 3601) == new_york(2026, 11, 23, 9, 0, 1)


def test_a_plain_24_hours_of_opening_time_are_about_three_working_days():
    assert office().add(new_york(2026, 11, 9, 9), 24 * 3600) == new_york(2026, 11, 11, 16)


def test_a_skipped_hour_is_not_counted_and_a_repeated_one_once_where_hours_name_it():
    night = Calendar.from_json({"timezone": "America/New_York", "hours": {"mon-sun": ["00:00-06:00"]}})
    spring, autumn = new_york(2026, 3, 8), new_york(2026, 11, 1)
    assert night.elapsed(spring, spring + timedelta(days=1)) == 5 * 3600
    assert night.elapsed(autumn, autumn + timedelta(days=1)) == 7 * 3600
    early = Calendar.from_json({"timezone": "America/New_York", "hours": {"sun": ["01:00-01:30"]}})
    assert early.elapsed(autumn, autumn + timedelta(days=1)) == 1800
    assert early.next_opening(autumn) == datetime(2026, 11, 1, 5, tzinfo=UTC)


def test_a_wall_time_in_a_gap_moves_forward():
    gap = Calendar.from_json({"timezone": "America/New_York", "hours": {"sun": ["02:15-06:00"]}})
    assert gap.next_opening(new_york(2026, 3, 8)) == new_york(2026, 3, 8, 3, 15)


def test_an_interval_may_cross_midnight_and_belongs_to_the_date_on_which_it_starts():
    night = Calendar.from_json(
        {
            "timezone": "Europe/Berlin",
            "hours": {"fri": ["22:00-06:00"]},
            "days": [{"date": "2026-11-21", "hours": []}],
        }
    )
    saturday = datetime(2026, 11, 21, 5, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    assert night.is_open(saturday)
    assert not night.is_open(saturday + timedelta(minutes=1))


def test_holidays_close_and_a_dated_exception_beats_them():
    christmas = new_york(2026, 12, 25, 10)
    holidays = {"country": "US", "subdivision": "NY"}
    assert not office(holidays=holidays).is_open(christmas)
    own = [{"date": date(2026, 12, 25), "hours": ["09:00-12:00"]}]
    assert office(holidays=holidays, days=own).is_open(christmas)
    assert office(holidays={**holidays, "days": own}).is_open(christmas)
    note = office(holidays=holidays).explain(christmas, christmas)[0]["note"]
    assert note == "Christmas Day"


def test_one_business_day_is_the_same_time_on_the_next_one():
    calendar = office(holidays={"country": "US"})
    assert calendar.add_business_days(new_york(2026, 11, 25, 16), 1) == new_york(2026, 11, 27, 16)
    assert calendar.add_business_days(new_york(2026, 11, 21, 3), 1) == new_york(2026, 11, 24, 9)


def test_a_business_day_that_closes_earlier_ends_at_its_close():
    berlin = ZoneInfo("Europe/Berlin")
    calendar = Calendar.from_json(
        {
            "timezone": "Europe/Berlin",
            "hours": {"mon-thu": ["08:30-12:00", "13:00-17:30"], "fri": ["08:30-15:00"]},
        }
    )
    thursday = datetime(2026, 11, 19, 17, tzinfo=berlin)
    assert calendar.add_business_days(thursday, 1) == datetime(2026, 11, 20, 15, tzinfo=berlin)
    lunch = datetime(2026, 11, 20, 12, 30, tzinfo=berlin)
    assert calendar.add_business_days(lunch, 1) == datetime(2026, 11, 23, 13, tzinfo=berlin)


@pytest.mark.parametrize("hours", [{}, {"mon": []}])
def test_a_calendar_that_never_opens_is_an_error_and_not_a_loop(hours):
    closed = Calendar.from_json({"name": "Closed shop", "timezone": "UTC", "hours": hours})
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for ask in (
        lambda: closed.add(at, 1),
        lambda: closed.next_opening(at),
        lambda: closed.add_business_days(at, 1),
    ):
        with pytest.raises(NeverOpens, match="Closed shop does not open"):
            ask()
    assert closed.elapsed(at, at + timedelta(days=30)) == 0


def test_a_calendar_that_opens_only_once_runs_out():
    once = Calendar.from_json({"timezone": "UTC", "days": [{"date": "2026-05-01", "hours": ["10:00-11:00"]}]})
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert once.add(at, 3600) == datetime(2026, 5, 1, 11, tzinfo=UTC)
    with pytest.raises(NeverOpens):
        once.add(at, 3601)
    with pytest.raises(NeverOpens):
        once.add_business_days(at, 1)


def test_a_calendar_that_never_closes_counts_every_second():
    always = Calendar.from_json({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["00:00-24:00"]}})
    at = datetime(2026, 3, 28, tzinfo=UTC)
    assert always.add(at, 3 * 86400) == at + timedelta(days=3)


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        office().is_open(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "data",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": ""},
        {"timezone": "UTC", "hours": {"someday": ["09:00-17:00"]}},
        {"timezone": "UTC", "hours": {"mon": "09:00-17:00"}},
        {"timezone": "UTC", "hours": {"mon": ["9-17"]}},
        {"timezone": "UTC", "hours": {"mon": ["09:00-25:00"]}},
        {"timezone": "UTC", "hours": {"mon": ["09:00-09:00"]}},
        {"timezone": "UTC", "hours": {"mon": [9]}},
        {"timezone": "UTC", "days": [{"date": "24.12.2026"}]},
        {"timezone": "UTC", "holidays": {"country": "XX"}},
        {"timezone": "UTC", "holidays": {"country": "US", "subdivision": "ZZ"}},
    ],
)
def test_what_is_wrong_with_a_calendar_is_said_in_a_sentence(data):
    with pytest.raises(CalendarError, match=r"\.$"):
        Calendar.from_json(data)


def test_days_are_read_singly_as_ranges_and_as_lists():
    week = parse_weekly({"fri-mon": ["10:00-12:00"], "tue, thu": ["09:00-10:00"]})
    assert [bool(day) for day in week] == [True, True, False, True, True, True, True]
    assert parse_interval("22:00-06:00") == (1320, 1800)
    assert parse_interval("00:00-24:00") == (0, 1440)
