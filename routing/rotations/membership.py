"""Who belongs to a rotation, changed under its lock, so that the credits always sum to 0 (I8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from routing.models import Rotation, RotationMember, RotationTurn
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
    """Make the members be these. Whoever is left out leaves: a credit is spread over the rest with a ledger row; the
    row is switched off where the owner has had turns, else deleted. New and returning members start at credit 0; a
    changed weight keeps the credit."""
    with transaction.atomic():
        locked = ledger.lock([rotation.pk])
        wanted = {member.owner_id: member for member in members}
        rows = {row.owner_id: row for row in RotationMember.objects.filter(rotation=rotation)}
        for owner_id, row in rows.items():
            member = wanted.get(owner_id)
            if row.active and row.credit and (member is None or not member.active):
                ledger.spread(locked, rotation.pk, owner_id, now=now)
        for owner_id, member in wanted.items():
            _save(
                rows.get(owner_id) or RotationMember(rotation=rotation, owner_id=owner_id),
                member,
                user,
                reason,
            )
        for owner_id, row in rows.items():
            if owner_id not in wanted:
                _drop(row, user, reason)


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
    if row.pk and member.active and not row.active:
        row.credit = 0
    row.weight, row.active = member.weight, member.active
    _named(row, user, reason)
    if row.pk is None:
        row.save()
    else:
        # The credit is the ledger's; it is only written here for somebody who returns.
        row.refresh_from_db(fields=["last_turn"] if row.active else ["credit", "last_turn"])
        row.save()


def _drop(row: RotationMember, user: User | None, reason: str) -> None:
    _named(row, user, reason)
    turns = RotationTurn.objects.filter(rotation_id=row.rotation_id, owner_id=row.owner_id)
    if turns.exclude(kind=RotationTurn.Kind.SPREAD).exists():
        if row.active:
            row.refresh_from_db(fields=["credit", "last_turn"])
            row.active = False
            row.save()
    else:
        row.delete()


def _named(row: RotationMember, user: User | None, reason: str) -> None:
    """Who and why, as simple-history reads it."""
    setattr(row, "_history_user", user)  # noqa: B010
    setattr(row, "_change_reason", reason)  # noqa: B010
