import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from routing.engine.conditions import matches
from routing.engine.linter import Live, LiveOwner, LiveRotation, check
from routing.engine.references import Ref
from routing.engine.resolve import EmptyPolicy
from routing.engine.shadowing import implies, shadowed
from tests.make.engine import (
    ALICE,
    AMER,
    BOB,
    DACH,
    DIETER,
    NURTURE,
    PARTNER_DESK,
    PEOPLE,
    TRIAGE,
    leaf,
    points,
    rule,
    snapshot,
    territory,
)
from tests.routing.engine.random_rules import conditions, facts

FIELDS = {
    "country", "state", "postal_code", "employee_count", "job_title", "intent", "email_is_free", "utm_source",
}  # fmt: skip


def live(**replaced):
    data = {
        "rotations": [
            LiveRotation(AMER, "AMER round robin", [ALICE, BOB]),
            LiveRotation(DACH, "DACH round robin", [DIETER]),
        ],
        "queues": {TRIAGE: "Triage", PARTNER_DESK: "Partner desk", NURTURE: "Nurture"},
        "owners": [LiveOwner(owner_id, name) for owner_id, name in PEOPLE.items()],
        "known_fields": FIELDS,
    }
    return Live(**{**data, **replaced})


def findings(the_live=None, **replaced):
    return check(snapshot(**replaced), the_live or live())


def only(found):
    assert len(found) == 1, found
    return found[0].level, found[0].where.name, found[0].message


def with_rules(*added):
    return [*snapshot()["rules"], *added]


def test_the_example_company_has_nothing_to_mend():
    assert findings() == []


def test_an_unknown_field_is_an_error_with_its_place():
    bad = rule(6, "Typo", "queue", NURTURE, "Nurture", {"all": [leaf("contry", eq="DE")]})
    level, where, message = only(findings(rules=with_rules(bad)))
    assert (level, where) == ("error", "Typo")
    assert "all[0]: There is no field 'contry'. Did you mean country?" in message


def test_an_unknown_field_in_a_score_is_found_too():
    scoring = {
        "thresholds": {"hot": 70, "warm": 40},
        "rules": [points("Odd", "fit", 5, leaf("oddness", eq=1))],
    }
    assert only(findings(scoring=scoring))[1] == "Odd"


@pytest.mark.parametrize(("field", "value"), [("territory", "Atlantis"), ("segment", "lukewarm")])
def test_an_unknown_territory_or_segment_is_an_error(field, value):
    bad = rule(6, "Lost", "queue", NURTURE, "Nurture", {"all": [leaf(field, in_=[value])]})
    assert only(findings(rules=with_rules(bad))) == ("error", "Lost", f"There is no {field} '{value}'.")


@pytest.mark.parametrize("kind", ["queue", "rotation", "owner"])
def test_an_unknown_target_is_an_error(kind):
    bad = rule(6, "Nowhere", kind, 999, "Gone", {"all": [leaf("country", eq="FR")]})
    level, where, message = only(findings(rules=with_rules(bad)))
    assert (level, where) == ("error", "Nowhere")
    assert "Gone, which does not exist" in message


def test_an_inactive_rule_may_point_anywhere():
    off = rule(6, "Off", "queue", 999, "Gone", {"all": [leaf("country", eq="FR")]}, active=False)
    assert findings(rules=with_rules(off)) == []


def test_a_rule_for_somebody_who_is_not_active_is_a_warning():
    owners = [LiveOwner(owner_id, name, active=owner_id != BOB) for owner_id, name in PEOPLE.items()]
    bobs = rule(6, "France", "owner", BOB, "Bob Burke", {"all": [leaf("country", eq="FR")]})
    level, where, message = only(findings(live(owners=owners), rules=with_rules(bobs)))
    assert (level, where) == ("warning", "France")
    assert "not active" in message


def test_a_rule_below_a_wider_one_is_never_reached():
    germany = rule(6, "Germany", "queue", NURTURE, "Nurture", {"all": [leaf("territory", in_=["DACH"])]})
    level, where, message = only(findings(rules=with_rules(germany)))
    assert (level, where) == ("warning", "Germany")
    assert "DACH above it takes first" in message


def test_a_territory_below_another_is_taken_by_its_parents_rule():
    rules = [
        rule(1, "All", "queue", NURTURE, "Nurture", {"all": [leaf("territory", eq="North America")]}),
        rule(2, "Coast", "queue", TRIAGE, "Triage", {"all": [leaf("territory", eq="West Coast")]}),
    ]
    assert only(findings(rules=rules))[1] == "Coast"
    assert findings(rules=[{**one, "position": -one["position"]} for one in rules]) == []


def test_a_rule_for_the_accounts_owner_neither_shadows_nor_is_shadowed_by_the_others():
    rules = [
        rule(1, "Everything", "queue", NURTURE, "Nurture", {}),
        rule(2, "Named account", "account_owner", "", "", {"all": [leaf("account", is_="named")]}),
    ]
    assert findings(rules=rules) == []


def test_an_sla_policy_below_one_for_everybody_is_never_used():
    policies = list(reversed(snapshot()["sla_policies"]))
    assert only(findings(sla_policies=policies))[:2] == ("warning", "Hot leads")


@hypothesis_settings(max_examples=400, deadline=None)
@given(conditions, conditions, st.lists(facts, min_size=1, max_size=10))
def test_what_is_said_to_be_wider_takes_every_lead_of_the_narrower(narrow, wide, leads):
    assume(implies(narrow, wide))
    assert all(matches(wide, lead) for lead in leads if matches(narrow, lead))


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.lists(conditions, max_size=8), st.lists(facts, min_size=1, max_size=5))
def test_a_shadowed_condition_is_first_for_no_lead(rules, leads):
    for later in shadowed(rules, lambda field, value: value):
        for lead in leads:
            assert next((i for i, rule in enumerate(rules) if matches(rule, lead)), None) != later


@pytest.mark.parametrize(
    ("narrow", "wide", "provable"),
    [
        (leaf("n", gte=500), leaf("n", gte=100), True),
        (leaf("n", gte=100), leaf("n", gt=100), False),
        (leaf("n", gt=100), leaf("n", gte=100), True),
        (leaf("n", between=[5, 6]), leaf("n", between=[1, 9]), True),
        (leaf("n", between=[5, 6]), leaf("n", lt=6), False),
        (leaf("n", eq=5), leaf("n", between=[1, 9]), True),
        (leaf("n", gte="2026"), leaf("n", gte=100), True),
        (leaf("n", gte="2026-01-01"), leaf("n", gte=100), False),
        (leaf("t", eq="sales manager"), leaf("t", has_word="manager"), True),
        (leaf("t", contains="sales manager"), leaf("t", contains=["sales", "x"]), True),
        (leaf("t", starts_with="+4930"), leaf("t", starts_with="+49"), True),
        (leaf("t", has_word="sales"), leaf("t", contains="sales"), False),
        (leaf("t", contains="x"), leaf("t", is_="present"), True),
        (leaf("t", ne="x"), leaf("t", is_="present"), False),
        (leaf("t", is_="missing"), leaf("t", is_="present"), False),
        (
            leaf("postal_code", between=["90100", "90200"]),
            leaf("postal_code", between=["90000", "91000"]),
            True,
        ),
        (
            leaf("postal_code", between=["9010", "9020"]),
            leaf("postal_code", between=["90000", "91000"]),
            False,
        ),
        ({"any": [leaf("a", eq=1), leaf("a", eq=2)]}, leaf("a", in_=[1, 2, 3]), True),
        ({"all": [leaf("a", eq=1), leaf("b", eq=1)]}, {"any": [leaf("b", eq=1), leaf("c", eq=1)]}, True),
        (leaf("a", eq=1), {"all": [leaf("a", eq=1), leaf("b", eq=1)]}, False),
        (leaf("a", eq=1), {"none": [leaf("a", eq=2)]}, False),
    ],
)
def test_it_proves_what_people_see_and_stays_silent_otherwise(narrow, wide, provable):
    assert implies(narrow, wide) is provable


def test_many_rules_are_checked_in_one_go():
    rules = [{"all": [leaf("country", eq=f"c{n}"), leaf("employee_count", gte=n)]} for n in range(3000)]
    rules.append({"all": [leaf("country", eq="c7"), leaf("employee_count", gte=8)]})
    assert shadowed(rules, lambda field, value: value) == {3000: 7}


@pytest.mark.parametrize(
    "when",
    [
        {"any": [leaf("state", eq="CA")]},
        {"any": [leaf("country", eq="US"), leaf("postal_code", between=["90000", "96199"])]},
        {"all": [leaf("state", eq="CA"), leaf("country", ne="IT")]},
    ],
)
def test_state_and_postal_conditions_need_a_country(when):
    lonely = [*snapshot()["territories"], territory(9, "California", when)]
    level, where, message = only(findings(territories=lonely))
    assert (level, where) == ("error", "California")
    assert "without a country" in message


def test_the_parents_country_is_enough_and_so_is_ones_own():
    own = {"all": [leaf("country", eq="US"), leaf("state", eq="TX")]}
    assert findings(territories=[*snapshot()["territories"], territory(9, "Texas", own)]) == []
    below = territory(9, "Los Angeles", {"all": [leaf("postal_code", between=["90000", "90899"])]}, parent=2)
    assert findings(territories=[*snapshot()["territories"], below]) == []


def test_a_rule_that_asks_for_a_state_alone_is_a_warning():
    bad = rule(6, "Sunny", "queue", NURTURE, "Nurture", {"all": [leaf("state", eq="FL")]})
    assert only(findings(rules=with_rules(bad)))[:2] == ("warning", "Sunny")
    fine = rule(6, "Sunny", "queue", NURTURE, "Nurture",
                {"all": [leaf("state", eq="FL"), leaf("territory", eq="North America"),
                         leaf("segment", eq="disqualified")]})  # fmt: skip
    assert findings(rules=with_rules(fine)) == []


def test_a_territory_cannot_ask_for_what_comes_after_it():
    odd = [*snapshot()["territories"], territory(9, "Hot land", {"all": [leaf("segment", eq="hot")]})]
    assert "only known afterwards" in only(findings(territories=odd))[2]


def test_a_plain_24h_on_a_team_clock_is_a_warning():
    policies = [{**snapshot()["sla_policies"][1], "first_response": "24h"}]
    level, where, message = only(findings(sla_policies=policies))
    assert (level, where) == ("warning", "Everyone else")
    assert "it means three working days" in message
    for fine in (
        {"clock": "wall", "first_response": "24h"},
        {"first_response": "24bh"},
        {"first_response": "4h"},
    ):
        assert findings(sla_policies=[{**snapshot()["sla_policies"][1], **fine}]) == []


@pytest.mark.parametrize("first_response", ["soon", "50%", "0m"])
def test_a_first_response_must_be_a_time(first_response):
    policies = [{**snapshot()["sla_policies"][1], "first_response": first_response}]
    assert only(findings(sla_policies=policies))[0] == "error"


@pytest.mark.parametrize(
    "step",
    [
        {"at": "100%", "do": "dance"},
        {"at": "later", "do": "remind_owner"},
        {"at": "1h", "do": "queue", "queue": "No"},
    ],
)
def test_a_step_must_be_one_that_exists(step):
    policies = [{**snapshot()["sla_policies"][1], "steps": [step]}]
    assert only(findings(sla_policies=policies))[:2] == ("error", "Everyone else")


def test_a_circle_of_empty_rotations_is_an_error_said_once():
    def to(rotation_id, name):
        return EmptyPolicy("rotation", Ref("rotation", rotation_id, name))

    rotations = [
        LiveRotation(AMER, "AMER round robin", [ALICE], to(DACH, "DACH round robin")),
        LiveRotation(DACH, "DACH round robin", [DIETER], to(AMER, "AMER round robin")),
        LiveRotation(13, "Beside it", [ALICE], to(AMER, "AMER round robin")),
    ]
    level, where, message = only(findings(live(rotations=rotations)))
    assert (level, where) == ("error", "AMER round robin")
    assert message.endswith("AMER round robin -> DACH round robin -> AMER round robin.")


def test_a_rotation_that_falls_back_on_itself_is_a_circle():
    own = LiveRotation(13, "Lonely", [ALICE], EmptyPolicy("rotation", Ref("rotation", 13, "Lonely")))
    assert "circle" in only(findings(live(rotations=[*live().rotations, own])))[2]


@pytest.mark.parametrize("kind", ["rotation", "queue"])
def test_a_rotation_that_goes_nowhere_when_empty_is_an_error(kind):
    lost = LiveRotation(13, "Lost", [ALICE], EmptyPolicy(kind, Ref(kind, 999, "Gone")))
    assert only(findings(live(rotations=[*live().rotations, lost])))[0] == "error"


def test_a_rotation_without_active_members_is_a_warning():
    for members in ([], [999]):
        rotations = [*live().rotations, LiveRotation(13, "Empty", members)]
        assert only(findings(live(rotations=rotations)))[:2] == ("warning", "Empty")


def test_a_ruleset_needs_a_fallback_queue_that_exists():
    assert only(findings(fallback_queue=None))[0] == "error"
    assert only(findings(fallback_queue={"id": 999, "name": "Gone"}))[0] == "error"


def test_names_are_given_once():
    twin = rule(6, "dach", "queue", NURTURE, "Nurture", {"all": [leaf("country", eq="FR")]})
    assert only(findings(rules=with_rules(twin)))[0] == "error"


def test_hot_starts_above_warm():
    assert only(findings(scoring={"thresholds": {"hot": 40, "warm": 40}}))[0] == "error"


def test_a_broken_tree_or_snapshot_is_one_error():
    assert only(findings(territories=[territory(1, "A", {}, parent=9)]))[0] == "error"
    assert only(findings(rules=[{"name": "No target"}]))[0] == "error"


def test_errors_come_first_and_findings_are_json():
    bad = rule(6, "Twice", "queue", 999, "Gone", {"all": [leaf("territory", in_=["DACH"])]})
    found = findings(rules=with_rules(bad))
    assert [finding.level for finding in found] == ["error", "warning"]
    assert found[0].to_json()["where"] == {"kind": "rule", "id": 6, "name": "Twice"}
