"""What the exception queue calls when somebody says: try again."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from exception_queue.queue import RetryRefused
from intake.lead_changes import announce
from intake.models import Lead
from plumbing.nudges import nudge
from routing.assignment import Move
from routing.engine.decide import RoutingDecision
from routing.handover import rerouting
from routing.handover.actions import hand_over
from routing.handover.releasing import release_holding_queues
from routing.models import Assignment, OwnerNotice
from routing.notices.sending import SEND


def retry_notices(subject_ids: Sequence[str], *, by: str) -> None:
    """Send failed notices again."""
    now = timezone.now()
    failed = OwnerNotice.objects.filter(pk__in=subject_ids, status=OwnerNotice.Status.FAILED)
    failed.update(status=OwnerNotice.Status.WAITING, due_at=now, attempts=0)
    nudge(SEND)


def retry_holding_queues(subject_ids: Sequence[str], *, by: str) -> None:
    """Look at the holding queues now. Raises RetryRefused when still nobody can take a lead."""
    if not release_holding_queues():
        raise RetryRefused("Still nobody in these rotations can take a lead.")


def retry_unrouted(subject_ids: Sequence[str], *, by: str) -> None:
    """Ask the rules in force again for leads that nobody planned for. Raises RetryRefused when none of them finds a place."""
    now = timezone.now()
    ids = sorted(UUID(one) for one in subject_ids)
    moved = 0
    leads = Lead.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    for lead in leads:
        moved += _route_again(lead, by=by)
    announce(ids, source="console", now=now)
    if ids and not moved:
        raise RetryRefused(
            "The rules in force still have no place for them. Add or change a rule and publish it first."
        )
    nudge(SEND)


def _route_again(lead: Lead, *, by: str) -> bool:
    now = timezone.now()
    before = Assignment.objects.select_related("owner", "queue").get(lead=lead)
    queue = rerouting.fallback_queue()
    if before.queue_id != queue.pk:
        return True  # Somebody has found it a place already.
    decision = rerouting.decide_again(lead, now=now)
    if decision.no_rule_matched:
        return False
    move = _move(lead, decision, by=by)
    if move is None or move.queue_id == before.queue_id:
        return False
    with transaction.atomic():
        hand_over(lead, move, before=before, now=now)
    return True


def _move(lead: Lead, decision: RoutingDecision, *, by: str) -> Move | None:
    now = timezone.now()
    target = decision.target
    if target.kind == "rotation":
        found = rerouting.pick_again(
            lead.pk, rotation_id=int(target.id), exclude=(), only_on_duty=False, now=now
        )
        if isinstance(found, rerouting.NobodyOnDuty):
            return None
        return rerouting.move_of(lead.pk, *found, reason=decision.reason, source="console", actor=by, now=now)
    return Move(
        lead_id=lead.pk,
        owner_id=int(target.id) if target.kind == "owner" else None,
        queue_id=int(target.id) if target.kind == "queue" else None,
        reason=decision.reason,
        rule_name=decision.rule_name or "",
        ruleset_version=decision.ruleset_version,
        source="console",
        actor=by,
    )
