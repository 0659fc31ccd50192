from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from plumbing.backoff import delay_after


@given(attempt=st.integers(-3, 10_000), base=st.floats(0.01, 60), cap=st.floats(0.01, 86_400))
def test_it_is_never_negative_and_never_above_the_cap_or_the_doubling(attempt, base, cap):
    delay = delay_after(attempt, base=base, cap=cap)
    most = min(cap, base * 2.0 ** min(max(attempt, 1) - 1, 63))
    # A timedelta counts microseconds.
    assert timedelta(0) <= delay <= timedelta(seconds=most) + timedelta(microseconds=1)


def test_it_spreads_those_that_failed_together():
    delays = [delay_after(6, base=1.0).total_seconds() for _ in range(500)]
    assert min(delays) < 8.0
    assert max(delays) > 24.0
    assert max(delays) <= 32.0
