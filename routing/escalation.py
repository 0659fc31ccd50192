"""Sweeps over SLA clocks: breaches are written down, steps that are due are done, holding queues are released.

The lead is the lock: a step is done while its lead is held, so that a contact at the same instant either stops it or comes after.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from intake.models import Lead, TimelineEntry
from intake.timeline import record
from plumbing import dotted
from plumbing.nudges import nudge
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS
from routing.handover.again import Again, fallback_queue, give_to, rotation_of
from routing.handover.plan import By
from routing.models import Absence, Assignment, OwnerNotice, Queue, SlaClock, SlaStep, Team
from routing.notices.sending import SEND, write_notices
from routing.response.calendars import local_date

MOST_AUTOMATIC_REASSIGNS = 2
TRY_AGAIN = timedelta(minutes=15)
BATCH = 200


def run_due_steps(*, now: datetime) -> int:
    """Write down breaches, then do every step that is due at `now`; returns the number of steps done."""
    note_breaches(now=now)
    done = 0
    while ids := _due_steps(now):
        worked = [_do_one(step_id, lead_id, now=now) for step_id, lead_id in ids]
        done += sum(worked)
        if not any(worked):
            break
    if done:
        nudge(SEND)
    return done


def note_breaches(*, now: datetime) -> int:
    """A breach belongs to whoever owns the lead at that instant."""
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


def _due_steps(now: datetime) -> list[tuple[int, UUID]]:
    rows = SlaStep.objects.filter(
        status=SlaStep.Status.PENDING, due_at__lte=now, clock__status=SlaClock.Status.RUNNING
    )
    return list(rows.order_by("due_at", "position").values_list("pk", "clock__lead_id")[:BATCH])


def _do_one(step_id: int, lead_id: UUID, *, now: datetime) -> bool:
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=lead_id).first()
        if lead is None:
            return False  # Somebody holds it; the next sweep looks again.
        step = SlaStep.objects.select_related("clock").get(pk=step_id)
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
    # Rules that were published when this was a kind of its own meant the team.
    kind = STEP_KINDS.get("notify_team" if step.do == "notify_channel" else step.do)
    if kind is None:
        return NOT_ACTIVE_YET.get(step.do, f"“{step.do}” is nothing that a step can do.")
    assignment = Assignment.objects.select_related("owner__team__manager", "queue__team__manager").get(
        lead=lead
    )
    result: str | None = dotted.resolve(kind.run)(DueStep(step, lead, assignment, now))
    return result


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step that is due, with its lead, which is held. What carries it out says what was done, or None to try again."""

    step: SlaStep
    lead: Lead
    assignment: Assignment
    now: datetime

    @property
    def team(self) -> Team | None:
        """Who should have answered: the owner's team, or the queue's."""
        holder = self.assignment.owner or self.assignment.queue
        return holder.team if holder is not None else None

    @property
    def by(self) -> By:
        reason = f"Not answered in time ({self.step.clock.policy_name})"
        return By(source=Assignment.Source.SLA, actor="SLA", reason=reason)

    def notify(self, notice: OwnerNotice) -> None:
        """One notice per step, with a row on the lead's timeline."""
        step, now = self.step, self.now
        notice.lead, notice.cause, notice.due_at, notice.created_at = self.lead, f"step:{step.pk}", now, now
        write_notices([notice], now=now)
        text = f"{notice.get_kind_display()}: {notice.owner or notice.team}"
        data = {"step": step.do, "at": step.at, "text": text, "policy": step.clock.policy_name}
        record(
            [
                TimelineEntry(
                    lead=self.lead, at=now, verb="routing.escalated", actor="SLA", source="sla", data=data
                )
            ]
        )

    def give_to(self, queue: Queue) -> str:
        if self.assignment.queue_id == queue.pk:
            return f"It is in {queue.name} already."
        give_to(queue, self.lead, by=self.by, now=self.now)
        return f"Went to {queue.name}."


def remind_owner(due: DueStep) -> str:
    if due.assignment.owner is None:
        return "Nobody owns it, so nobody was reminded."
    due.notify(OwnerNotice(owner=due.assignment.owner, kind=OwnerNotice.Kind.REMINDER))
    return f"{due.assignment.owner.name} is reminded."


def notify_manager(due: DueStep) -> str:
    team = due.team
    if team is None or team.manager is None:
        return "No manager to tell: set one on the team."
    due.notify(OwnerNotice(owner=team.manager, kind=OwnerNotice.Kind.OVERDUE))
    return f"{team.manager.name} is told."


def notify_team(due: DueStep) -> str:
    if due.team is None:
        return "No team to tell."
    due.notify(OwnerNotice(team=due.team, kind=OwnerNotice.Kind.OVERDUE))
    return f"{due.team.name} is told."


def set_away(due: DueStep) -> str:
    """Whoever does not answer gets no more leads today, in their own zone; an absence that a manager can take back."""
    owner = due.assignment.owner
    if owner is None:
        return "Nobody owns it, so nobody was set away."
    today = local_date(owner, due.now).date()
    here = Absence.objects.filter(owner=owner, active=True, starts_on__lte=today, ends_on__gte=today)
    if here.exists():
        return f"{owner.name} is away already."
    Absence.objects.create(owner=owner, starts_on=today, ends_on=today, reason="did not answer in time")
    return f"{owner.name} is set away for today."


def put_into_queue(due: DueStep) -> str:
    named = Queue.objects.select_related("team").filter(name=due.step.params.get("queue", ""), active=True)
    return due.give_to(named.first() or fallback_queue())


def reassign(due: DueStep) -> str | None:
    """To somebody on duty, without those who have had it; with `exclude: nobody` only the present owner is left out."""
    step, lead, clock = due.step, due.lead, due.step.clock
    if due.assignment.locked:
        return "A person fixed the owner, so it stays."
    rotation = rotation_of(lead.pk)
    if clock.reassigns >= MOST_AUTOMATIC_REASSIGNS or rotation is None:
        return due.give_to(fallback_queue())
    again = Again.of([lead], now=due.now)
    present = {due.assignment.owner_id} if due.assignment.owner_id is not None else set()
    exclude = present if step.params.get("exclude") == "nobody" else again.past_owners[lead.pk]
    if closed := again.nobody_on_duty(rotation, exclude=exclude):
        # The owner stays; the manager hears of it once; it is tried again when somebody is there.
        if step.attempts == 1:
            notify_manager(due)
        step.due_at = closed.opens_at or due.now + TRY_AGAIN
        step.result = "Nobody is on duty; it is tried again at the next opening."
        return None
    ask = again.through(rotation, lead.pk, by=due.by, exclude=exclude, on_duty_only=True)
    row = again.hand_over([ask]).get(lead.pk)
    if row is None:
        return f"Nobody else could take it, so it stays with {due.assignment}."
    clock.reassigns += 1
    clock.save(update_fields=["reassigns"])
    return f"Went to {row}."
