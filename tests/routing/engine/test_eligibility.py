"""Semantics, "Who can be picked"."""

from routing.engine.eligibility import eligible
from tests.make.engine import ALICE, BOB, CARLA, candidate


def who(*candidates, **how):
    found = eligible(candidates, **how)
    return (
        sorted(found.present),
        sorted(found.qualified),
        {out.owner_id: out.reason for out in found.left_out},
    )


def test_eligible_is_active_not_absent_below_caps_and_load_skilled_and_no_past_owner():
    present, qualified, left_out = who(
        candidate(ALICE, active=False),
        candidate(BOB, absent=True, absent_text="until 4 January (vacation)"),
        candidate(CARLA, load=4, load_limit=5, skills=frozenset({"EN"})),
        skills=["en"],
    )
    assert (present, qualified) == ([CARLA], [CARLA])
    assert left_out == {
        ALICE: "Alice Ames is not active",
        BOB: "Bob Burke is away until 4 January (vacation)",
    }


def test_every_member_left_out_has_a_reason():
    present, qualified, left_out = who(
        candidate(ALICE, capped=True, cap_text="of 20 today"),
        candidate(BOB, load=30, load_limit=30),
        candidate(CARLA, on_duty=False, duty_text="until Monday 09:00"),
    )
    assert (present, qualified) == ([], [])
    assert left_out == {
        ALICE: "Alice Ames has reached the cap of 20 today",
        BOB: "Bob Burke has 30 open leads, 30 at most",
        CARLA: "Carla Cruz is off duty until Monday 09:00",
    }


def test_members_without_the_skill_are_present_but_not_picked_and_past_owners_are_neither():
    present, qualified, left_out = who(
        candidate(ALICE, skills=frozenset({"es", "en"})),
        candidate(BOB),
        candidate(CARLA, skills=frozenset({"es"}), past_owner=True),
        skills=["ES"],
    )
    assert present == [ALICE, BOB]
    assert qualified == [ALICE]
    assert left_out == {
        BOB: "Bob Burke does not have the skill es",
        CARLA: "Carla Cruz has had this lead before",
    }


def test_nothing_of_a_lead_that_is_routed_again_is_due_to_whoever_has_had_it():
    had_it, unskilled_too = candidate(ALICE, past_owner=True), candidate(BOB, past_owner=True)
    carla = candidate(CARLA, skills=frozenset({"es"}))
    assert who(had_it, carla)[:2] == ([CARLA], [CARLA])
    assert who(unskilled_too, carla, skills=["es"])[:2] == ([CARLA], [CARLA])


def test_absence_always_beats_duty():
    for policy in ("on_duty_first", "on_duty_only", "ignore"):
        assert who(candidate(ALICE, absent=True, on_duty=True), policy=policy)[1] == []


def test_on_duty_first_asks_those_on_duty_first():
    assert who(candidate(ALICE), candidate(BOB, on_duty=False))[1] == [ALICE]


def test_on_duty_first_asks_the_off_duty_if_none_is_on_duty():
    assert who(candidate(ALICE, on_duty=False), candidate(BOB, on_duty=False))[1] == [ALICE, BOB]
    assert who(candidate(ALICE, absent=True), candidate(BOB, on_duty=False))[1] == [BOB]


def test_on_duty_first_asks_the_off_duty_if_none_on_duty_could_serve_this_lead():
    spanish = candidate(CARLA, on_duty=False, skills=frozenset({"es"}))
    present, qualified, _ = who(candidate(ALICE), spanish, skills=["es"])
    assert qualified == [CARLA]
    assert present == [ALICE, CARLA]


def test_if_all_on_duty_are_capped_nobody_is_picked_unless_it_overflows():
    members = (candidate(ALICE, capped=True), candidate(BOB, on_duty=False))
    assert who(*members)[1] == []
    assert who(*members, overflow_to_off_duty=True)[1] == [BOB]
    assert who(candidate(ALICE), *members[1:], overflow_to_off_duty=True)[1] == [ALICE]


def test_on_duty_only_never_asks_the_off_duty():
    assert who(candidate(ALICE, on_duty=False), policy="on_duty_only")[1] == []
    capped = candidate(ALICE, capped=True)
    assert (
        who(capped, candidate(BOB, on_duty=False), policy="on_duty_only", overflow_to_off_duty=True)[1] == []
    )


def test_ignore_means_calendars_do_not_matter():
    assert who(candidate(ALICE), candidate(BOB, on_duty=False), policy="ignore")[1] == [ALICE, BOB]


def test_caps_and_load_can_be_ignored_but_not_absence():
    members = (
        candidate(ALICE, capped=True),
        candidate(BOB, load=5, load_limit=5),
        candidate(CARLA, absent=True),
    )
    assert who(*members, ignore_caps=True)[1] == [ALICE, BOB]
