"""What of the CRM's side goes with age: events that were worked. What still waits stays, and so do links and the outbox."""

from datetime import datetime

from django.db.models import QuerySet

from crm_sync.models import InboundEvent
from plumbing.expiring import Expiry, delete


def _events(before: datetime) -> QuerySet[InboundEvent]:
    worked = InboundEvent.objects.exclude(status=InboundEvent.Status.WAITING)
    return worked.filter(received_at__lt=before).order_by("received_at")


EXPIRIES = [
    Expiry(
        "events", "events from CRMs that were worked", "LEADOPS_KEEP_EVENTS", _events, delete(InboundEvent)
    )
]
