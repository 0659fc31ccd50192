"""Turns, credits and the ledger's rows of one rotation; the bounds are in test_rotation_bounds."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.rotation import after, give_back, pick, shares, spread
from routing.engine.rotation_state import LEAD, MemberState, RotationError, RotationState, Turn, scaled, split
from tests.routing.engine.turns import WEIGHTS, churn, masked, next_picks, play, rotation


@settings(max_examples=200, deadline=None)
@given(churn(), st.sampled_from(["count", "extra"]))
def test_the_credits_sum_to_zero_and_those_to_whom_nothing_is_due_stay_as_they_are(case, mode):
    member_weights, turns = case
    state = rotation(*member_weights, specialist_leads=mode)
    for here, may in turns:
        present = masked(state, here)
        qualified = masked(state, may) & present
        if not qualified:
            continue
        before = state.credits
        turn = pick(state, present, qualified)
        state = after(state, turn)
        assert turn.picked in qualified
        assert sum(state.credits.values()) == 0
        for owner, credit in state.credits.items():
            if owner not in (present if mode == "count" else qualified):
                assert credit == before[owner]


@given(churn(), st.sampled_from(["count", "extra"]))
def test_a_ledger_row_can_be_recomputed_by_anybody(case, mode):
    """What is due by weight, and what each had after it, follow from the row alone."""
    member_weights, turns = case
    state = rotation(*member_weights, specialist_leads=mode)
    for here, may in turns:
        present = masked(state, here)
        if not masked(state, may) & present:
            continue
        turn = pick(state, present, masked(state, may))
        state = after(state, turn)
        assert split(LEAD, {row.owner_id: row.weight for row in turn.rows}) == {
            row.owner_id: row.part for row in turn.rows
        }
        assert sum(turn.due.values()) == LEAD
        assert sum(row.moved for row in turn.rows) == 0
        for row in turn.rows:
            paid = LEAD if row.owner_id == turn.picked else 0
            assert row.after == row.before + row.part + row.moved - paid
        assert Turn.from_json(turn.to_json()) == turn


@given(churn())
def test_the_same_state_gives_the_same_turn_in_whatever_order_its_members_stand(case):
    member_weights, turns = case
    state = rotation(*member_weights)
    mirrored = replace(state, members=state.members[::-1])
    for here, may in turns:
        present = masked(state, here)
        if not masked(state, may) & present:
            continue
        turn = pick(state, present, masked(state, may))
        again = pick(mirrored, present, masked(state, may))
        assert (again.picked, set(again.rows)) == (turn.picked, set(turn.rows))
        state, mirrored = after(state, turn), after(mirrored, again)


def test_without_skills_count_and_extra_are_the_same_rule():
    modes = ("count", "extra")
    counted, extra = (rotation(300, 200, 100, specialist_leads=mode, max_leads_ahead=0) for mode in modes)
    for here in (0b111, 0b011, 0b110, 0b001) * 20:
        one, other = pick(counted, masked(counted, here)), pick(extra, masked(extra, here))
        assert (one.picked, one.rows) == (other.picked, other.rows)
        counted, extra = after(counted, one), after(extra, other)


def test_a_lead_that_only_some_can_take_is_due_to_all_present_or_to_those_who_can():
    counted, extra = (rotation(100, 100, specialist_leads=mode) for mode in ("count", "extra"))
    turn = pick(counted, {0, 1}, {1})
    assert after(counted, turn).credits == {0: LEAD // 2, 1: -LEAD // 2}
    assert [row.qualified for row in turn.rows] == [False, True]
    assert next_picks(after(counted, turn), 2) == [0, 1]
    turn = pick(extra, {0, 1}, {1})
    assert after(extra, turn).credits == {0: 0, 1: 0}
    assert [row.owner_id for row in turn.rows] == [1]


@settings(max_examples=150, deadline=None)
@given(churn(), st.integers(0, 4))
def test_special_leads_that_count_take_nobody_further_ahead_than_the_limit(case, limit):
    member_weights, turns = case
    state = rotation(*member_weights, max_leads_ahead=limit)
    for here, may in turns * 3:
        present = masked(state, here)
        qualified = masked(state, may) & present
        if not qualified:
            continue
        before = state.credits
        turn = pick(state, present, qualified)
        state = after(state, turn)
        if qualified != present:
            assert state.credits[turn.picked] >= min(before[turn.picked], -limit * LEAD)
            for owner in state.credits.keys() - {turn.picked}:
                assert state.credits[owner] >= before[owner]


def test_the_row_says_what_the_limit_moved_and_a_give_back_brings_it_back():
    """Only 1 can take these leads: from the third lead ahead on they come on top of what is due."""
    state = rotation(100, 100, 200, max_leads_ahead=3)
    while True:
        turn = pick(state, {0, 1, 2}, {1})
        if any(row.moved for row in turn.rows):
            break
        state = after(state, turn)
    assert state.credits[1] == -3 * LEAD
    assert {row.owner_id: row.moved for row in turn.rows} == {0: -LEAD // 4, 1: 3 * LEAD // 4, 2: -LEAD // 2}
    taken = after(state, turn)
    assert taken.credits == state.credits
    assert turn.due == {0: 0, 1: LEAD, 2: 0}
    assert Turn.from_json(turn.to_json()) == turn
    assert after(taken, give_back(taken, turn)).credits == state.credits


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
    state = replace(state, members=(*state.members, MemberState("new", 100)))
    _, ledger = play(state, 9)
    assert Counter(turn.picked for turn in ledger)["new"] == 3


@settings(max_examples=150, deadline=None)
@given(churn(), st.sampled_from(["count", "extra"]))
def test_a_give_back_restores_the_credits(case, mode):
    member_weights, turns = case
    state = rotation(*member_weights, specialist_leads=mode, max_leads_ahead=1)
    for here, may in turns:
        present = masked(state, here)
        if not masked(state, may) & present:
            continue
        turn = pick(state, present, masked(state, may))
        taken = after(state, turn)
        back = after(taken, give_back(taken, turn))
        assert back.credits == state.credits
        assert [m.last_turn for m in back.members] == [m.last_turn for m in state.members]
        assert back.turn == turn.number + 1
        state = taken


def test_a_give_back_long_after_brings_a_lead_back_less_the_part_that_was_due():
    state, ledger = play(rotation(100, 100, 100), 4)
    back = after(state, give_back(state, ledger[0]))
    assert sum(back.credits.values()) == 0
    due = ledger[0].due[ledger[0].picked]
    assert back.credits[ledger[0].picked] == state.credits[ledger[0].picked] + LEAD - due


@settings(max_examples=100, deadline=None)
@given(WEIGHTS.filter(lambda w: len(w) > 2), st.integers(1, 30), st.integers(0, 11), st.integers(0, 29))
def test_a_give_back_after_somebody_left_still_sums_to_zero(member_weights, count, gone, returned):
    state, ledger = play(rotation(*member_weights), count)
    state = after(state, spread(state, gone % len(member_weights)))
    assert sum(state.credits.values()) == 0
    turn = give_back(state, ledger[returned % count])
    assert sum(after(state, turn).credits.values()) == 0


def credited(*members):
    return RotationState("r", tuple(MemberState(*one) for one in members))


def test_a_members_credit_is_spread_by_weight_when_they_are_removed():
    state = credited((1, 100, 70), (2, 100, -50), (3, 200, -20))
    assert after(state, spread(state, 1)).credits == {2: -27, 3: 27}
    assert after(state, spread(state, 2)).credits == {1: 53, 3: -53}
    row = spread(state, 1)
    assert (row.kind, row.picked, row.number) == ("spread", 1, 1)
    assert {one.owner_id: one.after for one in row.rows} == {1: 0, 2: -27, 3: 27}


def test_whoever_is_switched_off_gets_nothing_of_a_spread_credit_unless_nobody_else_is_left():
    off = MemberState(3, 200, -20, active=False)
    state = RotationState("r", (MemberState(1, 100, 70), MemberState(2, 100, -50), off))
    state = after(state, spread(state, 1))
    assert state.credits == {2: 20, 3: -20}
    assert after(state, spread(state, 2)).credits == {3: 0}


def test_a_credit_waits_while_its_member_is_switched_off():
    """Off and on thirty times costs nothing, and the credit is taken into account when a turn comes back."""
    state, ledger = play(rotation(300, 200, 100), 4)
    before = state.credits
    for _ in range(30):
        for active in (False, True):
            members = (replace(m, active=active if m.owner_id == 2 else m.active) for m in state.members)
            state = replace(state, members=tuple(members))
            assert next_picks(state, 1) != ([2] if not active else [])
    assert state.credits == before
    off = replace(state, members=(*state.members[:2], replace(state.members[2], active=False)))
    assert sum(after(off, give_back(off, ledger[0])).credits.values()) == 0


def test_ties_go_to_the_one_whose_last_turn_is_oldest_then_by_id():
    assert next_picks(rotation(100, 100, 100), 6) == [0, 1, 2, 0, 1, 2]
    numbers = RotationState("r", (MemberState(10, 100), MemberState(9, 100)))
    assert pick(numbers, {9, 10}).picked == 9


def test_whoever_is_a_whole_lead_behind_comes_first():
    """Below that it is 2 who would sooner be too far behind: its part is small, so one turn keeps it for long."""
    percent = LEAD // 100
    below = credited((1, 90, 5 * percent), (2, 5, 75 * percent), (3, 5, -80 * percent))
    assert pick(below, {1, 2, 3}).picked == 2
    above = credited((1, 90, 10 * percent), (2, 5, 75 * percent), (3, 5, -85 * percent))
    assert pick(above, {1, 2, 3}).picked == 1


def test_a_member_to_whom_no_unit_is_due_comes_last_among_those_who_are_due():
    state = credited((1, 1, LEAD * 8 // 10), (2, 10**12, LEAD * -7 // 10), (3, 10**12, LEAD * -1 // 10))
    turn = pick(state, {1, 2, 3})
    assert turn.due == {1: 0, 2: LEAD // 2, 3: LEAD // 2}
    assert turn.picked == 3


def test_nobody_to_pick_is_an_error_and_no_turn():
    with pytest.raises(RotationError, match="Nobody"):
        pick(rotation(100, 100), {0}, {1})
    assert next_picks(rotation(100), 5, present=set()) == []


def test_a_give_back_is_taken_off_both_actual_and_target():
    state, ledger = play(rotation(100, 100), 3)
    ledger.append(give_back(state, ledger[0]))
    result = shares(ledger)
    assert (result[0].actual, result[1].actual) == (1, 1)
    assert result[0].target == result[1].target == 1


def test_what_was_due_less_what_was_got_is_the_credit():
    state, ledger = play(rotation(300, 200, 100), 10)
    for owner, share in shares(ledger).items():
        assert share.due - share.actual * LEAD == state.credits[owner]


def test_what_cannot_come_back_or_leave_is_refused():
    state = rotation(100, 100)
    turn = pick(state, {0, 1})
    taken = after(state, turn)
    with pytest.raises(RotationError, match="Only a pick"):
        give_back(taken, give_back(taken, turn))
    with pytest.raises(RotationError, match="not a member"):
        spread(state, "x")
    alone = after(taken, spread(taken, 0))
    assert after(alone, spread(alone, 1)).members == ()


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), max_size=8))
def test_a_split_is_exact_and_nobody_is_a_unit_from_what_the_weights_say(amount, listed):
    parts = split(amount, dict(enumerate(listed)))
    total = sum(listed)
    assert sum(parts.values()) == (amount if total else 0)
    for one, weight in enumerate(listed):
        assert abs(parts[one] * total - amount * weight) < max(total, 1)


def test_decimal_weights_are_integers_inside():
    assert [scaled(w) for w in (1, 2.5, Decimal("0.01"), "3")] == [100, 250, 1, 300]
    picks = Counter(next_picks(rotation(scaled(2.5), scaled(1), scaled("0.5")), 40))
    assert picks == {0: 25, 1: 10, 2: 5}


@pytest.mark.parametrize("weight", [0, -1, "a lot", 1.005, "nan", "inf", None])
def test_what_is_not_a_weight_is_refused(weight):
    with pytest.raises(RotationError, match="is not a weight"):
        scaled(weight)
