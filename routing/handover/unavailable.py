"""People of whom a layer above says that they are gone, and who may come back: archived somewhere, say.

Nobody gives them a lead from that moment (`Owner.available`, which every way of choosing somebody asks). Rotations, accounts and
open leads stay theirs for LEADOPS_LEADS_LEAVE_AFTER hours; then the open leads move as those of somebody who was switched off
(`routing.handover.deactivation`, found by its sweep). Back in time, nothing moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from routing.handover import deactivation
from routing.models import Owner


@dataclass(frozen=True, slots=True)
class Gone:
    """How it is said after "is" ("archived there"), and in whose name their leads move."""

    because: str
    actor: str


def settle(gone: Mapping[int, Gone], *, now: datetime) -> None:
    """Write down who is unavailable, by owner id: everybody else is available again. Done again, it changes nothing."""
    with transaction.atomic():
        concerned = Owner.objects.filter(Q(pk__in=gone) | Q(unavailable_since__isnull=False))
        for owner in concerned.select_for_update(no_key=True, of=("self",)).order_by("pk"):
            if owner.pk in gone:
                _goes(owner, gone[owner.pk], now=now)
            else:
                _is_back(owner)


def leave_after() -> timedelta:
    """How long their open leads stay with them."""
    return timedelta(hours=settings.LEADOPS_LEADS_LEAVE_AFTER)


def _goes(owner: Owner, gone: Gone, *, now: datetime) -> None:
    because = gone.because[:200]
    is_new = owner.unavailable_since is None
    if is_new or owner.unavailable_because != because:
        owner.unavailable_since = owner.unavailable_since or now
        owner.unavailable_because = because
        _save(owner, f"Is {because}")
    # Also who was switched on meanwhile, or was given a lead in the instant in which they went.
    if owner.active and owner.leads_leave_at is None and (is_new or deactivation.still_there(owner)):
        Owner.objects.filter(pk=owner.pk).update(
            leads_leave_at=now + leave_after(), leads_leave_by=gone.actor[:200]
        )


def _is_back(owner: Owner) -> None:
    reason = f"Is not {owner.unavailable_because} any more"
    owner.unavailable_since, owner.unavailable_because = None, ""
    _save(owner, reason)
    if owner.active:
        Owner.objects.filter(pk=owner.pk).update(leads_leave_at=None, leads_leave_by="")


def _save(owner: Owner, reason: str) -> None:
    setattr(owner, "_change_reason", reason[:100])  # noqa: B010 (read by simple-history)
    owner.save(update_fields=["unavailable_since", "unavailable_because"])
