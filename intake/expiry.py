"""What of intake goes with age. Submissions and leads themselves stay."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from intake.models import Lead, Submission, TimelineEntry
from plumbing.expiring import Expiry, delete

OPEN = (Lead.Status.NEW, Lead.Status.WORKING)
SETTLED = (Submission.Status.HANDED_OFF, Submission.Status.REJECTED, Submission.Status.SPAM)


def at_rest(before: datetime, *, lead: str = "lead") -> Q:
    """Of leads that nobody has to answer, and that have not changed since."""
    return ~Q(**{f"{lead}__status__in": OPEN}) & Q(**{f"{lead}__updated_at__lt": before})


def _bodies(before: datetime) -> QuerySet[Submission]:
    settled = Submission.objects.filter(body_removed_at=None, status__in=SETTLED, received_at__lt=before)
    return settled.order_by("received_at")


def _empty(keys: Collection[Any]) -> None:
    """What was read out of it stays, and its hash, by which the same body is known again."""
    Submission.objects.filter(pk__in=list(keys)).update(
        body=b"", headers={}, raw_values={}, ip=None, body_removed_at=timezone.now()
    )


def _entries(before: datetime) -> QuerySet[TimelineEntry]:
    return TimelineEntry.objects.filter(at_rest(before), at__lt=before).order_by("at")


EXPIRIES = [
    Expiry("bodies", "bodies of submissions", "LEADOPS_KEEP_BODIES", _bodies, _empty),
    Expiry("timeline", "timeline entries", "LEADOPS_KEEP_TIMELINE", _entries, delete(TimelineEntry)),
]
