"""What of the CRM's side goes with age: events that were worked, and tries to write leads. The rest stays."""

from datetime import datetime

from django.db.models import QuerySet

from crm_sync.models import InboundEvent, PushTries
from plumbing.expiring import Expiry, delete


def _events(before: datetime) -> QuerySet[InboundEvent]:
    worked = InboundEvent.objects.exclude(status=InboundEvent.Status.WAITING)
    return worked.filter(received_at__lt=before).order_by("received_at")


def _tries(before: datetime) -> QuerySet[PushTries]:
    return PushTries.objects.filter(at__lt=before).order_by("at")


EXPIRIES = [
    Expiry(
        "events", "events from CRMs that were worked", "LEADOPS_KEEP_EVENTS", _events, delete(InboundEvent)
    ),
    Expiry("tries", "tries to write leads into CRMs", "LEADOPS_KEEP_TRIES", _tries, delete(PushTries)),
]
