from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.rotation import (
    MemberState,
    RotationError,
    RotationState,
    Turn,
    add_member,
    after,
    change_weight,
    give_back,
    next_picks,
    pick,
    remove_member,
    scaled,
    shares,
)

weights = st.lists(
    st.one_of(st.integers(1, 20).map(lambda n: n * 100), st.integers(1, 3000)), min_size=1, max_size=12
)


def rotation(*member_weights):
    return RotationState("r", tuple(MemberState(n, w) for n, w in enumerate(member_weights)))


def play(state, count, present=None):
    """count turns among those present: (state, ledger)."""
    present = set(state.credits) if present is None else present
    ledger = []
    for _ in range(count):
        turn = pick(state, present)
        state = after(state, turn)
        ledger.append(turn)
    return state, ledger


@settings(max_examples=200, deadline=None)
@given(weights, st.integers(1, 150))
def test_it_is_never_a_whole_lead_away_from_the_target(member_weights, count):
    """The bound of the theorem, 1 - 1/(2n-2), at every moment."""
    state, total, n = rotation(*member_weights), sum(member_weights), len(member_weights)
    bound = 1 - Fraction(1, 2 * n - 2) if n > 1 else Fraction(0)
    actual = Counter()
    for done in range(1, count + 1):
        turn = pick(state, state.credits)
        state = after(state, turn)
        actual[turn.picked] += 1
        for member in state.members:
            target = Fraction(done * member.weight, total)
            assert abs(actual[member.owner_id] - target) <= bound


@pytest.mark.parametrize("member_weights", [(1, 1, 1, 7, 7, 7), (1,) * 6 + (9,) * 6, (3, 2, 1), (1, 99)])
def test_it_holds_the_bound_where_smooth_weighted_round_robin_does_not(member_weights):
    state = rotation(*(w * 100 for w in member_weights))
    _, ledger = play(state, 3 * sum(member_weights))
    for end in range(1, len(ledger) + 1):
        for share in shares(ledger[:end]).values():
            assert abs(share.actual - share.target) < 1


def churn(draw_weights=weights):
    return st.tuples(
        draw_weights, st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 4095)), max_size=60)
    )


@settings(max_examples=200, deadline=None)
@given(churn())
def test_the_credits_sum_to_zero_and_the_absent_stay_as_they_are(case):
    member_weights, turns = case
    state = rotation(*member_weights)
    for here, may in turns:
        present = {member.owner_id for member in state.members if here >> member.owner_id & 1}
        qualified = {owner for owner in present if may >> owner & 1}
        if not qualified:
            continue
        before = state.credits
        turn = pick(state, present, qualified)
        state = after(state, turn)
        assert turn.picked in qualified
        assert sum(state.credits.values()) == 0
        for owner, credit in state.credits.items():
            if owner not in present:
                assert credit == before[owner]


@settings(max_examples=150, deadline=None)
@given(churn())
def test_after_the_set_changed_nobody_is_further_off_than_the_credits_carried_over_and_one_lead(case):
    """Within a stretch with the same members present, what parts actual and target is exactly how the credits
    moved, and no credit outgrows those of its sign that were carried over together, plus one lead."""
    member_weights, changes = case
    state = rotation(*member_weights)
    for here, length in changes:
        present = {member.owner_id for member in state.members if here >> member.owner_id & 1}
        if not present:
            continue
        carried = state.credits
        total = sum(m.weight for m in state.members if m.owner_id in present)
        ahead = sum(max(carried[owner], 0) for owner in present)
        behind = sum(min(carried[owner], 0) for owner in present)
        state, ledger = play(state, length % 7 + 1, present)
        for owner, share in shares(ledger).items():
            moved = Fraction(state.credits[owner] - carried[owner], total)
            assert share.target - share.actual == moved
            assert behind - total <= state.credits[owner] <= ahead + total


def test_it_does_not_flood_a_member_who_returns():
    state = rotation(100, 100, 100, 300)
    state, _ = play(state, 17)
    state, _ = play(state, 700, {0, 1, 3})
    _, ledger = play(state, 12)
    picked = [turn.picked for turn in ledger]
    assert picked.count(2) <= 3
    assert all(not (a == b == 2) for a, b in pairwise(picked))


def test_it_does_not_flood_a_new_member():
    state, _ = play(rotation(100, 100), 500)
    state = add_member(state, "new", 100)
    assert state.credits["new"] == 0
    _, ledger = play(state, 9)
    assert Counter(turn.picked for turn in ledger)["new"] == 3


@settings(max_examples=150, deadline=None)
@given(churn())
def test_a_give_back_restores_the_credits(case):
    member_weights, turns = case
    state = rotation(*member_weights)
    for here, _ in turns:
        present = {member.owner_id for member in state.members if here >> member.owner_id & 1}
        if not present:
            continue
        turn = pick(state, present)
        taken = after(state, turn)
        back = after(taken, give_back(taken, turn))
        assert back.credits == state.credits
        assert [m.last_turn for m in back.members] == [m.last_turn for m in state.members]
        assert back.turn == turn.number + 1
        state = taken


def test_a_give_back_long_after_keeps_the_sum_and_brings_the_next_turn_nearer():
    state, ledger = play(rotation(100, 100, 100), 4)
    back = after(state, give_back(state, ledger[0]))
    assert sum(back.credits.values()) == 0
    assert back.credits[ledger[0].picked] == state.credits[ledger[0].picked] + 200


@settings(max_examples=100, deadline=None)
@given(weights.filter(lambda w: len(w) > 2), st.integers(1, 30), st.integers(0, 11), st.integers(0, 29))
def test_a_give_back_after_somebody_left_still_sums_to_zero(member_weights, count, gone, returned):
    state, ledger = play(rotation(*member_weights), count)
    state = remove_member(state, gone % len(member_weights))
    assert sum(state.credits.values()) == 0
    turn = give_back(state, ledger[returned % count])
    assert sum(after(state, turn).credits.values()) == 0


def test_a_members_credit_is_spread_by_weight_when_they_leave():
    state = RotationState("r", (MemberState(1, 100, 70), MemberState(2, 100, -50), MemberState(3, 200, -20)))
    assert remove_member(state, 1).credits == {2: -27, 3: 27}
    assert remove_member(state, 2).credits == {1: 53, 3: -53}


def test_a_change_of_weight_keeps_the_credits():
    state, _ = play(rotation(300, 200, 100), 4)
    changed = change_weight(state, 2, 600)
    assert changed.credits == state.credits
    assert [m.weight for m in changed.members] == [300, 200, 600]


def test_ties_go_to_the_one_whose_last_turn_is_oldest_then_by_id():
    assert next_picks(rotation(100, 100, 100), 6) == [0, 1, 2, 0, 1, 2]
    numbers = RotationState("r", (MemberState(10, 100), MemberState(9, 100)))
    assert pick(numbers, {9, 10}).picked == 9


def test_members_accrue_over_those_present_and_the_pick_is_among_the_qualified():
    state = rotation(100, 100)
    turn = pick(state, {0, 1}, {1})
    assert turn.picked == 1
    assert after(state, turn).credits == {0: 100, 1: -100}
    assert [row.qualified for row in turn.rows] == [False, True]
    assert next_picks(after(state, turn), 2) == [0, 1]


def test_nobody_to_pick_is_an_error_and_no_turn():
    with pytest.raises(RotationError, match="Nobody"):
        pick(rotation(100, 100), {0}, {1})
    assert next_picks(rotation(100), 5, present=set()) == []


def test_the_ledger_row_replays_the_pick_and_survives_json():
    state, ledger = play(rotation(300, 200, 100), 5)
    turn = ledger[-1]
    assert Turn.from_json(turn.to_json()) == turn
    assert {row.owner_id: row.after for row in turn.rows} == state.credits
    before = RotationState(
        "r", tuple(MemberState(row.owner_id, row.weight, row.before) for row in turn.rows), turn.number - 1
    )
    assert pick(before, {0, 1, 2}).picked == turn.picked


def test_a_give_back_is_taken_off_both_actual_and_target():
    state, ledger = play(rotation(100, 100), 3)
    ledger.append(give_back(state, ledger[0]))
    result = shares(ledger)
    assert (result[0].actual, result[1].actual) == (1, 1)
    assert result[0].target == result[1].target == 1


def test_decimal_weights_are_integers_inside():
    assert [scaled(w) for w in (1, 2.5, Decimal("0.01"), "3")] == [100, 250, 1, 300]
    picks = Counter(next_picks(rotation(scaled(2.5), scaled(1), scaled("0.5")), 40))
    assert picks == {0: 25, 1: 10, 2: 5}


@pytest.mark.parametrize("weight", [0, -1, "a lot", 1.005, "nan", "inf", None])
def test_what_is_not_a_weight_is_refused(weight):
    with pytest.raises(RotationError, match="is not a weight"):
        scaled(weight)


def test_members_are_added_and_removed_once():
    state = rotation(100, 100)
    for act in (
        lambda: add_member(state, 0, 100),
        lambda: remove_member(state, "x"),
        lambda: change_weight(state, "x", 1),
        lambda: give_back(state, give_back(*_taken(state))),
    ):
        with pytest.raises(RotationError):
            act()
    alone = remove_member(remove_member(state, 0), 1)
    assert alone.members == ()


def _taken(state):
    turn = pick(state, {0, 1})
    return after(state, turn), turn
