"""What of routing goes with age. Assignments with their history, owners, rules and published versions stay."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from intake.expiry import at_rest
from plumbing.expiring import Expiry, delete
from routing.models import Decision, OwnerNotice, RotationTurn, SlaClock, SlaStep
from routing.rotations import ledger


def _decisions(before: datetime) -> QuerySet[Decision]:
    return Decision.objects.filter(at_rest(before), at__lt=before).order_by("at")


def _turns(before: datetime) -> QuerySet[RotationTurn]:
    """All turns since `before` stay, without a gap. A pick that came back goes together with the turn that brought it."""
    given_back = RotationTurn.objects.filter(reverses=OuterRef("pk"))
    old = RotationTurn.objects.filter(Q(lead=None) | at_rest(before), at__lt=before)
    return old.exclude(Exists(given_back)).order_by("at")


def _clocks(before: datetime) -> QuerySet[SlaClock]:
    ended = SlaClock.objects.filter(at_rest(before), started_at__lt=before)
    return ended.exclude(status=SlaClock.Status.RUNNING).order_by("started_at")


def _with_steps(keys: Collection[Any]) -> None:
    steps = SlaStep.objects.filter(clock__in=list(keys))
    steps._raw_delete(steps.db)
    delete(SlaClock)(keys)


def _notices(before: datetime) -> QuerySet[OwnerNotice]:
    done = OwnerNotice.objects.filter(at_rest(before), created_at__lt=before)
    return done.exclude(status=OwnerNotice.Status.WAITING).order_by("created_at")


EXPIRIES = [
    Expiry("decisions", "decisions", "LEADOPS_KEEP_DECISIONS", _decisions, delete(Decision)),
    Expiry("turns", "turns of rotations", "LEADOPS_KEEP_TURNS", _turns, ledger.forget),
    Expiry("clocks", "ended clocks and their steps", "LEADOPS_KEEP_CLOCKS", _clocks, _with_steps),
    Expiry(
        "notices", "notices that were sent or given up", "LEADOPS_KEEP_NOTICES", _notices, delete(OwnerNotice)
    ),
]
