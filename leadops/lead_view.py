"""A lead as every layer knows it: the one join that the console and the API read."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from crm_sync import crm_state
from crm_sync.crm_state import CrmState
from routing import lead_state
from routing.models import Assignment, LeadScore, SlaClock

_URGENCY = ("danger", "warning", "success", "info")


@dataclass(frozen=True, slots=True)
class LeadView:
    """What routing and the CRMs say about one lead. `clock` as in `routing.lead_state`; the primary CRM comes first."""

    assignment: Assignment | None
    score: LeadScore | None
    clock: SlaClock | None
    crm: list[CrmState]

    @property
    def crm_in_short(self) -> CrmState | None:
        """The CRM that has most against the lead, of those that it belongs into; the primary one where all are alike."""
        return min(self.meant_for or self.crm, key=lambda state: _URGENCY.index(state.tone), default=None)

    @property
    def meant_for(self) -> list[CrmState]:
        """CRMs that the lead belongs into."""
        return [state for state in self.crm if state.state not in ("elsewhere", "moved")]


def of_leads(lead_ids: Collection[UUID]) -> dict[UUID, LeadView]:
    """By lead, one for each. Seven queries, whatever the number."""
    states = lead_state.of_leads(lead_ids)
    assignments = {lead_id: state.assignment for lead_id, state in states.items()}
    crm = crm_state.of_leads(list(lead_ids), assignments=assignments)
    return {
        lead_id: LeadView(state.assignment, state.score, state.clock, crm[lead_id])
        for lead_id, state in states.items()
    }
