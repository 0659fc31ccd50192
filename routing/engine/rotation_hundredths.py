"""How a turn was picked at first, so that decisions of then replay to the same answer. Nothing new is picked
this way.

All present accrued their weight, the one picked paid the weight of all present; credits were in hundredths of weight.
"""

from collections.abc import Collection, Sequence

from routing.engine.references import Id, id_order
from routing.engine.rotation_state import HUNDREDTHS, MemberState, RotationError, RotationState, Turn, TurnRow


def pick(state: RotationState, present: Collection[Id], qualified: Collection[Id] | None) -> Turn:
    """The turn as it was picked then. Raises RotationError when nobody is present and qualified."""
    here = [member for member in state.members if member.owner_id in present]
    able = [member for member in here if qualified is None or member.owner_id in qualified]
    if not able:
        raise RotationError("Nobody who is present can take this lead.")
    total = sum(member.weight for member in here)
    chosen = _choose(able, total, 2 * len(here) - 2)
    ids = {member.owner_id for member in able}
    rows = tuple(
        TurnRow(
            member.owner_id,
            member.weight,
            member.credit,
            member.credit + member.weight - (total if member is chosen else 0),
            member.owner_id in ids,
        )
        for member in here
    )
    return Turn(
        state.rotation_id,
        state.turn + 1,
        "pick",
        chosen.owner_id,
        rows,
        chosen.last_turn,
        format=HUNDREDTHS,
    )


def _choose(members: Sequence[MemberState], total: int, k: int) -> MemberState:
    due = [m for m in members if k and (m.credit + m.weight) * k >= total]
    if not due:
        return min(members, key=lambda m: (-(m.credit + m.weight), m.last_turn, id_order(m.owner_id)))
    first = due[0]
    for member in due[1:]:
        one = (total * (k - 1) - (member.credit + member.weight) * k) * first.weight
        other = (total * (k - 1) - (first.credit + first.weight) * k) * member.weight
        if (one, member.last_turn, id_order(member.owner_id)) < (
            other,
            first.last_turn,
            id_order(first.owner_id),
        ):
            first = member
    return first
