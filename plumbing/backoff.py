"""How long to wait before the next try, and how often."""

import random
from dataclasses import dataclass
from datetime import timedelta

# 2 ** 63 seconds are past any cap, and far from the float's own limit.
_MOST_DOUBLINGS = 63


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`base` and `cap` are seconds. After `attempts` failed tries somebody else has to do something (0: never).

    `shortest` is waited at least, where random jitter may say "at once". From `alone_after` failed tries on a row is
    tried by itself, so that it takes no others down with it (0: never).
    """

    base: float = 1.0
    cap: float = 900.0
    attempts: int = 0
    alone_after: int = 0
    shortest: timedelta = timedelta(0)

    def delay_after(self, attempt: int) -> timedelta:
        """A random delay between nothing and `base * 2 ** (attempt - 1)` seconds, at most `cap` seconds.

        `attempt` counts the tries that have failed so far, from 1. Full jitter (Brooker, "Exponential Backoff
        And Jitter", 2015): many that failed together do not come back together.
        """
        doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
        delay = timedelta(seconds=random.uniform(0.0, min(self.cap, self.base * 2.0**doublings)))
        return max(delay, self.shortest)

    def is_over(self, attempts: int) -> bool:
        """Whether so many failed tries are enough."""
        return 0 < self.attempts <= attempts

    def is_alone(self, attempts: int) -> bool:
        """Whether a row that has failed so often is tried by itself."""
        return 0 < self.alone_after <= attempts
