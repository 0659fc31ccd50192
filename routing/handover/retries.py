"""What the exception queue calls when somebody says: try again."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from exception_queue.queue import RetryRefused
from intake.models import Lead
from plumbing.nudges import nudge
from routing.handover.again import Again
from routing.handover.plan import By
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
    ids = [UUID(one) for one in subject_ids]
    with transaction.atomic():
        held = Lead.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        again = Again.of(list(held), now=now)
        fallback = again.ruleset.queue_of_last_resort
        # Whatever is elsewhere was found a place already.
        stuck = [pk for pk, row in again.before.items() if row.queue_id == fallback.id]
        asks = [again.by_rules(pk, by=By(source=Assignment.Source.CONSOLE, actor=by)) for pk in sorted(stuck)]
        moved = again.hand_over([ask for ask in asks if not ask.decision.no_rule_matched])
    if stuck and len(stuck) == len(again.leads) and not moved:
        raise RetryRefused(
            "The rules in force still have no place for them. Add or change a rule and publish it first."
        )
