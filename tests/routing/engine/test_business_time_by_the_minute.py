"""The engine says what somebody says who looks at the clock once a minute."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.routing.engine.calendars import calendars, near_a_change_of_clocks
from tests.routing.engine.minute_clock import MinuteClock

DAYS = 9
cases = st.builds(
    lambda calendar, at: (calendar, at, MinuteClock(calendar, at, days=DAYS)),
    calendars,
    near_a_change_of_clocks,
)
slow = settings(max_examples=60, deadline=None)


@slow
@given(cases, st.integers(0, 90 * 3600))
def test_adding_reaches_the_same_instant(case, seconds):
    calendar, start, clock = case
    expected = clock.add(start, timedelta(seconds=seconds)) if seconds else start
    if expected is None:
        assert _later(calendar.add, start, seconds, than=clock.end)
    else:
        assert calendar.add(start, seconds) == expected


@slow
@given(cases, st.integers(0, DAYS * 1440 * 60))
def test_the_same_time_has_elapsed(case, seconds):
    calendar, start, clock = case
    end = min(start + timedelta(seconds=seconds), clock.end - timedelta(minutes=1))
    assert timedelta(seconds=calendar.elapsed(start, end)) == clock.elapsed(start, end)


@slow
@given(cases)
def test_it_opens_at_the_same_instant(case):
    calendar, start, clock = case
    expected = clock.next_opening(start)
    if expected is None:
        assert _later(calendar.next_opening, start, than=clock.end)
    else:
        assert calendar.next_opening(start) == expected


@slow
@given(cases, st.integers(0, 5))
def test_business_days_reach_the_same_instant(case, days):
    calendar, start, clock = case
    expected = clock.add_business_days(start, days)
    if expected is not None:
        assert calendar.add_business_days(start, days) == expected


def _later(ask, *asked, than):
    return ask(*asked) >= than
