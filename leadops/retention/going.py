"""The sweep that lets old rows go, what it has done, and what it still has to do.

Every minute it looks at the kinds whose turn it is, and works for at most `BUDGET` seconds in batches of `BATCH` rows; where
nothing is left it looks again an hour later. What goes is found by an index on its age, so looking costs little where nothing is
due.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.db.models import F

from leadops.models import RetentionMark
from plumbing.expiring import Expiry

BATCH = 500
BUDGET = 2.0
"""Seconds of one sweep."""
LOOK_AGAIN = timedelta(hours=1)
_LOGS = "*.log.*"


def expiries() -> list[Expiry]:
    """In the order in which they go: decisions before the turns that they used."""
    return [expiry for path in settings.LEADOPS_EXPIRIES for expiry in import_module(path).EXPIRIES]


def sweep(*, now: datetime, budget: float = BUDGET, batch: int = BATCH) -> int:
    """How many rows have gone."""
    until, gone = time.monotonic() + budget, 0
    waiting = {mark.key: mark.next_at for mark in RetentionMark.objects.all()}
    for expiry in expiries():
        if expiry.days > 0 and waiting.get(expiry.key, now) <= now:
            gone += _let_go(expiry, until=until, batch=batch, now=now)
    _old_logs(now=now)
    return gone


def counted(*, now: datetime) -> Iterator[tuple[Expiry, int]]:
    """How many rows of each kind would go."""
    for expiry in expiries():
        yield expiry, expiry.expired(now=now).count()


def _let_go(expiry: Expiry, *, until: float, batch: int, now: datetime) -> int:
    gone, complete = 0, False
    while time.monotonic() < until:
        try:
            went = expiry.remove_batch(most=batch, now=now)
        except OperationalError:  # somebody holds what refers to it: another time
            break
        gone += went
        if went < batch:
            complete = True
            break
    mark, _new = RetentionMark.objects.get_or_create(
        key=expiry.key, defaults={"last_at": now, "next_at": now}
    )
    RetentionMark.objects.filter(pk=mark.pk).update(
        last_at=now,
        next_at=now + LOOK_AGAIN if complete else now,
        removed=F("removed") + gone,
        complete_at=now if complete else F("complete_at"),
    )
    return gone


def _old_logs(*, now: datetime) -> None:
    """Logs that were moved aside, on this machine."""
    if settings.LEADOPS_KEEP_LOGS <= 0:
        return
    before = (now - timedelta(days=settings.LEADOPS_KEEP_LOGS)).timestamp()
    for path in (Path(settings.LEADOPS_DATA_DIR) / "logs").glob(_LOGS):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
