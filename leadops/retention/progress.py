"""How far the removal of old rows has got, for doctor and Prometheus."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from leadops.models import RetentionMark
from leadops.retention import going
from plumbing.findings import Finding

TOO_LONG = timedelta(days=2)
"""A kind that has not been worked through for so long is behind."""


def behind(*, now: datetime) -> list[str]:
    """Titles of the kinds that are."""
    marks = {mark.key: mark for mark in RetentionMark.objects.all()}
    return [
        expiry.title
        for expiry in going.expiries()
        if expiry.days > 0
        and (mark := marks.get(expiry.key)) is not None
        and now - (mark.complete_at or mark.last_at) > TOO_LONG
    ]


def check_retention() -> Iterator[Finding]:
    """For doctor."""
    late = behind(now=timezone.now())
    if late:
        yield Finding(
            "warn",
            f"What is old enough to go does not go: {', '.join(late)}.",
            "See that beat and a worker for the queue “default” run; `manage.py retention --dry-run` says how much waits.",
        )
    else:
        yield Finding("ok", "What is old enough to go has gone.")
