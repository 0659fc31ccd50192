"""HubSpot's rate headers. Search calls have none."""

from collections.abc import Mapping
from datetime import timedelta

from crm_sync.connectors.budget import RateLimits

_PREFIX = "X-HubSpot-RateLimit"
_USUAL_INTERVAL = 10_000


def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
    remaining = _number(headers.get(f"{_PREFIX}-Remaining"))
    daily = _number(headers.get(f"{_PREFIX}-Daily-Remaining"))
    if remaining is None and daily is None:
        return None
    interval = _number(headers.get(f"{_PREFIX}-Interval-Milliseconds")) or _USUAL_INTERVAL
    return RateLimits(
        most=_number(headers.get(f"{_PREFIX}-Max")),
        remaining=remaining,
        interval=timedelta(milliseconds=interval),
        daily_remaining=daily,
    )


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
