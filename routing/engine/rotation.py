"""Quota rotation: weighted turns by integer credits, fair at every moment.

The credits of smooth weighted round robin with the pick line of Tijdeman's chairman assignment ("The
chairman assignment problem", Discrete Mathematics 32, 1980): for every fixed set of present members,
|actual - target| <= 1 - 1/(2n-2) < 1 lead, where target is the sum over the picks of weight / weight of
all present. The credits of members who are not present stay as they are, so nobody returns to a flood.
Nothing here changes a state: `pick` and `give_back` return a Turn, and `after(state, turn)` is the state
that follows. The turn is the ledger's row.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, Self

from routing.engine.references import Id, Row, id_order

SCALE = 100
"""Weights have up to two decimals; weights and credits are counted in hundredths, as integers."""

TurnKind = Literal["pick", "give_back"]


class RotationError(ValueError):
    """The rotation cannot do this; the message says why."""


def scaled(weight: Decimal | int | float | str) -> int:
    """A weight as people write it (1, 2.5) -> hundredths. Raises RotationError."""
    try:
        exact = Decimal(str(weight)) * SCALE
    except InvalidOperation as error:
        raise RotationError(f"{weight!r} is not a weight: write a number like 1 or 2.5.") from error
    if not exact.is_finite() or exact <= 0 or exact != exact.to_integral_value():
        raise RotationError(f"{weight} is not a weight: it is above 0 and has two decimals at most.")
    return int(exact)


@dataclass(frozen=True, slots=True)
class MemberState:
    """weight and credit in hundredths; last_turn is the number of the turn that last went to this member,
    0 for never."""

    owner_id: Id
    weight: int
    credit: int = 0
    last_turn: int = 0


@dataclass(frozen=True, slots=True)
class RotationState:
    """The credits sum to 0. turn counts the ledger's rows, picks and give-backs alike."""

    rotation_id: Id
    members: tuple[MemberState, ...]
    turn: int = 0

    @property
    def credits(self) -> dict[Id, int]:
        return {member.owner_id: member.credit for member in self.members}


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One member who was present: what the turn did to its credit (hundredths)."""

    owner_id: Id
    weight: int
    before: int
    after: int
    qualified: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the ledger. rows are the members present; for a give-back they carry the credits after it,
    and reverses is the number of the turn that came back."""

    rotation_id: Id
    number: int
    kind: TurnKind
    picked: Id
    rows: tuple[TurnRow, ...]
    picked_last_turn: int
    reverses: int | None = None

    def to_json(self) -> Row:
        """{"rotation_id", "number", "kind", "picked", "picked_last_turn", "reverses", "rows":
        [{"owner_id", "weight", "before", "after", "qualified"}]}, weights and credits in hundredths."""
        rows = [{name: getattr(row, name) for name in TurnRow.__slots__} for row in self.rows]
        return {name: getattr(self, name) for name in self.__slots__ if name != "rows"} | {"rows": rows}

    @classmethod
    def from_json(cls, data: Row) -> Self:
        fields: dict[str, Any] = {**data, "rows": tuple(TurnRow(**row) for row in data["rows"])}
        return cls(**fields)


def pick(state: RotationState, present: Collection[Id], qualified: Collection[Id] | None = None) -> Turn:
    """The next turn. All present accrue credit; the pick is among those present and qualified (None: all
    of them).

    Raises RotationError when nobody is both.
    """
    here = [member for member in state.members if member.owner_id in present]
    may = [member for member in here if qualified is None or member.owner_id in qualified]
    if not may:
        raise RotationError("Nobody who is present can take this lead.")
    total = sum(member.weight for member in here)
    chosen = _choose(may, total, 2 * len(here) - 2)
    allowed = {member.owner_id for member in may}
    rows = tuple(
        TurnRow(
            owner_id=member.owner_id,
            weight=member.weight,
            before=member.credit,
            after=member.credit + member.weight - (total if member is chosen else 0),
            qualified=member.owner_id in allowed,
        )
        for member in here
    )
    return Turn(state.rotation_id, state.turn + 1, "pick", chosen.owner_id, rows, chosen.last_turn)


def _choose(members: Sequence[MemberState], total: int, k: int) -> MemberState:
    """Of those whose grown credit allows a turn now, the one whose turn falls due first."""
    due = [m for m in members if k and (m.credit + m.weight) * k >= total]
    if not due:
        return min(members, key=lambda m: (-(m.credit + m.weight), m.last_turn, id_order(m.owner_id)))
    first = due[0]
    for member in due[1:]:
        # deadline / weight of each, cross-multiplied: integers decide exactly
        one = (total * (k - 1) - (member.credit + member.weight) * k) * first.weight
        other = (total * (k - 1) - (first.credit + first.weight) * k) * member.weight
        if (one, member.last_turn, id_order(member.owner_id)) < (
            other,
            first.last_turn,
            id_order(first.owner_id),
        ):
            first = member
    return first


def give_back(state: RotationState, turn: Turn) -> Turn:
    """Undo a pick with the members and weights of its own row. The part of a member who has left since is
    spread over the rest, as the member's credit was. The ledger refuses to reverse a row twice; this
    function cannot know."""
    if turn.kind != "pick" or turn.rotation_id != state.rotation_id:
        raise RotationError("Only a pick of this rotation can come back.")
    credits = state.credits
    missing = sum(row.before - row.after for row in turn.rows if row.owner_id not in credits)
    back = {row.owner_id: row.before - row.after for row in turn.rows}
    shares = _spread(missing, state.members)
    rows = tuple(
        TurnRow(
            owner_id=member.owner_id,
            weight=member.weight,
            before=member.credit,
            after=member.credit + back.get(member.owner_id, 0) + share,
            qualified=True,
        )
        for member, share in zip(state.members, shares, strict=True)
        if member.owner_id in back or share
    )
    return Turn(
        state.rotation_id, state.turn + 1, "give_back", turn.picked, rows, turn.picked_last_turn, turn.number
    )


def after(state: RotationState, turn: Turn) -> RotationState:
    """The state once the turn has been written."""
    credits = {row.owner_id: row.after for row in turn.rows}
    members = tuple(
        replace(
            member, credit=credits.get(member.owner_id, member.credit), last_turn=_last_turn(member, turn)
        )
        for member in state.members
    )
    return replace(state, members=members, turn=turn.number)


def _last_turn(member: MemberState, turn: Turn) -> int:
    if member.owner_id != turn.picked:
        return member.last_turn
    if turn.kind == "pick":
        return turn.number
    return turn.picked_last_turn if member.last_turn == turn.reverses else member.last_turn


def add_member(state: RotationState, owner_id: Id, weight: int) -> RotationState:
    """A new member starts at credit 0. weight in hundredths: see `scaled`."""
    if owner_id in state.credits:
        raise RotationError("This owner is a member already.")
    return replace(state, members=(*state.members, MemberState(owner_id, weight)))


def remove_member(state: RotationState, owner_id: Id) -> RotationState:
    """The member's credit is spread over the rest by weight and largest remainder, so that the sum stays
    0."""
    gone = next((member for member in state.members if member.owner_id == owner_id), None)
    if gone is None:
        raise RotationError("This owner is not a member.")
    rest = [member for member in state.members if member is not gone]
    shares = _spread(gone.credit, rest)
    return replace(
        state,
        members=tuple(
            replace(member, credit=member.credit + share) for member, share in zip(rest, shares, strict=True)
        ),
    )


def change_weight(state: RotationState, owner_id: Id, weight: int) -> RotationState:
    """Credits stay as they are."""
    if owner_id not in state.credits:
        raise RotationError("This owner is not a member.")
    return replace(
        state,
        members=tuple(replace(m, weight=weight) if m.owner_id == owner_id else m for m in state.members),
    )


def _spread(credit: int, members: Sequence[MemberState]) -> list[int]:
    """Integers that sum to credit, in proportion to the weights, by largest remainder."""
    total = sum(member.weight for member in members)
    if not credit or not total:
        return [0] * len(members)
    sign, amount = (1, credit) if credit > 0 else (-1, -credit)
    shares = [amount * member.weight // total for member in members]
    order = sorted(
        range(len(members)),
        key=lambda i: (-(amount * members[i].weight % total), id_order(members[i].owner_id)),
    )
    for index in order[: amount - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]


def next_picks(
    state: RotationState,
    count: int,
    present: Collection[Id] | None = None,
    qualified: Collection[Id] | None = None,
) -> list[Id]:
    """Who would get the next leads if nothing changed; nothing is used up. Empty when nobody can."""
    here = {member.owner_id for member in state.members} if present is None else set(present)
    may = here if qualified is None else here & set(qualified)
    if not any(member.owner_id in may for member in state.members):
        return []
    picks = []
    for _ in range(count):
        turn = pick(state, here, may)
        picks.append(turn.picked)
        state = after(state, turn)
    return picks


@dataclass(frozen=True, slots=True)
class Share:
    """What a member got and what was due to it, in leads."""

    owner_id: Id
    actual: int
    target: Fraction


def shares(turns: Iterable[Turn]) -> dict[Id, Share]:
    """Actual and target per member over a stretch of the ledger, with its oldest row first. A give-back
    takes off what its pick had added, when that pick is in the stretch too."""
    actual: dict[Id, int] = {}
    target: dict[Id, Fraction] = {}
    picks: dict[int, Turn] = {}
    for turn in turns:
        if turn.kind == "pick":
            picks[turn.number] = turn
            sign = 1
        elif turn.reverses in picks:
            turn, sign = picks[turn.reverses], -1
        else:
            continue
        total = sum(row.weight for row in turn.rows)
        for row in turn.rows:
            actual.setdefault(row.owner_id, 0)
            target[row.owner_id] = target.get(row.owner_id, Fraction(0)) + sign * Fraction(row.weight, total)
        actual[turn.picked] += sign
    return {owner_id: Share(owner_id, actual[owner_id], target[owner_id]) for owner_id in actual}
