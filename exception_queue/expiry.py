"""What of the exception queue goes with age: what was settled, with its notes, and what was told of it."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from exception_queue import queue
from exception_queue.models import AlertMention, AlertNotice, ExceptionItem
from plumbing.expiring import Expiry, delete


def _settled(before: datetime) -> QuerySet[ExceptionItem]:
    items = ExceptionItem.objects.exclude(status__in=ExceptionItem.UNRESOLVED)
    return items.filter(resolved_at__lt=before).order_by("resolved_at")


def _alerts(before: datetime) -> QuerySet[AlertNotice]:
    """What mentions an item stays as long as the item: an open one would be told of again."""
    done = AlertNotice.objects.exclude(status=AlertNotice.Status.PENDING).filter(created_at__lt=before)
    return done.exclude(Exists(AlertMention.objects.filter(notice=OuterRef("pk")))).order_by("created_at")


EXPIRIES = [
    Expiry("exceptions", "settled exceptions", "LEADOPS_KEEP_EXCEPTIONS", _settled, queue.forget),
    Expiry("alerts", "alerts of settled exceptions", "LEADOPS_KEEP_EXCEPTIONS", _alerts, delete(AlertNotice)),
]
