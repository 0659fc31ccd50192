"""Sweeps over SLA clocks: breaches are written down, steps that are due are done, holding queues are released.

The lead is the lock: a step is done while its lead is held, so that a contact at the same instant either stops it or comes after.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from intake.models import Lead, TimelineEntry
from intake.timeline import record
from plumbing.nudges import nudge
from routing.handover.again import Again, fallback_queue, give_to, rotation_of
from routing.handover.plan import By
from routing.models import Absence, Assignment, OwnerNotice, Queue, SlaClock, SlaStep
from routing.notices.sending import write_notices
from routing.response.calendars import local_date

MOST_AUTOMATIC_REASSIGNS = 2
TRY_AGAIN = timedelta(minutes=15)
BATCH = 200


def run_due_steps() -> int:
    """Write down breaches, then do every step that is due; returns the number of steps done."""
    note_breaches()
    done = 0
    while ids := _due_steps():
        worked = [_do_one(step_id, lead_id) for step_id, lead_id in ids]
        done += sum(worked)
        if not any(worked):
            break
    if done:
        nudge("routing.send_notices")
    return done


def note_breaches() -> int:
    """A breach belongs to whoever owns the lead at that instant."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {SlaClock._meta.db_table} AS c SET breached_at = c.due_at, breached_owner_id = a.owner_id
            FROM {Assignment._meta.db_table} AS a
            WHERE a.lead_id = c.lead_id AND c.status = 'running' AND c.breached_at IS NULL AND c.due_at <= %s
            RETURNING c.lead_id, c.due_at, c.policy_name
            """,
            [now],
        )
        breaches = cursor.fetchall()
        record(
            [
                TimelineEntry(
                    lead_id=lead_id, at=due_at, verb="routing.breached", source="sla", data={"policy": policy}
                )
                for lead_id, due_at, policy in breaches
            ]
        )
    return len(breaches)


def _due_steps() -> list[tuple[int, UUID]]:
    rows = SlaStep.objects.filter(
        status=SlaStep.Status.PENDING, due_at__lte=timezone.now(), clock__status=SlaClock.Status.RUNNING
    )
    return list(rows.order_by("due_at", "position").values_list("pk", "clock__lead_id")[:BATCH])


def _do_one(step_id: int, lead_id: UUID) -> bool:
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=lead_id).first()
        if lead is None:
            return False  # Somebody holds it; the next sweep looks again.
        step = SlaStep.objects.select_related("clock").get(pk=step_id)
        now = timezone.now()
        still_due = step.status == SlaStep.Status.PENDING and step.due_at <= now
        if not still_due or step.clock.status != SlaClock.Status.RUNNING:
            return False
        step.attempts += 1
        result = _do(step, lead, now=now)
        if result is not None:
            step.status, step.done_at, step.result = SlaStep.Status.DONE, now, result[:300]
        step.save()
        return True


def _do(step: SlaStep, lead: Lead, *, now: datetime) -> str | None:
    """Do the step; what was done, in words. None: it is tried again at `step.due_at`, which has been moved."""
    assignment = Assignment.objects.select_related("owner__team__manager", "queue__team__manager").get(
        lead=lead
    )
    match step.do:
        case "remind_owner":
            if assignment.owner is None:
                return "Nobody owns it, so nobody was reminded."
            _notify(step, lead, OwnerNotice(owner=assignment.owner, kind=OwnerNotice.Kind.REMINDER), now=now)
            return f"{assignment.owner.name} is reminded."
        case "notify_manager":
            return _notify_manager(step, lead, assignment, now=now)
        case "notify_team" | "notify_channel":
            team = (
                assignment.owner.team
                if assignment.owner
                else assignment.queue.team
                if assignment.queue
                else None
            )
            if team is None:
                return "No team to tell."
            _notify(step, lead, OwnerNotice(team=team, kind=OwnerNotice.Kind.OVERDUE), now=now)
            return f"{team.name} is told."
        case "reassign":
            return _reassign(step, lead, assignment, now=now)
        case "queue":
            queue = (
                Queue.objects.select_related("team")
                .filter(name=step.params.get("queue", ""), active=True)
                .first()
            )
            return _to_queue(step, lead, assignment, queue or fallback_queue(), now=now)
        case "owner_away":
            return _set_away(assignment, now=now)
    return f"“{step.do}” is not something that a step can do here yet."


def _notify(step: SlaStep, lead: Lead, notice: OwnerNotice, *, now: datetime) -> None:
    notice.lead, notice.cause, notice.due_at, notice.created_at = lead, f"step:{step.pk}", now, now
    write_notices([notice], now=now)
    _note(step, lead, f"{notice.get_kind_display()}: {notice.owner or notice.team}", now=now)


def _notify_manager(step: SlaStep, lead: Lead, assignment: Assignment, *, now: datetime) -> str:
    team = assignment.owner.team if assignment.owner else assignment.queue.team if assignment.queue else None
    if team is None or team.manager is None:
        return "No manager to tell: set one on the team."
    _notify(step, lead, OwnerNotice(owner=team.manager, kind=OwnerNotice.Kind.OVERDUE), now=now)
    return f"{team.manager.name} is told."


def _set_away(assignment: Assignment, *, now: datetime) -> str:
    """Whoever does not answer gets no more leads today, in their own zone; an absence that a manager can take back."""
    owner = assignment.owner
    if owner is None:
        return "Nobody owns it, so nobody was set away."
    today = local_date(owner, now).date()
    here = Absence.objects.filter(owner=owner, active=True, starts_on__lte=today, ends_on__gte=today)
    if here.exists():
        return f"{owner.name} is away already."
    Absence.objects.create(owner=owner, starts_on=today, ends_on=today, reason="did not answer in time")
    return f"{owner.name} is set away for today."


def _reassign(step: SlaStep, lead: Lead, assignment: Assignment, *, now: datetime) -> str | None:
    clock = step.clock
    if assignment.locked:
        return "A person fixed the owner, so it stays."
    if clock.reassigns >= MOST_AUTOMATIC_REASSIGNS:
        return _to_queue(step, lead, assignment, fallback_queue(), now=now)
    rotation = rotation_of(lead.pk)
    if rotation is None:
        return _to_queue(step, lead, assignment, fallback_queue(), now=now)
    again = Again.of([lead], now=now)
    if closed := again.nobody_on_duty(rotation, exclude=again.past_owners[lead.pk]):
        # The owner stays; the manager hears of it once; it is tried again when somebody is there.
        if step.attempts == 1:
            _notify_manager(step, lead, assignment, now=now)
        step.due_at = closed.opens_at or now + TRY_AGAIN
        step.result = "Nobody is on duty; it is tried again at the next opening."
        return None
    ask = again.through(rotation, lead.pk, by=_by(step), on_duty_only=True)
    row = again.hand_over([ask]).get(lead.pk)
    if row is None:
        return f"Nobody else could take it, so it stays with {assignment.owner or assignment.queue}."
    clock.reassigns += 1
    clock.save(update_fields=["reassigns"])
    return f"Went to {row.owner or row.queue}."


def _to_queue(step: SlaStep, lead: Lead, assignment: Assignment, queue: Queue, *, now: datetime) -> str:
    if assignment.queue_id == queue.pk:
        return f"It is in {queue.name} already."
    give_to(queue, lead, by=_by(step), now=now)
    return f"Went to {queue.name}."


def _by(step: SlaStep) -> By:
    reason = f"Not answered in time ({step.clock.policy_name})"
    return By(source=Assignment.Source.SLA, actor="SLA", reason=reason)


def _note(step: SlaStep, lead: Lead, text: str, *, now: datetime) -> None:
    data = {"step": step.do, "at": step.at, "text": text, "policy": step.clock.policy_name}
    record([TimelineEntry(lead=lead, at=now, verb="routing.escalated", actor="SLA", source="sla", data=data)])
