import json

import pytest

from routing.engine.ruleset import CompiledRuleSet, RuleSetError
from tests.make.engine import rule, ruleset, snapshot


def test_a_snapshot_comes_back_as_it_was():
    assert ruleset().to_json() == snapshot()
    assert CompiledRuleSet.from_json(json.loads(json.dumps(ruleset().to_json()))).to_json() == snapshot()


def test_rules_are_read_in_the_order_of_their_positions():
    rules = [rule(n, f"r{n}", "queue", 1, "Triage", {}, position=-n) for n in (1, 2, 3)]
    assert [one.name for one in ruleset(rules=rules).rules] == ["r3", "r2", "r1"]


def test_inactive_rules_are_kept_and_not_asked():
    off = rule(1, "Off", "queue", 1, "Triage", {}, active=False)
    read = ruleset(rules=[off])
    assert read.to_json()["rules"] == [off]
    assert read.other_rules.rules == ()


def test_an_empty_snapshot_has_sensible_defaults():
    empty = CompiledRuleSet.from_json({})
    assert (empty.scoring.hot, empty.scoring.warm, empty.stickiness.days) == (70, 40, 90)
    assert empty.fallback_queue is None
    assert CompiledRuleSet.from_json(empty.to_json()).to_json() == empty.to_json()


@pytest.mark.parametrize(
    "broken",
    [
        {"format": 2},
        {"rules": [{"name": "No target"}]},
        {"rules": [rule(1, "Odd", "team", 1, "A", {})]},
        {"stickiness": {"weeks": 3}},
        {"sla_policies": [{"id": 1, "name": "P", "first_response": "1h", "clock": "moon"}]},
        {"sla_policies": [{"id": 1, "name": "P"}]},
        {"scoring": {"rules": [{"label": "no points"}]}},
    ],
)
def test_what_cannot_be_read_is_refused(broken):
    with pytest.raises(RuleSetError):
        CompiledRuleSet.from_json(broken)
