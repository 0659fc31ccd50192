"""Any calendar in any kind of zone, and instants at which calendars go wrong."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from routing.engine.business_time import Calendar
from routing.engine.opening_hours import clock_time

ZONES = (
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/St_Johns",
    "Europe/Berlin",
    "Europe/London",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)

intervals = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(
    lambda pair: f"{clock_time(pair[0] * 15)}-{clock_time((pair[0] + pair[1]) % 97 * 15)}"
)
usable = intervals.filter(lambda text: text.split("-")[0] != text.split("-")[1])
calendars = st.builds(
    lambda zone, hours, days: Calendar.from_json(
        {"timezone": zone, "hours": hours, "days": [{"date": at, "hours": own} for at, own in days.items()]}
    ),
    st.sampled_from(ZONES),
    st.dictionaries(
        st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        st.lists(usable, min_size=1, max_size=3),
        min_size=1,
    ),
    st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.lists(usable, max_size=2), max_size=4),
)
instants = st.integers(0, 730 * 86_400_000_000).map(
    lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
)
# Clocks change in these nights, in one zone or another.
CHANGES = (
    *(date(2025, 3, day) for day in (9, 28, 30)),
    *(date(2025, 4, day) for day in (6, 25)),
    *(date(2025, 9, day) for day in (7, 28)),
    *(date(2025, 10, day) for day in (5, 26, 30)),
    date(2025, 11, 2),
)
near_a_change_of_clocks = st.one_of(
    instants,
    st.tuples(
        st.sampled_from(CHANGES), st.integers(-3 * 1440, 3 * 1440), st.sampled_from([0, 0, 1, 59_999_999])
    ).map(
        lambda parts: (
            datetime(parts[0].year, parts[0].month, parts[0].day, tzinfo=UTC)
            + timedelta(minutes=parts[1], microseconds=parts[2])
        )
    ),
)
