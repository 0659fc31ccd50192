"""Holding queues are emptied as soon as somebody can take a lead: hot first, then oldest, in one transaction."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from exception_queue import queue
from exception_queue.queue import ExceptionReport, Subject
from intake.lead_changes import announce
from intake.models import Lead
from plumbing.nudges import nudge
from routing.handover import rerouting
from routing.handover.actions import hand_over
from routing.models import Assignment, LeadScore, Rotation
from routing.notices.sending import SEND
from routing.rotations import roster

# An opening that has released nothing for this long is news.
STUCK_AFTER = timedelta(minutes=15)
STUCK = "routing.holding_queue_stuck"


def release_holding_queues() -> int:
    """Give out what can be given out; returns how many leads left their line."""
    released = 0
    waiting = Rotation.objects.filter(active=True, holding_queue__assignments__isnull=False).distinct()
    for rotation in waiting:
        count = _release(rotation)
        released += count
        if not count:
            _report_when_stuck(rotation)
    _close_empty_lines()
    if released:
        nudge(SEND)
    return released


def _release(rotation: Rotation) -> int:
    now = timezone.now()
    released = 0
    with transaction.atomic():
        ids = Assignment.objects.filter(queue=rotation.holding_queue_id).values_list("lead", flat=True)
        held = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=ids).order_by("pk")
        leads = {lead.pk: lead for lead in held}
        rows = {
            row.lead_id: row
            for row in Assignment.objects.filter(lead__in=leads, queue=rotation.holding_queue_id)
        }
        points = dict(LeadScore.objects.filter(lead__in=leads).values_list("lead", "points"))
        for lead_id in sorted(rows, key=lambda pk: (-points.get(pk, 0), rows[pk].assigned_at)):
            found = rerouting.pick_again(
                lead_id, rotation_id=rotation.pk, exclude=(), only_on_duty=True, now=now
            )
            if isinstance(found, rerouting.NobodyOnDuty) or found[0].target.kind == "hold":
                break
            move = rerouting.move_of(
                lead_id, *found, reason="Out of the holding queue", source="holding_queue", actor="", now=now
            )
            hand_over(leads[lead_id], move, before=rows[lead_id], now=now)
            announce([lead_id], source="holding_queue", now=now)
            released += 1
    return released


def _report_when_stuck(rotation: Rotation) -> None:
    """Somebody has been on duty for a while, and still nothing goes out (caps, skills, absence)."""
    now = timezone.now()
    people = roster.load(now=now - STUCK_AFTER)
    members = [
        people.owners[pk] for pk in rotation.members.filter(active=True).values_list("owner", flat=True)
    ]
    since = now - STUCK_AFTER
    was_open = any(owner.active and people.on_duty(owner) for owner in members)
    oldest = Assignment.objects.filter(queue=rotation.holding_queue_id).order_by("assigned_at").first()
    if not was_open or oldest is None or oldest.assigned_at > since:
        return
    _open(rotation, oldest.assigned_at, now=now)


def _open(rotation: Rotation, since: datetime, *, now: datetime) -> None:
    subject = Subject("rotation", str(rotation.pk), rotation.name)
    if queue.is_open(kind=STUCK, subject=subject):
        return
    cause = f"Nobody of {rotation.name} can take a lead, though somebody is on duty"
    problem = ExceptionReport(
        kind=STUCK, subject=subject, cause=cause, detail={"oldest_since": since.isoformat()}
    )
    queue.open_items([problem], now=now)


def _close_empty_lines() -> None:
    empty = Rotation.objects.filter(holding_queue__isnull=False, holding_queue__assignments__isnull=True)
    ids = [str(pk) for pk in empty.values_list("pk", flat=True)]
    queue.close_items(kind=STUCK, subject_type="rotation", subject_ids=ids, reason="The line is empty.")
