"""The list of leads: what each row shows beside the lead itself, read for a whole page at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from unfold.views import ChangeList

from crm_sync import crm_state
from crm_sync.crm_state import CrmState
from intake.models import Lead
from routing.models import Assignment, LeadScore, SlaClock


@dataclass(frozen=True, slots=True)
class Related:
    """What the layers above intake know about one lead."""

    assignment: Assignment | None
    score: LeadScore | None
    clock: SlaClock | None
    crm: CrmState | None


class LeadChangeList(ChangeList):
    """Seven queries for the page, whatever its length."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = related([lead.pk for lead in self.result_list])
        for lead in self.result_list:
            lead.related = found[lead.pk]


def related(lead_ids: Sequence[UUID]) -> dict[UUID, Related]:
    """By lead. The clock is the running one, else the newest."""
    assignments = {
        row.lead_id: row
        for row in Assignment.objects.filter(lead__in=lead_ids).select_related("owner", "queue")
    }
    scores = LeadScore.objects.in_bulk(list(lead_ids))
    clocks: dict[UUID, SlaClock] = {}
    for clock in SlaClock.objects.filter(lead__in=lead_ids).defer("explanation").order_by("started_at"):
        known = clocks.get(clock.lead_id)
        if known is None or known.status != SlaClock.Status.RUNNING:
            clocks[clock.lead_id] = clock
    crm = crm_state.of_leads(lead_ids)
    return {
        lead_id: Related(
            assignment=assignments.get(lead_id),
            score=scores.get(lead_id),
            clock=clocks.get(lead_id),
            crm=crm[lead_id][0] if crm[lead_id] else None,
        )
        for lead_id in lead_ids
    }


def place_of(lead: Lead) -> str:
    """ "Berlin, DE" """
    return ", ".join(filter(None, (lead.city, lead.state if not lead.city else "", lead.country)))


@dataclass(frozen=True, slots=True)
class Due:
    """A clock in words and a time that says the rest ("in 22 min", "7 min late") where it `counts`. `share` is the
    percent of its time that has gone, at most 100.
    """

    word: str
    tone: str
    icon: str
    at: datetime
    counts: bool
    share: int


def due_of(clock: SlaClock | None, *, now: datetime) -> Due | None:
    """None without a clock."""
    if clock is None:
        return None
    if clock.status == SlaClock.Status.RUNNING:
        whole = (clock.due_at - clock.started_at).total_seconds() or 1.0
        gone = (now - clock.started_at).total_seconds()
        share = max(0, min(100, round(100 * gone / whole)))
        if clock.due_at <= now:
            return Due("", "danger", "timer_off", clock.due_at, True, 100)
        return Due("due", "warning" if share >= 75 else "info", "timer", clock.due_at, True, share)
    if clock.status == SlaClock.Status.MET and clock.met_at is not None:
        in_time = clock.met_at <= clock.due_at
        word = "answered in time" if in_time else "answered late"
        return Due(word, "success" if in_time else "warning", "task_alt", clock.met_at, False, 100)
    return Due("stopped", "plain", "timer_pause", clock.due_at, False, 100)


SEGMENTS: dict[str, tuple[str, str]] = {
    # segment: (tone, icon); the word stands beside, so that colour is never alone.
    "hot": ("danger", "local_fire_department"),
    "warm": ("warning", "sunny"),
    "cold": ("info", "ac_unit"),
    "disqualified": ("plain", "block"),
}

STATUS_TONES: dict[str, str] = {
    Lead.Status.NEW: "info",
    Lead.Status.WORKING: "primary",
    Lead.Status.CONTACTED: "success",
    Lead.Status.QUALIFIED: "success",
    Lead.Status.CUSTOMER: "success",
    Lead.Status.NURTURE: "plain",
    Lead.Status.DISQUALIFIED: "warning",
    Lead.Status.CLOSED_LOST: "warning",
    Lead.Status.SPAM: "danger",
}


def segment_look(segment: str) -> dict[str, Any]:
    tone, icon = SEGMENTS.get(segment, ("plain", "help"))
    return {"word": segment, "tone": tone, "icon": icon}
