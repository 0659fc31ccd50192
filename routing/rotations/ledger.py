"""Rotations under their lock: states for the engine, turns back into rows. The only place that writes credits and turns (I8).

`lock` gives the states, the engine uses turns of them (`engine.rotation.after` keeps a state in step), `write_turns` makes
them rows; `give_back` and `spread` do all of it for a turn that comes back and a member who is removed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from plumbing.bulk import insert_rows, update_rows
from routing.assignment import forget_turns
from routing.engine import rotation as engine
from routing.engine.eligibility import LeftOut
from routing.engine.references import Id, Ref
from routing.engine.resolve import EmptyPolicy, RotationSettings
from routing.engine.rotation_state import MemberState, RotationState, Turn, scaled
from routing.models import Rotation, RotationMember, RotationTurn
from routing.rotations.roster import Roster

_CAPPED = (
    Q(owner__daily_cap__isnull=False) | Q(owner__weekly_cap__isnull=False) | Q(owner__load_cap__isnull=False)
)


@dataclass
class Locked:
    """Rotations that this transaction holds. `states` are kept in step by the caller as turns are used; they know the members
    who are switched off too, whose credit waits.
    """

    rotations: dict[int, Rotation]
    members: dict[int, list[RotationMember]]
    switched_off: dict[int, list[RotationMember]]
    states: dict[Id, RotationState]

    def settings_of(
        self,
        rotation: Rotation,
        roster: Roster,
        *,
        past_owners: Collection[int] = (),
        on_duty_only: bool = False,
    ) -> RotationSettings:
        """How the rotation is set, with its members as the world is now. `on_duty_only` is stricter than its own policy."""
        return RotationSettings(
            id=rotation.pk,
            name=rotation.name,
            candidates=[
                roster.candidate(member.owner_id, past_owners=past_owners)
                for member in self.members[rotation.pk]
            ],
            calendar_policy="on_duty_only" if on_duty_only else rotation.calendar_policy,  # type: ignore[arg-type]
            overflow_to_off_duty=rotation.overflow_to_off_duty and not on_duty_only,
            when_empty=_when_empty(rotation),
        )


def reachable(rotation_ids: Iterable[int]) -> set[int]:
    """These rotations, all that they can fall back on through `when_empty`, and all that share a capped owner with one of them
    (a cap counts over all rotations, so whoever looks at it must be alone); two queries.
    """
    leads_to: dict[int, set[int]] = {}
    chained = Rotation.objects.filter(active=True, when_empty=Rotation.WhenEmpty.ROTATION)
    for rotation, following in chained.values_list("pk", "when_empty_rotation"):
        if following is not None:
            leads_to.setdefault(rotation, set()).add(following)
    by_owner: dict[int, set[int]] = {}
    for rotation, owner in RotationMember.objects.filter(_CAPPED, active=True).values_list(
        "rotation", "owner"
    ):
        by_owner.setdefault(owner, set()).add(rotation)
    for sharing in by_owner.values():
        for rotation in sharing:
            leads_to.setdefault(rotation, set()).update(sharing)
    found: set[int] = set()
    waiting = list(rotation_ids)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(leads_to.get(one, ()))
    return found


def lock(rotation_ids: Iterable[int]) -> Locked:
    """Lock these rotations and whatever they can reach, in one statement, in id order. Inside a transaction."""
    return _read(Rotation.objects.select_for_update(of=("self",), no_key=True), rotation_ids)


def look(rotation_ids: Iterable[int]) -> Locked:
    """The same without a lock, for those who only ask: whoever picks meanwhile is not held up."""
    return _read(Rotation.objects.all(), rotation_ids)


def _read(queryset: QuerySet[Rotation], rotation_ids: Iterable[int]) -> Locked:
    rows = queryset.filter(pk__in=reachable(rotation_ids)).order_by("pk")
    rotations = {
        rotation.pk: rotation
        for rotation in rows.select_related("when_empty_rotation", "when_empty_queue", "holding_queue")
    }
    members: dict[int, list[RotationMember]] = {pk: [] for pk in rotations}
    switched_off: dict[int, list[RotationMember]] = {pk: [] for pk in rotations}
    for member in RotationMember.objects.filter(rotation__in=rotations).order_by("pk"):
        (members if member.active else switched_off)[member.rotation_id].append(member)
    states: dict[Id, RotationState] = {
        pk: state_of(rotations[pk], [*members[pk], *switched_off[pk]]) for pk in rotations
    }
    return Locked(rotations=rotations, members=members, switched_off=switched_off, states=states)


def state_of(rotation: Rotation, members: Iterable[RotationMember]) -> RotationState:
    """The rotation as the engine sees it, with all its members, also those who are switched off."""
    states = (
        MemberState(member.owner_id, scaled(member.weight), member.credit, member.last_turn, member.active)
        for member in members
    )
    return RotationState(
        rotation.pk,
        tuple(states),
        rotation.last_turn,
        specialist_leads=rotation.specialist_leads,  # type: ignore[arg-type]
        max_leads_ahead=rotation.max_leads_ahead,
    )


def write_turns(
    locked: Locked, turns: Iterable[tuple[Turn, UUID | None, Iterable[LeftOut]]], *, now: datetime
) -> dict[tuple[int, int], RotationTurn]:
    """Write turns and the credits that follow from `locked.states`; returns the rows by (rotation, number)."""
    rows = [_row(turn, lead_id, left_out, now=now) for turn, lead_id, left_out in turns]
    insert_rows(rows)
    _store(locked, {row.rotation_id for row in rows})
    return {(row.rotation_id, row.number): row for row in rows}


def give_back(turn_row: RotationTurn, *, now: datetime) -> RotationTurn | None:
    """Reverse a pick in the ledger; None if it has come back already. Locks the rotation."""
    if turn_row.kind != RotationTurn.Kind.PICK:
        return None
    locked = lock([turn_row.rotation_id])
    if RotationTurn.objects.filter(reverses=turn_row).exists():
        return None
    turn = engine.give_back(locked.states[turn_row.rotation_id], turn_of(turn_row))
    row = _row(turn, turn_row.lead_id, (), now=now)
    row.reverses = turn_row
    return _use(locked, turn, row)


def spread(locked: Locked, rotation_id: int, owner_id: int, *, now: datetime) -> RotationTurn:
    """A member is removed: its credit goes to the rest, as a row of the ledger. The member's own row is the caller's to
    delete."""
    turn = engine.spread(locked.states[rotation_id], owner_id)
    for rows in (locked.members, locked.switched_off):
        rows[rotation_id] = [member for member in rows[rotation_id] if member.owner_id != owner_id]
    return _use(locked, turn, _row(turn, None, (), now=now))


def forget(keys: Collection[Any]) -> None:
    """Old turns go, and with a give-back the pick that it reversed. What their assignments point at goes first."""
    reversed_ = RotationTurn.objects.filter(pk__in=list(keys), reverses__isnull=False).values_list(
        "reverses", flat=True
    )
    gone = [*keys, *reversed_]
    forget_turns(gone)
    rows = RotationTurn.objects.filter(pk__in=gone)
    rows._raw_delete(rows.db)


def turn_of(row: RotationTurn) -> Turn:
    """A ledger row as the engine's turn."""
    data: dict[str, Any] = {
        "rotation_id": row.rotation_id,
        "number": row.number,
        "kind": row.kind,
        "picked": row.owner_id,
        "picked_last_turn": row.picked_last_turn,
        "format": row.format,
        "rows": row.rows,
    }
    return Turn.from_json(data)


def _row(turn: Turn, lead_id: UUID | None, left_out: Iterable[LeftOut], *, now: datetime) -> RotationTurn:
    return RotationTurn(
        rotation_id=turn.rotation_id,
        number=turn.number,
        kind=turn.kind,
        at=now,
        owner_id=turn.picked,
        lead_id=lead_id,
        picked_last_turn=turn.picked_last_turn,
        format=turn.format,
        rows=[row.to_json() for row in turn.rows],
        left_out=[out.to_json() for out in left_out],
    )


def _use(locked: Locked, turn: Turn, row: RotationTurn) -> RotationTurn:
    row.save()
    locked.states[turn.rotation_id] = engine.after(locked.states[turn.rotation_id], turn)
    _store(locked, {row.rotation_id})
    return row


def _store(locked: Locked, rotation_ids: Collection[int]) -> None:
    members: list[RotationMember] = []
    rotations: list[Rotation] = []
    for pk in sorted(rotation_ids):
        state = locked.states[pk]
        by_owner: Mapping[Id, MemberState] = {member.owner_id: member for member in state.members}
        for member in [*locked.members[pk], *locked.switched_off[pk]]:
            found = by_owner[member.owner_id]
            if (member.credit, member.last_turn) != (found.credit, found.last_turn):
                member.credit, member.last_turn = found.credit, found.last_turn
                members.append(member)
        locked.rotations[pk].last_turn = state.turn
        rotations.append(locked.rotations[pk])
    update_rows(members, fields=["credit", "last_turn"])
    update_rows(rotations, fields=["last_turn"])


def _when_empty(rotation: Rotation) -> EmptyPolicy:
    match rotation.when_empty:
        case Rotation.WhenEmpty.ROTATION if rotation.when_empty_rotation:
            to = rotation.when_empty_rotation
            return EmptyPolicy("rotation", Ref("rotation", to.pk, to.name))
        case Rotation.WhenEmpty.QUEUE if rotation.when_empty_queue:
            queue = rotation.when_empty_queue
            return EmptyPolicy("queue", Ref("queue", queue.pk, queue.name))
        case Rotation.WhenEmpty.HOLD:
            return EmptyPolicy("hold")
        case Rotation.WhenEmpty.ASSIGN_ANYWAY:
            return EmptyPolicy("assign_anyway")
    return EmptyPolicy("fallback")
