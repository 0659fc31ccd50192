"""The list of leads: what each row shows beside the lead itself, read for a whole page at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from unfold.views import ChangeList

from intake.models import Lead
from leadops import lead_view
from routing.models import SlaClock


class LeadChangeList(ChangeList):
    """Seven queries for the page, whatever its length."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        views = lead_view.of_leads([lead.pk for lead in self.result_list])
        for lead in self.result_list:
            lead.view = views[lead.pk]


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
