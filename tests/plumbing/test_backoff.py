from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from plumbing.backoff import RetryPolicy


@given(attempt=st.integers(-3, 10_000), base=st.floats(0.01, 60), cap=st.floats(0.01, 86_400))
def test_it_is_never_negative_and_never_above_the_cap_or_the_doubling(attempt, base, cap):
    delay = RetryPolicy(base=base, cap=cap).delay_after(attempt)
    most = min(cap, base * 2.0 ** min(max(attempt, 1) - 1, 63))
    # A timedelta counts microseconds.
    assert timedelta(0) <= delay <= timedelta(seconds=most) + timedelta(microseconds=1)


def test_it_spreads_those_that_failed_together():
    delays = [RetryPolicy(base=1.0).delay_after(6).total_seconds() for _ in range(500)]
    assert min(delays) < 8.0
    assert max(delays) > 24.0
    assert max(delays) <= 32.0


def test_it_waits_at_least_as_long_as_it_is_told_to():
    policy = RetryPolicy(base=0.001, shortest=timedelta(seconds=1))
    assert policy.delay_after(1) == timedelta(seconds=1)


def test_it_says_when_a_row_goes_alone_and_when_it_is_given_up():
    policy = RetryPolicy(attempts=8, alone_after=3)
    assert [policy.is_alone(attempts) for attempts in (2, 3)] == [False, True]
    assert [policy.is_over(attempts) for attempts in (7, 8)] == [False, True]
    assert not RetryPolicy().is_over(10_000)
    assert not RetryPolicy().is_alone(10_000)
