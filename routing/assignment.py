"""The only writer through which a lead gets an owner or a queue (rule 2). Every change is a history row (I3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from intake.models import TimelineEntry
from intake.timeline import record
from plumbing.bulk import insert_rows, update_rows
from routing.models import Assignment, Owner, Queue

_FIELDS = [
    "owner", "queue", "reason", "rule_name", "ruleset_version", "source", "actor", "automatic", "locked", "turn",
    "assigned_at", "sticky_owner", "sticky_since",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class StickyTo:
    """Whom a lead stays sticky to while somebody else has it, since their last assignment or contact."""

    owner_id: int
    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A lead goes to an owner or to a queue. `automatic` ones count toward caps; `locked` None leaves the lock as it is."""

    lead_id: UUID
    to: Owner | Queue
    reason: str
    source: str
    actor: str = ""
    rule_name: str = ""
    ruleset_version: int | None = None
    automatic: bool = False
    turn_id: int | None = None
    turn_number: int | None = None
    locked: bool | None = None
    sticky_to: StickyTo | None = None


def assign(moves: Sequence[Move], *, now: datetime) -> dict[UUID, Assignment]:
    """Write who has these leads, in the caller's transaction, which holds the leads' locks; at most one move per lead.

    Leaves a timeline entry and a history row per move.
    """
    by_lead = {move.lead_id: move for move in moves}
    if len(by_lead) != len(moves):
        raise ValueError("A lead can be moved once at a time.")
    # Locked first, then who they are: a join would still show whom PostgreSQL saw before it waited for the lock.
    held = Assignment.objects.select_for_update().filter(lead__in=by_lead).order_by("lead_id")
    keys = list(held.values_list("pk", flat=True))
    rows = Assignment.objects.select_related("owner", "queue").filter(pk__in=keys) if keys else ()
    existing = {row.lead_id: row for row in rows}
    entries: list[TimelineEntry] = []
    created: list[Assignment] = []
    changed: list[Assignment] = []
    for lead_id, move in sorted(by_lead.items()):
        row = existing.get(lead_id)
        entries.append(_entry(move, row, now=now))
        if row is None:
            row = Assignment(lead_id=lead_id)
            created.append(row)
        else:
            changed.append(row)
        _fill(row, move, now=now)
    if created:
        insert_rows(created)
        Assignment.history.bulk_history_create(created, default_date=now)
    if changed:
        update_rows(changed, fields=_FIELDS)
        Assignment.history.bulk_history_create(changed, update=True, default_date=now)
    record(entries)
    return {row.lead_id: row for row in (*created, *changed)}


def assign_rows(rows: Sequence[Move], *, now: datetime) -> None:
    """The batch writer of the pipeline."""
    assign(rows, now=now)


def _fill(row: Assignment, move: Move, *, now: datetime) -> None:
    row.owner, row.queue = (move.to, None) if isinstance(move.to, Owner) else (None, move.to)
    row.reason, row.rule_name = move.reason[:300], move.rule_name
    row.ruleset_version, row.source, row.actor = move.ruleset_version, move.source, move.actor
    row.automatic, row.turn_id, row.assigned_at = move.automatic, move.turn_id, now
    row.sticky_owner_id = move.sticky_to.owner_id if move.sticky_to else None
    row.sticky_since = move.sticky_to.since if move.sticky_to else None
    if move.locked is not None:
        row.locked = move.locked
    # Read by simple-history when it writes the row.
    row._change_reason = move.reason[:100]  # type: ignore[attr-defined]


def _entry(move: Move, before: Assignment | None, *, now: datetime) -> TimelineEntry:
    to, name = move.to, move.to.name
    said = {"owner": to.email, "name": name} if isinstance(to, Owner) else {"queue": name, "name": name}
    data: dict[str, Any] = {"to": said, "reason": move.reason}
    if before is not None:
        holder = before.owner or before.queue
        data["from"] = {"name": holder.name if holder else "Nobody"}
    if move.rule_name:
        data["rule"] = move.rule_name
    if move.sticky_to is not None:
        data["stands_in_for"] = move.sticky_to.name
    if move.turn_number is not None:
        data["turn"] = move.turn_number
    verb = "routing.assigned" if before is None else "routing.reassigned"
    return TimelineEntry(
        lead_id=move.lead_id, at=now, verb=verb, actor=move.actor, source=move.source, data=data
    )


def forget_turns(turns: Collection[int]) -> None:
    """These turns are about to go for their age. Who has the lead stays as it is, so there is no history of it."""
    Assignment.objects.filter(turn__in=list(turns)).update(turn=None)
