"""What routing knows about leads, read for many at once: who has them, how hot they are, by when somebody answers."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, Value, When

from routing.models import Assignment, Decision, LeadScore, SlaClock


@dataclass(frozen=True, slots=True)
class LeadState:
    """One lead. `clock` is the running clock, else the newest that was not cancelled: a cancelled one was never to be
    met. Its explanation is deferred.
    """

    assignment: Assignment | None = None
    score: LeadScore | None = None
    clock: SlaClock | None = None

    @property
    def running_clock(self) -> SlaClock | None:
        """While somebody still has to answer."""
        return self.clock if self.clock and self.clock.status == SlaClock.Status.RUNNING else None


def of_leads(lead_ids: Collection[UUID]) -> dict[UUID, LeadState]:
    """By lead, one for each. Three queries, whatever the number; owner, queue and the queue's CRM owner come along."""
    assignments = Assignment.objects.filter(lead__in=lead_ids).select_related(
        "owner", "queue__crm_owner", "sticky_owner"
    )
    assigned = {row.lead_id: row for row in assignments}
    scores = LeadScore.objects.in_bulk(list(lead_ids))
    running_first = Case(When(status=SlaClock.Status.RUNNING, then=Value(0)), default=Value(1))
    clocks = {
        clock.lead_id: clock
        for clock in SlaClock.objects.filter(lead__in=lead_ids)
        .exclude(status=SlaClock.Status.CANCELLED)
        .order_by("lead_id", running_first, "-started_at", "-pk")
        .distinct("lead_id")
        .defer("explanation")
    }
    return {
        lead_id: LeadState(assigned.get(lead_id), scores.get(lead_id), clocks.get(lead_id))
        for lead_id in lead_ids
    }


def last_decision(lead_id: UUID) -> Decision | None:
    """With the facts and the trace that it was made from."""
    return Decision.objects.filter(lead=lead_id).order_by("-at", "-pk").first()
