"""Whether the CRMs are in step with leads: links, outbox and changes not yet taken up, joined from above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from intake.models import LeadChange

State = Literal["in_sync", "waiting", "gave_up", "absent"]


@dataclass(frozen=True, slots=True)
class CrmState:
    """One lead in one CRM. `error` is the CRM's last words about it, `waits_since` when the push was asked for."""

    connection: CrmConnection
    state: State
    remote_id: str = ""
    pushed_version: int = 0
    pushed_at: datetime | None = None
    shown_owner: str = ""
    error: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    waits_since: datetime | None = None
    stopped: tuple[str, ...] = ()

    @property
    def in_sync(self) -> bool:
        return self.state == "in_sync"

    @property
    def name(self) -> str:
        return self.connection.get_kind_display()

    @property
    def words(self) -> str:
        return {
            "in_sync": "in sync",
            "waiting": "waiting" if not self.error else "trying again",
            "gave_up": "refused",
            "absent": "not there",
        }[self.state]

    @property
    def tone(self) -> str:
        return {"in_sync": "success", "waiting": "warning", "gave_up": "danger", "absent": "info"}[self.state]


def of_leads(lead_ids: Sequence[UUID]) -> dict[UUID, list[CrmState]]:
    """By lead, the primary connection first: every active connection, and inactive ones that have the lead. Four queries."""
    found: dict[UUID, list[CrmState]] = {lead_id: [] for lead_id in lead_ids}
    connections = {row.pk: row for row in CrmConnection.objects.order_by("-primary", "key")}
    if not lead_ids or not connections:
        return found
    links = {(row.lead_id, row.connection_id): row for row in CrmLink.objects.filter(lead__in=lead_ids)}
    entries = {(row.lead_id, row.connection_id): row for row in OutboxEntry.objects.filter(lead__in=lead_ids)}
    changed = set(LeadChange.objects.filter(lead__in=lead_ids).values_list("lead_id", flat=True))
    for lead_id in lead_ids:
        for pk, connection in connections.items():
            link, entry = links.get((lead_id, pk)), entries.get((lead_id, pk))
            if connection.active or link is not None or entry is not None:
                found[lead_id].append(_state(connection, link, entry, changed=lead_id in changed))
    return found


def _state(
    connection: CrmConnection, link: CrmLink | None, entry: OutboxEntry | None, *, changed: bool
) -> CrmState:
    state: State = "in_sync" if link is not None else "absent"
    if entry is not None:
        state = "gave_up" if entry.status == OutboxEntry.Status.DEAD else "waiting"
    elif changed and connection.active:
        state = "waiting"
    return CrmState(
        connection=connection,
        state=state,
        remote_id=link.remote_id if link else "",
        pushed_version=link.pushed_version if link else 0,
        pushed_at=link.pushed_at if link else None,
        shown_owner=link.shown_owner if link else "",
        error=entry.last_error if entry else "",
        attempts=entry.attempts if entry else 0,
        due_at=entry.due_at if entry else None,
        waits_since=entry.created_at if entry else None,
        stopped=tuple(link.stopped) if link else (),
    )
