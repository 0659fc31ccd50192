"""Semantics, "Who can be picked": when_empty, and "Turns": what uses one."""

import json
from collections import Counter

from routing.engine.decide import decide
from routing.engine.decision import RoutingDecision
from routing.engine.references import Ref
from routing.engine.resolve import resolve_target
from routing.engine.rotation_state import LEAD, Turn
from tests.make.engine import (
    ALICE,
    AMER,
    BOB,
    CARLA,
    DACH,
    DIETER,
    EVA,
    FALLBACK,
    NOW,
    NURTURE,
    candidate,
    ruleset,
    settings,
    state,
)

TO_AMER = RoutingDecision("rule", Ref("rotation", AMER, "AMER round robin"), "Hot North America")
AWAY = candidate(ALICE, absent=True)
CAPPED = candidate(ALICE, capped=True)


def resolved(*rotations, decision=TO_AMER, states=None, **more):
    found = states or {AMER: state(AMER, ALICE=3, BOB=2, CARLA=1), DACH: state(DACH, DIETER=1, EVA=1)}
    return resolve_target(
        decision, states=found, settings={one.id: one for one in rotations}, fallback=FALLBACK, **more
    )


def last(resolution):
    return resolution.trace[-1]["answer"]


def test_a_rotation_target_becomes_the_owner_whose_turn_it_is():
    resolution = resolved(settings(AMER, candidate(ALICE), candidate(BOB), candidate(CARLA)))
    assert resolution.target == Ref("owner", ALICE, "Alice Ames")
    assert resolution.turn.picked == ALICE
    assert resolution.rotation_id == AMER
    assert resolution.states[AMER].credits == {ALICE: -LEAD // 2, BOB: LEAD // 3, CARLA: LEAD // 6 + 1}


def test_an_owner_or_queue_is_a_settlement_without_a_turn():
    queue = RoutingDecision("rule", Ref("queue", NURTURE, "Nurture"), "Cold North America")
    for decision in (
        queue,
        RoutingDecision("stickiness", Ref("owner", EVA, "Eva Ernst"), "Stays with Eva Ernst"),
    ):
        resolution = resolved(decision=decision)
        assert (resolution.target, resolution.turns, resolution.rotation_id) == (decision.target, (), None)


def test_an_owner_who_is_not_active_any_more_gets_nothing():
    decision = RoutingDecision("rule", Ref("owner", EVA, "Eva Ernst"), "France")
    resolution = resolved(decision=decision, inactive_owners={EVA})
    assert (resolution.target, resolution.nobody) == (FALLBACK, True)


def test_a_batch_folds_the_states_and_comes_out_as_the_weights_say():
    rotation = settings(AMER, candidate(ALICE), candidate(BOB), candidate(CARLA))
    states, picked = {AMER: state(AMER, ALICE=3, BOB=2, CARLA=1)}, Counter()
    for _ in range(60):
        resolution = resolved(rotation, states=states)
        states = {**states, **resolution.states}
        picked[resolution.target.id] += 1
    assert picked == {ALICE: 30, BOB: 20, CARLA: 10}


def test_when_empty_defaults_to_the_fallback_queue_and_says_that_nobody_could():
    resolution = resolved(settings(AMER, AWAY))
    assert (resolution.target, resolution.turns, resolution.nobody) == (FALLBACK, (), True)
    assert [out.reason for out in resolution.left_out] == ["Alice Ames is away"]


def test_hold_puts_the_lead_in_the_rotations_holding_queue_and_uses_no_turn():
    resolution = resolved(
        settings(AMER, candidate(ALICE, on_duty=False), calendar_policy="on_duty_only", when_empty="hold")
    )
    assert resolution.target == Ref("hold", AMER, "AMER round robin")
    assert (resolution.turns, resolution.nobody, resolution.rotation_id) == ((), False, AMER)


def test_a_queue_can_take_over():
    to = Ref("queue", NURTURE, "Nurture")
    resolution = resolved(settings(AMER, AWAY, when_empty="queue", to=to))
    assert (resolution.target, resolution.nobody) == (to, False)


def test_assign_anyway_ignores_caps_and_duty_but_never_absence():
    anyway = {"when_empty": "assign_anyway"}
    assert resolved(settings(AMER, CAPPED, **anyway)).target.id == ALICE
    off_duty = candidate(BOB, on_duty=False)
    assert resolved(settings(AMER, off_duty, calendar_policy="on_duty_only", **anyway)).target.id == BOB
    resolution = resolved(settings(AMER, AWAY, **anyway))
    assert (resolution.target, resolution.nobody) == (FALLBACK, True)


def test_another_rotation_can_take_over_and_the_turn_is_its_own():
    to = Ref("rotation", DACH, "DACH round robin")
    resolution = resolved(
        settings(AMER, AWAY, when_empty="rotation", to=to), settings(DACH, candidate(DIETER), candidate(EVA))
    )
    assert resolution.target.id == DIETER
    assert resolution.rotation_id == DACH
    assert set(resolution.states) == {DACH}
    assert [row["step"] for row in resolution.trace] == ["rotation", "when_empty", "rotation", "turn"]


def test_a_circle_of_empty_rotations_ends_in_the_fallback_queue():
    resolution = resolved(
        settings(AMER, AWAY, when_empty="rotation", to=Ref("rotation", DACH, "DACH round robin")),
        settings(
            DACH,
            candidate(DIETER, active=False),
            when_empty="rotation",
            to=Ref("rotation", AMER, "AMER round robin"),
        ),
    )
    assert (resolution.target, resolution.nobody) == (FALLBACK, True)
    assert "leads back to AMER round robin" in last(resolution)


def test_a_rotation_that_is_gone_ends_in_the_fallback_queue():
    assert resolved().target == FALLBACK
    assert "not there any more" in last(resolved())


def test_the_absent_keep_their_credit_and_the_unskilled_accrue():
    rotation = settings(
        AMER, candidate(ALICE, absent=True), candidate(BOB), candidate(CARLA, skills=frozenset({"es"}))
    )
    resolution = resolved(rotation, skills=["es"])
    assert resolution.target.id == CARLA
    assert resolution.states[AMER].credits == {ALICE: 0, BOB: LEAD * 2 // 3 + 1, CARLA: -LEAD * 2 // 3}


def test_somebody_who_is_no_member_is_not_picked():
    assert resolved(settings(AMER, candidate(EVA), candidate(BOB))).target.id == BOB


def test_the_trace_names_every_member_left_out_and_the_turn():
    resolution = resolved(
        settings(AMER, candidate(ALICE, capped=True, cap_text="of 20 today"), candidate(BOB))
    )
    rows = json.loads(json.dumps(resolution.trace))
    assert rows[0]["left_out"] == [
        {
            "owner_id": ALICE,
            "name": "Alice Ames",
            "why": "capped",
            "reason": "Alice Ames has reached the cap of 20 today",
        }
    ]
    assert rows[1]["answer"] == "Bob Burke, turn 1"
    assert Turn.from_json(rows[1]["turn"]) == resolution.turn


def test_a_lead_goes_from_facts_to_a_person():
    decision = decide({"country": "AT", "segment": "warm"}, ruleset(), now=NOW)
    assert resolved(settings(DACH, candidate(EVA)), decision=decision).target == Ref(
        "owner", EVA, "Eva Ernst"
    )
