"""How long to wait before the next try."""

import random
from datetime import timedelta

# 2 ** 63 seconds are past any cap, and far from the float's own limit.
_MOST_DOUBLINGS = 63


def delay_after(attempt: int, *, base: float = 1.0, cap: float = 900.0) -> timedelta:
    """A random delay between nothing and `base * 2 ** (attempt - 1)` seconds, at most `cap` seconds.

    `attempt` counts the tries that have failed so far, from 1. Full jitter (Brooker, "Exponential Backoff
    And Jitter", 2015): many that failed together do not come back together.
    """
    doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
    return timedelta(seconds=random.uniform(0.0, min(cap, base * 2.0**doublings)))
