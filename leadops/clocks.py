"""Clocks that differ: each worker compares its own with PostgreSQL's at its heartbeat, and `doctor` reads what they found."""

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

_KEY = "leadops:clocks"
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """`ahead` is in seconds, of PostgreSQL's clock; negative behind it."""

    machine: str
    ahead: float


def ours() -> Clock:
    """Asks PostgreSQL; wrong by at most half of what the question took."""
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: datetime = cursor.fetchone()[0]
    middle = before + (timezone.now() - before) / 2
    return Clock(socket.gethostname(), (middle - there).total_seconds())


def report() -> None:
    """Leaves what this machine's clock says for `of_workers`. Two that report in the same instant may lose one, for 5 seconds."""
    clock = ours()
    found = {**(cache.get(_KEY) or {}), clock.machine: [clock.ahead, datetime.now(UTC).isoformat()]}
    cache.set(_KEY, found, timeout=int(KEPT.total_seconds()))


def of_workers() -> list[Clock]:
    """Of all machines whose workers have reported within the hour."""
    oldest = datetime.now(UTC) - KEPT
    found = (cache.get(_KEY) or {}).items()
    return [
        Clock(machine, ahead)
        for machine, (ahead, at) in found
        if abs(datetime.fromisoformat(at) - oldest) < KEPT * 2
    ]
