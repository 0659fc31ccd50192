"""What the exception queue calls when somebody says: try again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from exception_queue.queue import Attempt
from intake.models import Lead
from plumbing.nudges import nudge
from routing.handover.again import Again
from routing.handover.plan import By
from routing.handover.releasing import release_holding_queues
from routing.models import Assignment, OwnerNotice, Rotation
from routing.notices.sending import SEND

NO_PLACE = "The rules in force still have no place for it. Add or change a rule and publish it first."


def retry_notices(subject_ids: Sequence[str], *, by: str, now: datetime) -> Attempt:
    """Send failed notices again."""
    failed = OwnerNotice.objects.filter(pk__in=subject_ids, status=OwnerNotice.Status.FAILED)
    due = [str(pk) for pk in failed.order_by("pk").select_for_update().values_list("pk", flat=True)]
    OwnerNotice.objects.filter(pk__in=due).update(status=OwnerNotice.Status.WAITING, due_at=now, attempts=0)
    nudge(SEND)
    return Attempt(pending=due)


def retry_holding_queues(subject_ids: Sequence[str], *, by: str, now: datetime) -> Attempt:
    """Look at the holding queues now."""
    before = _waiting(subject_ids)
    release_holding_queues(now=now)
    stuck = [pk for pk, leads in _waiting(subject_ids).items() if leads >= before.get(pk, 0)]
    return Attempt(failed={str(pk): "Still nobody in this rotation can take a lead." for pk in stuck})


def _waiting(rotation_ids: Sequence[str]) -> dict[int, int]:
    """How many leads wait in the holding queues of these rotations, where any do."""
    waiting = Rotation.objects.filter(pk__in=rotation_ids, holding_queue__assignments__isnull=False)
    return dict(waiting.annotate(leads=Count("holding_queue__assignments")).values_list("pk", "leads"))


def retry_unrouted(subject_ids: Sequence[str], *, by: str, now: datetime) -> Attempt:
    """Ask the rules in force again for leads that nobody planned for."""
    ids = [UUID(one) for one in subject_ids]
    with transaction.atomic():
        held = Lead.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        again = Again.of(list(held), now=now)
        fallback = again.ruleset.queue_of_last_resort
        # Whatever is elsewhere was found a place already.
        stuck = [pk for pk, row in again.before.items() if row.queue_id == fallback.id]
        asks = [again.by_rules(pk, by=By(source=Assignment.Source.CONSOLE, actor=by)) for pk in sorted(stuck)]
        again.hand_over([ask for ask in asks if not ask.decision.no_rule_matched])
    left = Assignment.objects.filter(lead__in=stuck, queue=int(fallback.id)).values_list("lead_id", flat=True)
    return Attempt(failed={str(pk): NO_PLACE for pk in left})
