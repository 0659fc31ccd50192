"""Semantics, "Order of deciding" and "Stickiness"."""

import json
from datetime import timedelta

import pytest

from routing.engine.decide import MOST_WHY_NOTS, decide
from routing.engine.ownership import KnownPerson, OwnershipContext, StickyOwner
from routing.engine.references import Ref
from routing.engine.returning import Previous, Touch, returning
from routing.engine.ruleset import NoFallbackQueue
from tests.make.engine import ALICE, BOB, CARLA, DIETER, EVA, NOW, PEOPLE, leaf, owner, rule, ruleset

DACH_LEAD = {"country": "DE", "segment": "hot", "score": 90}


def decided(facts=DACH_LEAD, rules=None, **ownership):
    return decide(facts, rules or ruleset(), OwnershipContext(**ownership), now=NOW)


def sticky(owner_id=EVA, days_ago=10, **more):
    away = {name: more.pop(name) for name in ("active", "away", "away_text", "backup") if name in more}
    return StickyOwner(owner(owner_id, **away), NOW - timedelta(days=days_ago), **more)


def answers(decision, step):
    return [row["answer"] for row in decision.trace if row["step"] == step]


def test_the_order_is_lock_deal_account_stickiness_rules_fallback():
    claims = {
        "manual_lock": owner(ALICE),
        "open_deal": owner(BOB),
        "account_owner": owner(CARLA),
        "account_name": "Globex",
        "sticky": sticky(EVA),
        "candidate_owner": owner(DIETER),
    }
    steps = []
    for claim in ("manual_lock", "open_deal", "account_owner", "sticky", "candidate_owner"):
        decision = decided(**claims)
        steps.append((decision.step, decision.target.id))
        del claims[claim]
        claims.pop("account_name" if claim == "account_owner" else "", None)
    steps.append((decided().step, decided().target.name))
    steps.append((decided({"country": "FR"}).step, decided({"country": "FR"}).target.name))
    assert steps == [
        ("manual_lock", ALICE),
        ("open_deal", BOB),
        ("account_owner", CARLA),
        ("stickiness", EVA),
        ("candidate", DIETER),
        ("rule", "DACH round robin"),
        ("fallback", "Triage"),
    ]


def test_the_rules_go_top_to_bottom_and_the_name_is_the_reason():
    decision = decided({**DACH_LEAD, "utm_source": "Partner"})
    assert (decision.reason, decision.rule_id, decision.rule_name) == ("Partners", 2, "Partners")
    assert decision.target == Ref("queue", 2, "Partner desk")


def test_a_rule_that_names_a_queue_is_a_decision_and_not_an_exception():
    decision = decided({"country": "US", "segment": "cold"})
    assert decision.target.name == "Nurture"
    assert not decision.no_rule_matched


def test_nothing_matched_goes_to_the_fallback_queue_with_an_exception():
    decision = decided({"country": "FR"})
    assert decision.no_rule_matched
    assert (decision.reason, decision.rule_name, decision.target.kind) == ("No rule matched", None, "queue")


def test_without_a_fallback_queue_nothing_is_made_up():
    with pytest.raises(NoFallbackQueue):
        decided({"country": "FR"}, ruleset(fallback_queue=None))


def test_the_decision_says_territories_segment_and_score_used():
    decision = decided({"country": "US", "state": "CA", "segment": "warm", "score": 55})
    assert decision.territories == ("West Coast", "North America")
    assert (decision.segment, decision.score, decision.ruleset_version) == ("warm", 55, 7)
    assert decision.rule_name == "Hot North America"
    assert decision.facts["territory"] == ["West Coast", "North America"]


def test_a_decision_replays_from_its_own_facts():
    decision = decided({"country": "US", "state": "CA", "segment": "warm"}, account_name="Globex")
    again = decide(decision.facts, ruleset(), OwnershipContext(account_name="Globex"), now=NOW)
    assert again.to_json() == decision.to_json()
    json.dumps(decision.to_json())


def test_without_a_segment_the_rules_that_ask_for_one_do_not_match():
    assert decided({"country": "US"}).step == "fallback"


def test_the_trace_says_for_each_rule_above_the_match_why_it_did_not():
    rows = [row for row in decided({"country": "US", "segment": "cold"}).trace if row.get("rule")]
    assert [(row["rule"], row["ok"]) for row in rows] == [
        ("Named account", False),
        ("Partners", False),
        ("DACH", False),
        ("Hot North America", False),
        ("Cold North America", True),
    ]
    assert rows[2]["answer"] == "territory is North America, not DACH"
    assert rows[3]["answer"] == "segment is cold, not hot or warm"
    assert [row["field"] for row in rows[3]["rows"]] == ["segment"]


def test_the_trace_of_many_rules_stays_short():
    rules = [rule(n, f"r{n}", "queue", 1, "Triage", leaf("country", eq=f"x{n}")) for n in range(100)]
    decision = decided({"country": "FR"}, ruleset(rules=rules))
    assert answers(decision, "rule")[-1] == f"{100 - MOST_WHY_NOTS} more rules did not match"
    assert len(decision.trace) < MOST_WHY_NOTS + 10


def test_a_lock_or_deal_of_somebody_who_is_not_active_does_not_hold():
    decision = decided(manual_lock=owner(ALICE, active=False), open_deal=owner(BOB, active=False))
    assert decision.step == "rule"
    assert answers(decision, "manual_lock") == ["Alice Ames is not active"]


def test_a_rule_for_the_accounts_owner_without_one_lets_the_next_step_decide():
    decision = decided(account_name="Globex")
    assert decision.step == "rule"
    assert answers(decision, "account_owner") == ["It matches, but the account has no owner"]
    gone = decided(account_name="Globex", account_owner=owner(ALICE, active=False))
    assert gone.step == "rule"


def test_a_named_account_beats_stickiness():
    decision = decided(account_name="Globex", account_owner=owner(ALICE), sticky=sticky(EVA))
    assert (decision.target, decision.reason) == (Ref("owner", ALICE, PEOPLE[ALICE]), "Named account")


def test_stickiness_lasts_for_its_days_and_no_longer():
    assert decided(sticky=sticky(days_ago=90)).target.id == EVA
    assert decided(sticky=sticky(days_ago=91)).step == "rule"


def test_stickiness_can_be_off():
    off = ruleset(stickiness={"enabled": False, "days": 90, "when_owner_away": "rotate"})
    assert decided(rules=off, sticky=sticky()).step == "rule"


@pytest.mark.parametrize(
    ("yields", "said"),
    [
        ({"active": False}, "Eva Ernst is not active any more"),
        ({"territory_lost": True}, "Eva Ernst has lost the territory"),
        ({"purpose_differs": True}, "Eva Ernst had it for another purpose"),
    ],
)
def test_stickiness_yields_if_inactive_or_the_territory_is_lost_or_the_purpose_differs(yields, said):
    decision = decided(sticky=sticky(**yields))
    assert decision.step == "rule"
    assert answers(decision, "stickiness") == [said]
    assert decision.sticky_owner is None


def test_when_the_sticky_owner_is_away_a_cover_takes_this_touch_and_the_bond_stays():
    decision = decided(sticky=sticky(away=True, backup=owner(DIETER)))
    assert decision.target.id == DIETER
    assert decision.sticky_owner == Ref("owner", EVA, "Eva Ernst")


@pytest.mark.parametrize("backup", [None, owner(DIETER, away=True), owner(DIETER, active=False)])
def test_when_there_is_no_cover_the_rules_find_somebody_and_the_bond_stays(backup):
    decision = decided(sticky=sticky(away=True, away_text="until 4 January", backup=backup))
    assert decision.step == "rule"
    assert decision.sticky_owner == Ref("owner", EVA, "Eva Ernst")
    assert answers(decision, "stickiness") == [
        "Eva Ernst is away until 4 January: somebody else takes this touch"
    ]


def test_keep_means_that_an_owner_who_is_away_keeps_the_lead():
    keep = ruleset(stickiness={"enabled": True, "days": 90, "when_owner_away": "keep"})
    decision = decided(rules=keep, sticky=sticky(away=True))
    assert (decision.target.id, decision.sticky_owner) == (EVA, None)


def test_an_ambiguous_duplicate_goes_to_the_candidates_owner_first():
    decision = decided(candidate_owner=owner(DIETER), candidate_name="Jana Weiß")
    assert (decision.step, decision.target.id) == ("candidate", DIETER)
    for more in ({"active": False}, {"away": True}):
        assert decided(candidate_owner=owner(DIETER, **more)).step == "rule"


def test_a_returning_lead_that_nobody_contacted_keeps_its_owner():
    back = returning(Previous("new", contacted=False), Touch())
    current = Ref("owner", EVA, "Eva Ernst")
    decision = decided(returning=back, current=current, open_deal=owner(BOB))
    assert (decision.target, decision.reason) == (current, "Returning lead")
    assert decided(returning=back, current=current, current_active=False).step == "rule"
    assert decided(returning=back).step == "rule"


def test_a_returning_lead_that_starts_again_is_decided_in_the_normal_order():
    back = returning(Previous("closed_lost", contacted=True), Touch())
    decision = decided(returning=back, current=Ref("queue", 1, "Triage"), sticky=sticky(EVA))
    assert (decision.step, decision.target.id) == ("stickiness", EVA)


@pytest.mark.parametrize(
    ("sdr", "taken_by", "says"),
    [
        ({}, BOB, "-> Bob Burke, SDR of Alice Ames, owner of Globex"),
        (
            {"away": True, "away_text": "until 4 January"},
            ALICE,
            "-> Alice Ames, owner of Globex; the SDR Bob Burke is away until 4 January",
        ),
        ({"active": False}, ALICE, "-> Alice Ames, owner of Globex; the SDR Bob Burke is not active"),
    ],
)
def test_the_sdr_of_the_accounts_owner_takes_a_new_lead_unless_they_cannot(sdr, taken_by, says):
    decision = decided(account_name="Globex", account_owner=owner(ALICE, sdr=owner(BOB, **sdr)))
    assert (decision.step, decision.target.id) == ("account_owner", taken_by)
    assert answers(decision, "account_owner")[-1] == says


def test_customers_and_open_deals_of_an_account_are_not_the_sdrs():
    pair = owner(ALICE, sdr=owner(BOB))
    customer = decided(account_name="Globex", account_owner=pair, person=KnownPerson(customer=True))
    deal = decided(account_name="Globex", account_owner=pair, open_deal=owner(ALICE))
    assert [(one.step, one.target.id) for one in (customer, deal)] == [
        ("customer", ALICE),
        ("open_deal", ALICE),
    ]


def test_a_returning_lead_that_waits_in_a_queue_where_nobody_has_it_is_decided_anew():
    keep = returning(Previous("new", contacted=False), Touch())
    queue = Ref("queue", 3, "Nurture")
    decision = decided(returning=keep, current=queue, current_waits=True, open_deal=owner(BOB))
    assert (decision.step, decision.target.id) == ("open_deal", BOB)
    asked = next(row for row in decision.trace if row["step"] == "returning")
    assert (asked["ok"], asked["answer"]) == (False, "Nobody has it yet: it waits in Nurture")
    assert decided(returning=keep, current=queue).step == "returning"
    content = returning(Previous("new", contacted=False), Touch("content"))
    assert decided(returning=content, current=queue, current_waits=True).step == "returning"
