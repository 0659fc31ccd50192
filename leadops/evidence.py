"""Answers that somebody claims and that no CRM shows: routing has the claims, crm_sync knows where proof could stand."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from crm_sync.models import CrmLink
from routing.models import SlaClock
from routing.response import clocks


def claims_without_proof(*, now: datetime) -> QuerySet[SlaClock]:
    """Claimed more than a business day ago, of leads with a record in an active CRM: what people log there would be the proof."""
    links = CrmLink.objects.filter(lead=OuterRef("lead"), connection__active=True, gone_at=None)
    return clocks.claims_without_proof(now=now).filter(Exists(links))
