from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.conditions import matches
from routing.engine.rule_index import MOST_LINES, RuleIndex, first_match, lines_of
from tests.routing.engine.random_rules import conditions, facts


def oracle(rules, given_facts):
    return [index for index, rule in enumerate(rules) if matches(rule, given_facts)]


@settings(max_examples=500, deadline=None)
@given(st.lists(conditions, max_size=25), st.lists(facts, min_size=1, max_size=5))
def test_the_index_finds_what_the_plain_loop_finds(rules, leads):
    index = RuleIndex(rules)
    for lead in leads:
        found = oracle(rules, lead)
        assert index.every(lead) == found
        assert index.first(lead) == (found[0] if found else None)


def test_a_condition_too_wide_for_lines_is_still_exact():
    wide = {"all": [{"any": [{"field": f"f{n}", "eq": 1}, {"field": f"g{n}", "eq": 1}]} for n in range(8)]}
    assert lines_of(wide) is None
    index = RuleIndex([wide, {"any": [wide, {"field": "x", "eq": 1}]}])
    assert index.first({f"f{n}": 1 for n in range(8)}) == 0
    assert index.first({"x": 1}) == 1
    assert index.first({f"f{n}": 1 for n in range(7)}) is None


def test_lines_grow_up_to_their_limit():
    narrow = {"all": [{"any": [{"field": f"f{n}", "eq": v} for v in (1, 2)]} for n in range(6)]}
    assert len(lines_of(narrow) or ()) == MOST_LINES


def test_two_questions_to_one_field_are_both_asked():
    both = {"all": [{"field": "territory", "eq": "West"}, {"field": "territory", "eq": "North"}]}
    index = RuleIndex([both])
    assert index.first({"territory": ["West", "North"]}) == 0
    assert index.first({"territory": ["West"]}) is None


def test_a_value_seen_before_is_not_mistaken_for_one_that_python_calls_equal():
    index = RuleIndex([{"field": "f", "eq": True}, {"field": "f", "eq": 1}])
    assert [index.first({"f": value}) for value in (1, True, "1", "true", 1.0)] == [1, 0, 1, 0, 1]


def test_a_memory_of_values_is_bounded_and_forgets_without_harm():
    index = RuleIndex([{"field": "f", "eq": "v7"}])
    assert [index.first({"f": f"v{n}"}) for n in range(10_000)] == [
        0 if n == 7 else None for n in range(10_000)
    ]
    assert index.first({"f": "v7"}) == 0


def test_no_rules_match_nothing():
    assert RuleIndex([]).first({"country": "DE"}) is None
    assert first_match([], {}) is None
