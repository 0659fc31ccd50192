"""How many calls a CRM still grants us, as its rate headers say; constants in its manual are not asked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from plumbing.http import Throttled

# When a day's calls are used up, the CRM does not say when its day ends.
_DAILY_PAUSE = timedelta(minutes=15)
_LONGEST_INTERVAL = timedelta(minutes=15)


class Budget:
    """State is {"max", "remaining", "resets_at", "daily_remaining"} and is kept on the connection row."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)

    def check(self, *, now: datetime) -> None:
        """Raises Throttled while nothing is left."""
        resets_at = self._resets_at()
        if resets_at is not None and now < resets_at:
            raise Throttled("The CRM's limit of calls is used up for the moment.", retry_at=resets_at)

    def note(self, headers: Mapping[str, str], *, now: datetime) -> None:
        """Take over what an answer says. An answer without rate headers says nothing."""
        remaining = _number(headers.get("X-HubSpot-RateLimit-Remaining"))
        daily = _number(headers.get("X-HubSpot-RateLimit-Daily-Remaining"))
        if remaining is None and daily is None:
            return
        self.state = {
            "max": _number(headers.get("X-HubSpot-RateLimit-Max")),
            "remaining": remaining,
            "daily_remaining": daily,
            "resets_at": None,
        }
        interval = _number(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds")) or 10_000
        if daily == 0:
            self.state["resets_at"] = (now + _DAILY_PAUSE).isoformat()
        elif remaining == 0:
            pause = min(timedelta(milliseconds=interval), _LONGEST_INTERVAL)
            self.state["resets_at"] = (now + pause).isoformat()

    def _resets_at(self) -> datetime | None:
        text = self.state.get("resets_at")
        return datetime.fromisoformat(text) if text else None


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
