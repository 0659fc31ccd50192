"""Turns that were picked at first, with credits in hundredths of weight: `first_ledger.json` was written by the code of then."""

import json
from pathlib import Path

import pytest

from routing.engine.rotation import after, give_back, pick, shares
from routing.engine.rotation_state import HUNDREDTHS, LEAD, MemberState, RotationState, Turn
from tests.routing.engine.turns import play, rotation

TURNS = json.loads(Path(__file__).with_name("first_ledger.json").read_text())


@pytest.mark.parametrize("stored", TURNS, ids=[str(one["turn"]["number"]) for one in TURNS])
def test_a_turn_of_the_first_ledger_replays_by_the_rule_of_then(stored):
    turn = Turn.from_json(stored["turn"])
    assert turn.format == HUNDREDTHS
    assert turn.to_json() == stored["turn"]
    members = tuple(
        MemberState(row.owner_id, row.weight, row.before, stored["last_turns"][str(row.owner_id)])
        for row in turn.rows
    )
    state = RotationState(turn.rotation_id, members, turn.number - 1, format=HUNDREDTHS)
    qualified = {row.owner_id for row in turn.rows if row.qualified}
    assert pick(state, state.credits, qualified) == turn


def test_it_tells_what_was_due_by_such_a_turn_in_leads():
    turn = Turn.from_json(TURNS[0]["turn"])
    assert turn.due == {1: LEAD // 2, 2: LEAD // 3, 3: LEAD // 6 + 1}
    assert turn.unit == 600
    assert {owner: (share.actual, float(share.target)) for owner, share in shares([turn]).items()} == {
        1: (1, 0.5),
        2: (0, pytest.approx(1 / 3)),
        3: (0, pytest.approx(1 / 6)),
    }


def test_such_a_turn_comes_back_as_one_lead_less_the_parts_that_were_due():
    state, _ = play(rotation(100, 300, 200, 100, 250), 5)
    turn = Turn.from_json({**TURNS[0]["turn"], "rotation_id": "r"})
    back = after(state, give_back(state, turn)).credits
    assert {owner: back[owner] - credit for owner, credit in state.credits.items()} == {
        0: 0,
        1: LEAD - LEAD // 2,
        2: -(LEAD // 3),
        3: -(LEAD // 6 + 1),
        4: 0,
    }
