"""The console's pages of this layer."""

from routing.admin import (
    calendars,
    owners,
    response_times,
    rotations,
    rules,
    rulesets,
    scoring,
    teams,
    territories,
)

__all__ = [
    "calendars",
    "owners",
    "response_times",
    "rotations",
    "rules",
    "rulesets",
    "scoring",
    "teams",
    "territories",
]
