"""Holding queues are emptied as soon as somebody can take a lead: hot first, then oldest, in one transaction."""

from datetime import datetime, timedelta

from django.db import transaction

from exception_queue import queue
from exception_queue.queue import ExceptionReport, Subject
from intake.models import Lead
from routing.exception_kinds import HOLDING_QUEUE_STUCK
from routing.handover.again import Again
from routing.handover.plan import By
from routing.models import Assignment, LeadScore, Rotation
from routing.rotations import roster

# An opening that has released nothing for this long is news.
STUCK_AFTER = timedelta(minutes=15)


def release_holding_queues(*, now: datetime) -> int:
    """Give out what can be given out; returns how many leads left their line."""
    released = 0
    waiting = Rotation.objects.filter(active=True, holding_queue__assignments__isnull=False).distinct()
    for rotation in waiting:
        count = _release(rotation, now=now)
        released += count
        if not count:
            _report_when_stuck(rotation, now=now)
    _close_empty_lines()
    return released


def _release(rotation: Rotation, *, now: datetime) -> int:
    with transaction.atomic():
        ids = Assignment.objects.filter(queue=rotation.holding_queue_id).values_list("lead", flat=True)
        held = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=ids).order_by("pk")
        again = Again.of(list(held), now=now)
        if not again.leads or again.nobody_on_duty(rotation) is not None:
            return 0
        by = By(source=Assignment.Source.HOLDING_QUEUE, reason="Out of the holding queue")
        waiting = [
            row for row in again.before.values() if row.queue_id == rotation.holding_queue_id
        ]  # Somebody may have moved one before it was held.
        points = dict(LeadScore.objects.filter(lead__in=again.leads).values_list("lead", "points"))
        waiting.sort(key=lambda row: (-points.get(row.lead_id, 0), row.assigned_at))
        return len(again.hand_over([again.through(rotation, row.lead_id, by=by) for row in waiting]))


def _report_when_stuck(rotation: Rotation, *, now: datetime) -> None:
    """Somebody has been on duty for a while, and still nothing goes out (caps, skills, absence)."""
    people = roster.load(now=now - STUCK_AFTER)
    members = [
        people.owners[pk] for pk in rotation.members.filter(active=True).values_list("owner", flat=True)
    ]
    since = now - STUCK_AFTER
    was_open = any(owner.available and people.on_duty(owner) for owner in members)
    oldest = Assignment.objects.filter(queue=rotation.holding_queue_id).order_by("assigned_at").first()
    if not was_open or oldest is None or oldest.assigned_at > since:
        return
    _open(rotation, oldest.assigned_at, now=now)


def _open(rotation: Rotation, since: datetime, *, now: datetime) -> None:
    subject = Subject("rotation", str(rotation.pk), rotation.name)
    if queue.is_open(kind=HOLDING_QUEUE_STUCK, subject=subject):
        return
    cause = f"Nobody of {rotation.name} can take a lead, though somebody is on duty"
    problem = ExceptionReport(
        kind=HOLDING_QUEUE_STUCK, subject=subject, cause=cause, detail={"oldest_since": since.isoformat()}
    )
    queue.open_items([problem], now=now)


def _close_empty_lines() -> None:
    empty = Rotation.objects.filter(holding_queue__isnull=False, holding_queue__assignments__isnull=True)
    ids = [str(pk) for pk in empty.values_list("pk", flat=True)]
    queue.close_items(
        kind=HOLDING_QUEUE_STUCK, subject_type="rotation", subject_ids=ids, reason="The line is empty."
    )
