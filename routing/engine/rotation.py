"""Turns that stay fair whoever is there: docs/how-it-works/rotation.md has the rule and the proofs.

For each lead one lead of credit is split among those it is due to, and whoever gets it pays one lead. Who that
is, is Tijdeman's chairman rule ("The chairman assignment problem", Discrete Mathematics 32, 1980) while nobody
is a whole lead behind, else the one who is furthest behind. While the same members are there with the same
weights, |credit| <= 1 - 1/(2m-2) leads for the m of them; whoever comes and goes, the credits of any k of n
members sum to at most (k(n-k) + min(k, n-k)) / 2 leads.

Nothing here changes a state: `pick`, `give_back` and `spread` return a Turn, and `after(state, turn)` is the
state that follows. The turn is the ledger's row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cmp_to_key

from routing.engine import rotation_hundredths
from routing.engine.references import Id, id_order
from routing.engine.rotation_state import (
    HUNDREDTHS,
    LEAD,
    MemberState,
    RotationError,
    RotationState,
    Share,
    Turn,
    TurnRow,
    split,
)


def pick(state: RotationState, present: Collection[Id], qualified: Collection[Id] | None = None) -> Turn:
    """The next turn, for one of those present and qualified (None: all of them).

    Raises RotationError when nobody is both.
    """
    if state.format == HUNDREDTHS:
        return rotation_hundredths.pick(state, present, qualified)
    here = [member for member in state.members if member.owner_id in present]
    able = [member for member in here if qualified is None or member.owner_id in qualified]
    if not able:
        raise RotationError("Nobody who is present can take this lead.")
    due_to = here if state.specialist_leads == "count" else able
    parts = split(LEAD, {member.owner_id: member.weight for member in due_to})
    chosen = _choose(able, parts)
    # Without skills "count" and "extra" are the same rule, whose bounds need no limit.
    moved = _limit(chosen, parts, state.max_leads_ahead) if len(able) < len(due_to) else {}
    ids = {member.owner_id for member in able}
    rows = []
    for member in due_to:
        one = member.owner_id
        part, extra = parts[one], moved.get(one, 0)
        after = member.credit + part + extra - (LEAD if member is chosen else 0)
        rows.append(TurnRow(one, member.weight, member.credit, after, one in ids, part, extra))
    return Turn(state.rotation_id, state.turn + 1, "pick", chosen.owner_id, tuple(rows), chosen.last_turn)


def _choose(able: Sequence[MemberState], parts: Mapping[Id, int]) -> MemberState:
    """Whoever is furthest behind, if that is a whole lead or nobody is due yet; else, of those who are due, the one
    who would soonest be too far behind. Ties: the oldest last turn, then the id."""
    grown = {member.owner_id: member.credit + parts[member.owner_id] for member in able}
    behind = min(able, key=lambda m: (-grown[m.owner_id], m.last_turn, id_order(m.owner_id)))
    # A turn is due from c = LEAD / k on, and too late above LEAD - c.
    k = 2 * len(able) - 2
    due = [member for member in able if k and grown[member.owner_id] * k >= LEAD]
    if grown[behind.owner_id] >= LEAD or not due:
        return behind

    def sooner(one: MemberState, other: MemberState) -> int:
        # (LEAD - c - v) / part of each, multiplied crosswise by k and both parts: integers decide exactly.
        mine, theirs = parts[one.owner_id], parts[other.owner_id]
        left = (LEAD * (k - 1) - grown[one.owner_id] * k) * theirs
        right = (LEAD * (k - 1) - grown[other.owner_id] * k) * mine
        left_key = (left, one.last_turn, id_order(one.owner_id))
        right_key = (right, other.last_turn, id_order(other.owner_id))
        return -1 if left_key < right_key else 1

    return min([m for m in due if parts[m.owner_id]] or due, key=cmp_to_key(sooner))


def _limit(chosen: MemberState, parts: Mapping[Id, int], max_leads_ahead: int) -> dict[Id, int]:
    """What keeps the credit of the one picked from falling below the limit, or further below it, taken from what
    this lead made due to the others; sums to 0. They lose no more than their parts."""
    floor = min(chosen.credit, -max_leads_ahead * LEAD)
    cut = floor - (chosen.credit + parts[chosen.owner_id] - LEAD)
    if cut <= 0:
        return {}
    others = {one: part for one, part in parts.items() if one != chosen.owner_id}
    return {chosen.owner_id: cut} | split(-cut, others)


def give_back(state: RotationState, turn: Turn) -> Turn:
    """Undo a pick by its own row: the lead comes back to the one picked, and from everybody what it had made due. The
    share of a member who has been removed since is spread over the rest, as its credit was. The ledger refuses to
    reverse a row twice; this function cannot know."""
    if turn.kind != "pick" or turn.rotation_id != state.rotation_id:
        raise RotationError("Only a pick of this rotation can come back.")
    back = {one: -due for one, due in turn.due.items()}
    back[turn.picked] += LEAD
    credits = state.credits
    missing = sum(amount for one, amount in back.items() if one not in credits)
    shares = split(missing, _weights(state.members))
    rows = tuple(
        _row(member, back.get(member.owner_id, 0) + shares.get(member.owner_id, 0))
        for member in state.members
        if member.owner_id in back or shares.get(member.owner_id)
    )
    return Turn(
        state.rotation_id, state.turn + 1, "give_back", turn.picked, rows, turn.picked_last_turn, turn.number
    )


def spread(state: RotationState, owner_id: Id) -> Turn:
    """A member is removed: its credit goes to the rest by weight, so that the sum stays 0."""
    gone = next((member for member in state.members if member.owner_id == owner_id), None)
    if gone is None:
        raise RotationError("This owner is not a member.")
    rest = [member for member in state.members if member is not gone]
    shares = split(gone.credit, _weights(rest))
    rows = (_row(gone, -gone.credit), *(_row(member, shares.get(member.owner_id, 0)) for member in rest))
    return Turn(state.rotation_id, state.turn + 1, "spread", owner_id, rows, gone.last_turn)


def _weights(members: Iterable[MemberState]) -> dict[Id, int]:
    """Over whom a credit is spread: the active, or whoever there is."""
    listed = list(members)
    return {m.owner_id: m.weight for m in [one for one in listed if one.active] or listed}


def _row(member: MemberState, change: int) -> TurnRow:
    return TurnRow(member.owner_id, member.weight, member.credit, member.credit + change, qualified=True)


def after(state: RotationState, turn: Turn) -> RotationState:
    """The state once the turn has been written."""
    changed = {row.owner_id: row.after for row in turn.rows}
    members = []
    for member in state.members:
        one = member.owner_id
        if one not in changed and one != turn.picked:
            members.append(member)
        elif turn.kind != "spread" or one != turn.picked:
            credit, last_turn = changed.get(one, member.credit), _last_turn(member, turn)
            members.append(MemberState(one, member.weight, credit, last_turn, member.active))
    return replace(state, members=tuple(members), turn=turn.number)


def _last_turn(member: MemberState, turn: Turn) -> int:
    if member.owner_id != turn.picked:
        return member.last_turn
    if turn.kind == "pick":
        return turn.number
    return turn.picked_last_turn if member.last_turn == turn.reverses else member.last_turn


def shares(turns: Iterable[Turn]) -> dict[Id, Share]:
    """What each member got and what was due to it over a stretch of the ledger, with its oldest row first. A
    give-back takes off what its pick had added, when that pick is in the stretch too."""
    actual: dict[Id, int] = {}
    due: dict[Id, int] = {}
    picks: dict[int, Turn] = {}
    for turn in turns:
        if turn.kind == "pick":
            picks[turn.number] = turn
            sign = 1
        elif turn.reverses in picks:
            turn, sign = picks[turn.reverses], -1
        else:
            continue
        for one, units in turn.due.items():
            actual.setdefault(one, 0)
            due[one] = due.get(one, 0) + sign * units
        actual[turn.picked] += sign
    return {one: Share(one, actual[one], due[one]) for one in actual}
