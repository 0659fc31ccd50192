"""First-response clocks: started with the hand-off, stopped by a contact. Policy and due time are frozen at the start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from intake.models import TimelineEntry
from intake.timeline import record
from plumbing.bulk import insert_rows, update_rows
from routing.engine import sla as engine
from routing.engine.business_time import Calendar
from routing.engine.durations import Clock
from routing.engine.opening_hours import CalendarError
from routing.engine.ruleset import CompiledSlaPolicy
from routing.models import Owner, Queue, SlaClock, SlaStep, WorkCalendar
from routing.response.calendars import calendar_of, owner_calendar_row, team_calendar_row

CLAIMED, VERIFIED = "claimed", "verified"
# A call is logged by the end of the next working day, or nobody made it.
PROOF_WITHIN = "1bd"
ROUND_THE_CLOCK = Calendar.from_json(
    {"name": "Round the clock", "timezone": "UTC", "hours": {"mon-sun": ["00:00-24:00"]}}
)


@dataclass(frozen=True, slots=True)
class Start:
    """A clock to start. `counts_from` is when the customer's submission was received, `assigned_at` since when the holder has
    the lead."""

    lead_id: UUID
    policy: CompiledSlaPolicy
    ruleset_version: int
    counts_from: datetime
    assigned_at: datetime
    owner: Owner | None
    queue: Queue | None


def draft(start: Start) -> tuple[SlaClock, list[SlaStep]]:
    """The clock and its steps, unsaved. A calendar that is missing or never opens counts round the clock, and says so."""
    row = _calendar_row(start)
    calendar, note = _usable(row, start.policy.clock)
    due = engine.due_at(
        start.counts_from, start.policy.first_response, clock=start.policy.clock, calendar=calendar
    )
    explanation: list[dict[str, Any]] = calendar.explain(start.counts_from, due)
    if note:
        explanation.insert(0, {"note": note})
    clock = SlaClock(
        lead_id=start.lead_id,
        policy_name=start.policy.name,
        ruleset_version=start.ruleset_version,
        kind=start.policy.clock,
        calendar=row,
        first_response=start.policy.first_response,
        started_at=start.counts_from,
        due_at=due,
        explanation=explanation,
    )
    steps = [
        SlaStep(
            position=step.position,
            at=step.at,
            counted_from=step.counted_from,
            do=step.do,
            params=dict(step.params),
            due_at=step.due_at,
        )
        for step in engine.steps_at(
            start.policy,
            customer_start=start.counts_from,
            owner_start=start.assigned_at,
            calendar=calendar,
        )
    ]
    return clock, steps


def write_clocks(rows: Sequence[tuple[SlaClock, list[SlaStep]]], *, now: datetime) -> None:
    """The batch writer for new clocks and those that a returning lead has shortened."""
    new = [clock for clock, _ in rows if clock.pk is None]
    insert_rows(new)
    for clock, steps in rows:
        for step in steps:
            step.clock = clock
    insert_rows([step for _, steps in rows for step in steps])
    record(
        [
            TimelineEntry(
                lead_id=clock.lead_id,
                at=now,
                verb="routing.clock_started",
                source="sla",
                data={
                    "policy": clock.policy_name,
                    "due_at": clock.due_at.isoformat(),
                    "within": clock.first_response,
                },
            )
            for clock in new
        ]
    )


def shorten(clock: SlaClock, start: Start) -> None:
    """A returning lead can only make it more urgent: due time and steps move earlier, never later."""
    draft_clock, draft_steps = draft(start)
    if draft_clock.due_at >= clock.due_at:
        return
    clock.due_at, clock.policy_name = draft_clock.due_at, draft_clock.policy_name
    clock.explanation, clock.first_response = draft_clock.explanation, draft_clock.first_response
    clock.save()
    clock.steps.filter(status=SlaStep.Status.PENDING).update(
        status=SlaStep.Status.SKIPPED, result="Replaced: the lead came back as more urgent."
    )
    first = clock.steps.count()
    for step in draft_steps:
        step.clock, step.position = clock, first + step.position
    insert_rows(draft_steps)


def start_owner_clocks(rows: Sequence[UUID], *, now: datetime) -> None:
    """Somebody else has these leads: steps that are still to come and count from the assignment count from this one. What was
    done is not done again. The caller holds the leads."""
    steps = list(
        SlaStep.objects.select_related("clock__calendar").filter(
            clock__lead__in=rows,
            clock__status=SlaClock.Status.RUNNING,
            status=SlaStep.Status.PENDING,
            counted_from="owner",
        )
    )
    for step in steps:
        clock = step.clock
        calendar, _ = _usable(clock.calendar, clock.kind)
        step.due_at = engine.step_due(
            step.at, now, first_response=clock.first_response, clock=_kind(clock), calendar=calendar
        )
    update_rows(steps, fields=["due_at"])


def meet(clock: SlaClock, *, at: datetime, by: str, evidence: str) -> None:
    """Somebody has answered. What is still to come on this clock is skipped."""
    clock.status, clock.met_at, clock.met_by, clock.evidence = SlaClock.Status.MET, at, by, evidence
    if evidence == CLAIMED:
        calendar, _ = _usable(clock.calendar, clock.kind)
        clock.proof_due_at = engine.due_at(at, PROOF_WITHIN, clock=_kind(clock), calendar=calendar)
    clock.save(update_fields=["status", "met_at", "met_by", "evidence", "proof_due_at"])
    _skip_steps(clock, "The lead was contacted.")


def prove(lead_id: UUID, *, at: datetime) -> None:
    """Somebody was seen to answer at this moment: what was claimed of a clock that had begun by then is verified."""
    claimed = SlaClock.objects.filter(
        lead=lead_id, status=SlaClock.Status.MET, evidence=CLAIMED, started_at__lte=at
    )
    claimed.update(evidence=VERIFIED, proof_due_at=None)


def claims_without_proof(*, now: datetime) -> QuerySet[SlaClock]:
    """Answers that somebody claims and that should have been seen in the CRM by now. A manager asks."""
    return SlaClock.objects.filter(proof_due_at__lte=now)


def cancel(clock: SlaClock, *, reason: str) -> None:
    """Nobody has to answer any more."""
    clock.status = SlaClock.Status.CANCELLED
    clock.save(update_fields=["status"])
    _skip_steps(clock, reason)


def running(lead_ids: Sequence[UUID]) -> dict[UUID, SlaClock]:
    """The running clocks of these leads, locked. The caller holds the leads: whoever holds a lead may change its clock."""
    rows = SlaClock.objects.select_for_update(of=("self",)).filter(
        lead__in=lead_ids, status=SlaClock.Status.RUNNING
    )
    return {clock.lead_id: clock for clock in rows.order_by("pk")}


def _skip_steps(clock: SlaClock, why: str) -> None:
    clock.steps.filter(status=SlaStep.Status.PENDING).update(status=SlaStep.Status.SKIPPED, result=why)


def _kind(clock: SlaClock) -> Clock:
    kind: Clock = clock.kind  # type: ignore[assignment]
    return kind


def _calendar_row(start: Start) -> WorkCalendar | None:
    if start.policy.clock == "wall":
        return None
    if start.policy.clock == "owner" and start.owner is not None:
        return owner_calendar_row(start.owner)
    return team_calendar_row(start.owner, start.queue)


def _usable(row: WorkCalendar | None, kind: str) -> tuple[Calendar, str]:
    if kind == "wall":
        return ROUND_THE_CLOCK, ""
    try:
        calendar = calendar_of(row)
    except CalendarError as error:
        return ROUND_THE_CLOCK, f"Counted round the clock: {error}"
    if calendar is None:
        return ROUND_THE_CLOCK, "Counted round the clock: no calendar is set for whoever answers."
    return calendar, ""
