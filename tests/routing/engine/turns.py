"""Rotations and stretches of turns for the tests of the engine."""

from hypothesis import strategies as st

from routing.engine.rotation import after, pick
from routing.engine.rotation_state import MemberState, RotationState

WEIGHT = st.one_of(st.integers(1, 20).map(lambda n: n * 100), st.integers(1, 3000))
WEIGHTS = st.lists(WEIGHT, min_size=1, max_size=12)


def rotation(*weights, **more):
    """Members 0, 1, 2, ... with these weights, in hundredths."""
    return RotationState("r", tuple(MemberState(n, w) for n, w in enumerate(weights)), **more)


def play(state, count, present=None):
    """count turns among those present: (state, ledger)."""
    present = set(state.credits) if present is None else present
    ledger = []
    for _ in range(count):
        turn = pick(state, present)
        state = after(state, turn)
        ledger.append(turn)
    return state, ledger


def masked(state, mask):
    """The members whose bit is set, by their place."""
    return {member.owner_id for place, member in enumerate(state.members) if mask >> place & 1}


def churn():
    """Weights, and for each lead two masks: who is there, and who can take it."""
    masks = st.tuples(st.integers(0, 4095), st.integers(0, 4095))
    return st.tuples(WEIGHTS, st.lists(masks, max_size=60))


def next_picks(state, count, present=None, qualified=None):
    """Who gets the next leads if nothing changes. Empty when nobody can."""
    here = {member.owner_id for member in state.members if member.active} if present is None else set(present)
    able = here if qualified is None else here & set(qualified)
    if not any(member.owner_id in able for member in state.members):
        return []
    picks = []
    for _ in range(count):
        turn = pick(state, here, able)
        picks.append(turn.picked)
        state = after(state, turn)
    return picks
