"""How many calls of the last 24 hours the whole org has used, which every answer says. Nothing is said of shorter times."""

import re
from collections.abc import Mapping

from crm_sync.connectors.budget import RateLimits

_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})")


def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
    found = _USAGE.search(str(headers.get("Sforce-Limit-Info") or ""))
    if found is None:
        return None
    used, most = int(found[1]), int(found[2])
    return RateLimits(daily_remaining=max(0, most - used), daily_most=most)
