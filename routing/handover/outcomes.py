"""What became of leads elsewhere: a deal of theirs was won, lost, or is open again. No sales clock runs on after that."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction

from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead
from routing.models import OwnerNotice
from routing.notices.sending import cancel
from routing.response import clocks

Outcome = Literal["won", "lost", "reopened"]
Status = Lead.Status

_TOUCHED = (Status.NEW, Status.WORKING, Status.CONTACTED, Status.QUALIFIED, Status.NURTURE)
# What a lead is afterwards, and from which statuses on: what a person has said of it otherwise stays.
_BECOMES: Mapping[Outcome, tuple[Status, Collection[str]]] = {
    "won": (Status.CUSTOMER, (*_TOUCHED, Status.CLOSED_LOST)),
    "lost": (Status.CLOSED_LOST, _TOUCHED),
    "reopened": (Status.QUALIFIED, (Status.CLOSED_LOST,)),
}
_WORDS: Mapping[Outcome, str] = {
    "won": "The deal was won",
    "lost": "The deal was lost",
    "reopened": "The deal is open again",
}
_WAITING = (
    OwnerNotice.Kind.ASSIGNED,
    OwnerNotice.Kind.RETURNED,
    OwnerNotice.Kind.REMINDER,
    OwnerNotice.Kind.OVERDUE,
)


def settle(outcomes: Mapping[UUID, Outcome], *, source: str, now: datetime) -> set[UUID]:
    """Give these leads the status that their deal has given them, and end their clocks and what is still to be sent about
    them; one transaction. Returns those whose status is another now."""
    with transaction.atomic():
        leads = Lead.objects.select_for_update(no_key=True).filter(pk__in=outcomes, merged_into=None)
        settled = {
            lead.pk: outcomes[lead.pk]
            for lead in leads.order_by("pk")
            if lead.status in _BECOMES[outcomes[lead.pk]][1]
        }
        for lead_id, clock in clocks.running(list(settled)).items():
            clocks.cancel(clock, reason=f"{_WORDS[settled[lead_id]]}.")
        cancel(list(settled), kinds=_WAITING)
        edits = [
            LeadEdit(pk, {"status": _BECOMES[outcome][0]}, reason=_WORDS[outcome])
            for pk, outcome in settled.items()
        ]
        return {lead.pk for lead in edit_leads(edits, actor="", source=source, now=now)}
