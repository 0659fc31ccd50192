"""Who belongs to a rotation, changed under its lock, so that the credits always sum to 0 (I8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from routing.models import Rotation, RotationMember
from routing.rotations import ledger


@dataclass(frozen=True, slots=True)
class Member:
    """What a member should be. An inactive one keeps its row, and gets and costs nothing."""

    owner_id: int
    weight: Decimal
    active: bool = True


def set_members(
    rotation: Rotation,
    members: Sequence[Member],
    *,
    now: datetime,
    user: User | None = None,
    reason: str = "",
) -> None:
    """Make the members be these. Whoever is left out is removed: the row is deleted, and its credit spread over the rest with
    a row of the ledger. New members start at credit 0. A credit stays when the weight changes, and waits while its member is
    not active."""
    with transaction.atomic():
        locked = ledger.lock([rotation.pk])
        wanted = {member.owner_id: member for member in members}
        rows = {row.owner_id: row for row in RotationMember.objects.filter(rotation=rotation)}
        for owner_id, row in rows.items():
            if owner_id not in wanted:
                if locked.states[rotation.pk].credits[owner_id]:
                    ledger.spread(locked, rotation.pk, owner_id, now=now)
                _named(row, user, reason)
                row.delete()
        for owner_id, member in wanted.items():
            found = rows.get(owner_id) or RotationMember(rotation=rotation, owner_id=owner_id)
            _save(found, member, user, reason)


def circle_from(rotation: Rotation, following: Rotation | None) -> list[Rotation]:
    """The way back to `rotation` if it sent its leads on to `following` when empty; [] when there is none."""
    chain: list[Rotation] = [rotation]
    while following is not None and following not in chain:
        chain.append(following)
        if following.when_empty != Rotation.WhenEmpty.ROTATION:
            return []
        following = following.when_empty_rotation
    return [*chain, rotation] if following == rotation else []


def _save(row: RotationMember, member: Member, user: User | None, reason: str) -> None:
    if row.pk and (row.weight, row.active) == (member.weight, member.active):
        return
    row.weight, row.active = member.weight, member.active
    _named(row, user, reason)
    if row.pk is not None:
        # The credit is the ledger's, which may have written it a moment ago.
        row.refresh_from_db(fields=["credit", "last_turn"])
    row.save()


def _named(row: RotationMember, user: User | None, reason: str) -> None:
    """Who and why, as simple-history reads it."""
    setattr(row, "_history_user", user)  # noqa: B010
    setattr(row, "_change_reason", reason)  # noqa: B010
