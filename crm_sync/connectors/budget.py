"""How many calls a CRM still grants us, as its answers say; constants in its manual are not asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plumbing.http import Throttled

# When a day's calls are used up, the CRM does not say when its day ends. Where it says how many a day has, they are those of the
# last 24 hours, and some come back all the time.
_DAILY_PAUSE, _ROLLING_PAUSE = timedelta(minutes=15), timedelta(minutes=5)
# Of a day's calls, what is left for leads alone.
_KEPT_FOR_TODAY = 10_000
# Where it says how many a day has: a fifth.
_KEPT_PART = 5
_LONGEST_INTERVAL = timedelta(minutes=15)
USED_UP = "The CRM's calls of a day are used up, by everything that calls the account."


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Calls that are left, of `most` in an `interval`, and of a day's `daily_most`; None where the CRM says nothing about it."""

    most: int | None = None
    remaining: int | None = None
    interval: timedelta = timedelta(seconds=10)
    daily_remaining: int | None = None
    daily_most: int | None = None


class DayUsedUp(Throttled):
    """All calls of a day are used up, by whoever calls the account: nothing goes until some are left again."""


class Budget:
    """State is {"max", "remaining", "resets_at", "daily_remaining", "daily_max"} and is kept on the connection row."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)

    def check(self, *, now: datetime) -> None:
        """Raises Throttled while nothing is left, DayUsedUp where that is the day's."""
        resets_at = self._resets_at()
        if resets_at is not None and now < resets_at:
            if self.state.get("daily_remaining") == 0:
                raise DayUsedUp(USED_UP, retry_at=resets_at)
            raise Throttled("The CRM's limit of calls is used up for the moment.", retry_at=resets_at)

    def has_to_spare(self, *, now: datetime) -> bool:
        """Whether work that can wait may call: more than half of the calls are left, or nothing is known of any limit."""
        if (resets_at := self._resets_at()) and now < resets_at:
            return False
        most, remaining = self.state.get("max"), self.state.get("remaining")
        short = most is not None and remaining is not None and 2 * remaining <= most
        return not short and not self.is_short_today

    @property
    def is_short_today(self) -> bool:
        """Of the day's calls only those are left that are kept for leads."""
        today, daily_most = self.state.get("daily_remaining"), self.state.get("daily_max")
        kept = _KEPT_FOR_TODAY if daily_most is None else daily_most // _KEPT_PART
        return today is not None and today <= kept

    def forget_pause(self) -> None:
        """Whoever asks for it finds out at once whether the CRM takes calls again."""
        self.state["resets_at"] = None

    def note(self, limits: RateLimits | None, *, now: datetime) -> None:
        """Take over what an answer says; None says nothing."""
        if limits is None:
            return
        self.state = {
            "max": limits.most,
            "remaining": limits.remaining,
            "daily_remaining": limits.daily_remaining,
            "daily_max": limits.daily_most,
            "resets_at": None,
        }
        if limits.daily_remaining == 0:
            pause = _DAILY_PAUSE if limits.daily_most is None else _ROLLING_PAUSE
            self.state["resets_at"] = (now + pause).isoformat()
        elif limits.remaining == 0:
            self.state["resets_at"] = (now + min(limits.interval, _LONGEST_INTERVAL)).isoformat()

    def _resets_at(self) -> datetime | None:
        text = self.state.get("resets_at")
        return datetime.fromisoformat(text) if text else None
