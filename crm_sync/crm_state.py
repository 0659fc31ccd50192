"""Whether the CRMs are in step with leads: links, outbox and changes not yet taken up, joined from above.

One rule, here: a lead is in sync when its record stands there as it should *with whom it belongs to*. A record without its
owner is a lead that nobody there will ever see.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from crm_sync import belonging
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from intake.models import Lead, LeadChange
from routing.models import Assignment

# `without_owner`: nobody owns the record there, and somebody should. `other_owner`: somebody else does.
# `gone`: the record was deleted there, or merged into another lead's. `observed`: the connection's mode is against writing it.
# `elsewhere`: the connection's conditions do not hold for it; `moved`: it has a record there from when they did, which is left as
# it stands.
State = Literal[
    "in_sync", "without_owner", "other_owner", "waiting", "gave_up", "gone", "observed", "elsewhere", "moved", "absent"
]  # fmt: skip
_TONES: Mapping[State, str] = {
    "in_sync": "success",
    "without_owner": "danger",
    "other_owner": "danger",
    "waiting": "warning",
    "gave_up": "danger",
    "gone": "danger",
    "observed": "info",
    "elsewhere": "info",
    "moved": "info",
    "absent": "info",
}
_GONE: Mapping[str, str] = {
    CrmLink.Gone.DELETED: "deleted in",
    CrmLink.Gone.ERASED: "erased for privacy in",
    CrmLink.Gone.MERGED: "merged into another lead's record in",
}


_MODES: Mapping[str, str] = {
    CrmConnection.Mode.OBSERVE: "is only observed",
    CrmConnection.Mode.TEST: "takes test leads only",
}


@dataclass(frozen=True, slots=True)
class CrmState:
    """One lead in one CRM. `error` is the CRM's last words about it, `waits_since` when the push was asked for.

    `shown_owner` is the e-mail address of whom the CRM shows, `owner` of whom it should show. `gone_how` says what became of
    a record that is gone; `left_gone`: a person wants no other.
    """

    connection: CrmConnection
    state: State
    remote_id: str = ""
    pushed_version: int = 0
    pushed_at: datetime | None = None
    shown_owner: str = ""
    owner: str = ""
    error: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    waits_since: datetime | None = None
    stopped: tuple[str, ...] = ()
    gone_how: str = ""
    left_gone: bool = False

    @property
    def in_sync(self) -> bool:
        return self.state == "in_sync"

    @property
    def lacks_owner(self) -> bool:
        """The record stands there, and not with whom it belongs to."""
        return self.state in ("without_owner", "other_owner")

    @property
    def name(self) -> str:
        return self.connection.crm_name

    @property
    def page(self) -> str:
        """Where people look at the record; "" where there is none, or nobody knows."""
        return "" if self.state == "gone" else self.connection.page_of(self.remote_id)

    @property
    def message(self) -> str:
        return {
            "in_sync": "in sync",
            "without_owner": f"in {self.name}, without owner",
            "other_owner": f"in {self.name}, with another owner",
            "waiting": "waiting" if not self.error else "trying again",
            "gave_up": "refused",
            "gone": f"{_GONE.get(self.gone_how, 'gone in')} {self.name}",
            "elsewhere": f"does not go to {self.name}: the connection's conditions do not hold",
            "moved": "left as it stands: the lead belongs into another CRM now",
            "observed": f"not written: {self.name} {_MODES.get(self.connection.mode, 'is switched off')}",
            "absent": "not there",
        }[self.state]

    @property
    def fix(self) -> str:
        """What a person can do, "" where nothing has to be done."""
        if self.state == "without_owner":
            return (
                f"{self.owner} is no active owner in {self.name}: invite them there with this address, or "
                "reassign the lead to somebody who is."
            )
        if self.state == "other_owner":
            shown = self.shown_owner or "Somebody else"
            return (
                f"{shown} owns it in {self.name}, {self.owner or 'nobody'} here: reassign the lead here, or change "
                "the owner there."
            )
        if self.state == "gone":
            return "" if self.left_gone else "The exception queue asks whether to make another."
        return "The exception queue says why." if self.state == "gave_up" else ""

    @property
    def tone(self) -> str:
        return "info" if self.left_gone else _TONES[self.state]


def owner_shown(assignment: Assignment | None) -> str:
    """The address of whom the CRM should show: the owner, or who stands in for the queue; "" for nobody."""
    if assignment is None:
        return ""
    person = assignment.owner or (assignment.queue.crm_owner if assignment.queue else None)
    return person.email.lower() if person else ""


def of_leads(
    lead_ids: Sequence[UUID], *, assignments: Mapping[UUID, Assignment | None]
) -> dict[UUID, list[CrmState]]:
    """By lead, the primary connection first: every active connection, and inactive ones that have the lead. Four queries, and
    six more for each connection that is not for all leads, where some of these have no record there; one more where a
    connection is in test mode.

    `assignments` come with their owner and their queue's `crm_owner`.
    """
    found: dict[UUID, list[CrmState]] = {lead_id: [] for lead_id in lead_ids}
    connections = {row.pk: row for row in CrmConnection.objects.order_by("-primary", "key")}
    if not lead_ids or not connections:
        return found
    links = {(row.lead_id, row.connection_id): row for row in CrmLink.objects.filter(lead__in=lead_ids)}
    entries = {(row.lead_id, row.connection_id): row for row in OutboxEntry.objects.filter(lead__in=lead_ids)}
    changed = set(LeadChange.objects.filter(lead__in=lead_ids).values_list("lead_id", flat=True))
    away = {
        pk: _away(
            connection, [one for one in lead_ids if (one, pk) not in links and (one, pk) not in entries]
        )
        for pk, connection in connections.items()
        if connection.active
    }
    tests = _tests(connections.values(), lead_ids)
    for lead_id in lead_ids:
        for pk, connection in connections.items():
            link, entry = links.get((lead_id, pk)), entries.get((lead_id, pk))
            if connection.active or link is not None or entry is not None:
                owner = owner_shown(assignments.get(lead_id))
                written = connection.writes_lead(is_test=lead_id in tests)
                state = _state_of(
                    connection, link, entry, owner=owner, changed=lead_id in changed, written=written
                )
                if lead_id in away.get(pk, ()):
                    state = "elsewhere"
                found[lead_id].append(_state(connection, link, entry, owner=owner, state=state))
    return found


def _tests(connections: Collection[CrmConnection], lead_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are test leads, where that makes a difference."""
    if not any(row.mode == CrmConnection.Mode.TEST for row in connections):
        return set()
    return set(Lead.objects.filter(pk__in=lead_ids, is_test=True).values_list("pk", flat=True))


def _away(connection: CrmConnection, lead_ids: Sequence[UUID]) -> set[UUID]:
    if not connection.when or not lead_ids:
        return set()
    return belonging.outside(connection, list(Lead.objects.filter(pk__in=lead_ids)))


def without_right_owner() -> QuerySet[CrmLink]:
    """Records that stand there as they should, but for their owner. Those still on their way are not among them."""
    should = Assignment.objects.filter(lead=OuterRef("lead")).values(
        email=Lower(Coalesce("owner__email", "queue__crm_owner__email", Value("")))
    )
    on_the_way = OutboxEntry.objects.filter(lead=OuterRef("lead"), connection=OuterRef("connection"))
    links = CrmLink.objects.annotate(owner=Coalesce(Subquery(should), Value("")))
    return links.exclude(shown_owner=F("owner")).filter(~Exists(on_the_way), gone_at=None)


def _state(
    connection: CrmConnection,
    link: CrmLink | None,
    entry: OutboxEntry | None,
    *,
    owner: str,
    state: State,
) -> CrmState:
    return CrmState(
        connection=connection,
        state=state,
        remote_id=link.remote_id if link else "",
        pushed_version=link.pushed_version if link else 0,
        pushed_at=link.pushed_at if link else None,
        shown_owner=link.shown_owner if link and link.gone_at is None else "",
        owner=owner,
        error=entry.last_error if entry else "",
        attempts=entry.attempts if entry else 0,
        due_at=entry.due_at if entry else None,
        waits_since=entry.created_at if entry else None,
        stopped=tuple(link.stopped) if link else (),
        gone_how=link.gone_how if link else "",
        left_gone=link.left_gone if link else False,
    )


def _state_of(
    connection: CrmConnection,
    link: CrmLink | None,
    entry: OutboxEntry | None,
    *,
    owner: str,
    changed: bool,
    written: bool,
) -> State:
    if link is not None and link.gone_at is not None:
        return "moved" if link.gone_how == CrmLink.Gone.MOVED else "gone"
    if entry is not None:
        return "gave_up" if entry.status == OutboxEntry.Status.DEAD else "waiting"
    if changed and written:
        return "waiting"
    if link is None:
        return "observed" if connection.active and not written else "absent"
    if link.shown_owner == owner:
        return "in_sync"
    return "other_owner" if link.shown_owner or not owner else "without_owner"
