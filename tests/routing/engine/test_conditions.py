import json

import pytest
from hypothesis import given, settings

from routing.engine.conditions import ConditionError, check, explain, leaves, matcher, matches
from routing.engine.operators import OPERATORS
from routing.engine.wording import sentence, why_not
from tests.routing.engine.random_rules import conditions, facts

KNOWN = {
    "country",
    "employee_count",
    "job_title",
    "account",
    "territory",
    "segment",
    "postal_code",
    "email_is_free",
}


def leaf(field, **comparison):
    return {"field": field, **comparison}


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"eq": "DE"}, "de", True),
        ({"eq": "DE"}, " DE ", True),
        ({"eq": ["DE", "AT"]}, "AT", True),
        ({"eq": "DE"}, None, False),
        ({"eq": "DE"}, ["FR", "DE"], True),
        ({"eq": 500}, "500", True),
        ({"eq": 500}, 500.0, True),
        ({"eq": "1067"}, "01067", False),
        ({"eq": True}, True, True),
        ({"eq": True}, "true", True),
        ({"eq": True}, 1, False),
        ({"eq": True}, None, False),
        ({"ne": "DE"}, "FR", True),
        ({"ne": "DE"}, "de", False),
        ({"ne": "DE"}, None, True),
        ({"in": ["DE", "AT"]}, "at", True),
        ({"in": ["DE", "AT"]}, [], False),
        ({"not_in": ["DE", "AT"]}, "FR", True),
        ({"not_in": ["DE", "AT"]}, "", True),
        ({"contains": "soft"}, "Globex SOFTWARE", True),
        ({"contains": ["x", "y"]}, "abc", False),
        ({"starts_with": ["+49", "+43"]}, "+43123", True),
        ({"starts_with": "+49"}, "0049", False),
        ({"has_word": ["head", "vp"]}, "Head of Sales", True),
        ({"has_word": "head"}, "Overhead crane driver", False),
        ({"has_word": "vice president"}, "Vice-President, Sales", True),
        ({"gt": 500}, 500, False),
        ({"gte": 500}, "500", True),
        ({"gte": 500}, "many", False),
        ({"gte": 500}, None, False),
        ({"gte": 9}, "10", True),
        ({"lt": 500}, 499.5, True),
        ({"lte": 500}, True, False),
        ({"gte": "2026-01-01"}, "2026-03-01", True),
        ({"gte": "2026-01-01"}, "2025-12-31", False),
        ({"between": [10, 50]}, 50, True),
        ({"between": [10, 50]}, "9", False),
        ({"between": [10, 50]}, "x", False),
        ({"is": "present"}, 0, True),
        ({"is": "present"}, False, True),
        ({"is": "present"}, "  ", False),
        ({"is": "missing"}, [], True),
        ({"is": "missing"}, "x", False),
    ],
)
def test_each_operator_compares_as_people_expect(condition, value, holds):
    assert matches({"field": "f", **condition}, {"f": value}) is holds
    assert matcher({"field": "f", **condition})({"f": value}) is holds


@pytest.mark.parametrize(
    ("low", "high", "code", "inside"),
    [
        ("90000", "96199", "90402", True),
        ("90000", "96199", "90402-1234", True),
        ("90000", "96199", "89999", False),
        ("90000", "96199", "9040", False),
        ("01000", "01999", "01067", True),
        ("01000", "01999", "1067", True),
        ("1000", "1099", "1011 AB", True),
        ("1000", "1099", "1100 AB", False),
        ("1000000", "1009999", "100-0001", True),
        ("M4B", "M4Z", "m4b 1b3", True),
        ("M4B", "M4Z", "M5A 1A1", False),
        ("EC1", "EC4", "EC4Y 1AA", True),
        ("90000", "96199", "EC4Y 1AA", False),
        (90000, 96199, 90402, True),
    ],
)
def test_postal_codes_compare_as_codes(low, high, code, inside):
    assert matches(leaf("postal_code", between=[low, high]), {"postal_code": code}) is inside


def test_groups_nest_and_several_at_once_must_all_hold():
    condition = {
        "all": [leaf("country", eq="DE"), {"any": [leaf("a", eq=1), {"none": [leaf("b", eq=1)]}]}],
        "none": [leaf("c", eq=1)],
    }
    assert matches(condition, {"country": "DE", "b": 2})
    assert matches(condition, {"country": "DE", "b": 1, "a": 1})
    assert not matches(condition, {"country": "DE", "b": 1})
    assert not matches(condition, {"country": "DE", "c": 1})
    assert [found["field"] for found in leaves(condition)] == ["country", "a", "b", "c"]


def test_an_empty_condition_always_holds():
    for empty in (None, {}):
        assert matches(empty, {})
        assert check(empty) == []
        assert sentence(empty) == "always"


def test_extra_values_are_found_flat_and_nested():
    asked = leaf("extra.partner_id", eq="p1")
    assert matches(asked, {"extra": {"partner_id": "P1"}})
    assert matches(asked, {"extra.partner_id": "p1"})
    assert not matches(asked, {"extra": None})
    assert not matches(asked, {})


@settings(max_examples=300, deadline=None)
@given(conditions, facts)
def test_the_prepared_matcher_says_what_the_plain_one_says(condition, given_facts):
    assert matcher(condition)(given_facts) is matches(condition, given_facts)


@settings(max_examples=100, deadline=None)
@given(conditions, facts)
def test_what_can_be_matched_passes_the_check_and_can_be_explained_and_said(condition, given_facts):
    assert check(condition) == []
    rows = explain(condition, given_facts)
    assert len(rows) == len(list(leaves(condition)))
    json.dumps(rows)
    assert sentence(condition)
    assert all(why_not(row) for row in rows)


@pytest.mark.parametrize(
    ("condition", "path", "words"),
    [
        ({"all": [leaf("contry", eq="DE")]}, "all[0]", "no field 'contry'. Did you mean country?"),
        ({"all": [leaf("country", is_="DE")]}, "all[0]", "'is_' is not an operator"),
        ({"all": [leaf("country")]}, "all[0]", "has one operator, and this one has none"),
        ({"all": [leaf("country", eq="DE", ne="FR")]}, "all[0]", "has one operator, not 2"),
        ({"every": [leaf("country", eq="DE")]}, "", "'every' is not a group"),
        ({"all": []}, "all", "at least one comparison"),
        ({"all": leaf("country", eq="DE")}, "all", "at least one comparison"),
        ({"all": ["country"]}, "all[0]", "A condition is a group"),
        ({"all": [{}]}, "all[0]", "This group is empty"),
        ([], "", "A condition is a group"),
        (leaf("", eq=1), "", "names no field"),
        (leaf("country", **{"in": []}), "", "needs a value"),
        (leaf("country", eq=""), "", "needs a value"),
        (leaf("country", eq=None), "", "needs a value"),
        (leaf("country", eq={"a": 1}), "", "needs a value"),
        (leaf("employee_count", gte="many"), "", "needs a number or a date"),
        (leaf("employee_count", gte=[1, 2]), "", "needs a number or a date"),
        (leaf("employee_count", between=[5]), "", "two values"),
        (leaf("employee_count", between=[9, 5]), "", "write the smaller one first"),
        (leaf("employee_count", between=[9, "x"]), "", "write the smaller one first"),
        (leaf("postal_code", between=["96199", "90000"]), "", "write the smaller one first"),
        (leaf("country", **{"is": "full"}), "", "present or missing"),
        (leaf("country", **{"is": "named"}), "", "Only the account"),
        (
            {"all": [{"any": [{"none": [{"all": [leaf("country", eq=1)]}]}]}]},
            "all[0].any[0].none[0]",
            "3 deep",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(condition, path, words):
    problems = check(condition, KNOWN)
    assert [problem.path for problem in problems] == [path]
    assert words in problems[0].message


def test_all_problems_are_found_at_once():
    problems = check({"all": [leaf("contry", eq=""), {"any": [leaf("country", gt="x")]}]}, KNOWN)
    assert [problem.path for problem in problems] == ["all[0]", "all[0]", "all[1].any[0]"]
    assert str(ConditionError("all[0]", "No.")) == "all[0]: No."
    assert str(ConditionError("", "No.")) == "No."


def test_a_postal_range_with_a_leading_zero_is_fine():
    assert check(leaf("postal_code", between=["01000", "10999"])) == []
    assert check(leaf("account", **{"is": "named"}), KNOWN) == []
    assert check(leaf("extra.anything", eq=1), KNOWN) == []


def test_the_explanation_says_what_was_asked_and_what_was_there():
    rows = explain(
        {"all": [leaf("country", **{"in": ["DE"]}), {"none": [leaf("a", eq=1)]}]}, {"country": "FR", "a": 2}
    )
    assert rows[0] == {
        "path": "all[0]",
        "group": "all",
        "field": "country",
        "operator": "in",
        "wanted": ["DE"],
        "actual": "FR",
        "holds": False,
        "ok": False,
    }
    assert (rows[1]["holds"], rows[1]["ok"]) == (False, True)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            {"all": [leaf("country", **{"in": ["DE", "AT", "CH"]}), leaf("segment", **{"in": ["hot", "warm"]})]},
            "country is DE, AT or CH and segment is hot or warm",
        ),
        ({"any": [leaf("extra.partner_id", **{"is": "present"}), leaf("utm_source", eq="partner")]},
         "partner id is filled in or utm source is partner"),
        ({"all": [leaf("a", eq=1), {"any": [leaf("b", eq=1), leaf("c", eq=1)]}]}, "a is 1 and (b is 1 or c is 1)"),
        ({"all": [leaf("a", eq=1)], "any": [leaf("b", eq=1), leaf("c", eq=1)]}, "a is 1 and (b is 1 or c is 1)"),
        ({"none": [leaf("country", eq="DE"), leaf("a", ne=2)]}, "not (country is DE or a is not 2)"),
        (leaf("employee_count", gte=500), "employee count is at least 500"),
        (leaf("postal_code", between=["90000", "96199"]), "postal code is between 90000 and 96199"),
        (leaf("email_is_free", eq=True), "email is free"),
        (leaf("email_is_free", eq=False), "email is not free"),
        (leaf("existing_customer", ne=True), "existing customer is no"),
        (leaf("account", **{"is": "named"}), "account is a named account"),
        (leaf("job_title", has_word="vp"), "job title has the word vp"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(condition, said):
    assert sentence(condition) == said


def test_fields_can_have_other_labels():
    assert sentence(leaf("employee_count", gt=5), {"employee_count": "size"}) == "size is more than 5"


def test_it_says_why_a_comparison_does_not_hold():
    def said(condition, facts):
        return [why_not(row) for row in explain(condition, facts) if not row["ok"]]

    asked = {"all": [leaf("country", **{"in": ["DE", "AT"]})], "none": [leaf("employee_count", gte=10)]}
    assert said(asked, {"country": "FR", "employee_count": 5}) == ["country is FR, not DE or AT"]
    assert said(asked, {"country": "DE", "employee_count": 50}) == ["employee count is at least 10"]
    assert said(asked, {}) == ["country is empty"]
    assert said(leaf("employee_count", gte=10), {"employee_count": 5}) == [
        "employee count is 5; asked: employee count is at least 10"
    ]


def test_every_operator_is_worded_and_tried_here():
    assert set(OPERATORS) == {
        "eq", "ne", "in", "not_in", "contains", "starts_with", "has_word", "gt", "gte", "lt", "lte", "between", "is",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "place", "holds"),
    [
        ("E1 6AN", "E1", True),
        ("E1 6AN", "E1 ", True),
        ("E16AN", "E1", True),
        ("E10 7AA", "E1", False),
        ("E10 7AA", "E1 ", False),
        ("E17 4PP", "e1", False),
        ("E1", "E1 ", True),
        ("E1 6AN", "E1 6", True),
        ("E10 7AA", "E", True),
        ("SW1A 1AA", "SW1", True),
        ("SW11 1AA", "SW1", False),
        ("02134", "021", True),
        ("1011 AB", "1011 ", True),
        ("10115", "1011 ", False),
    ],
)
def test_a_postal_code_lies_below_a_place_by_whole_districts(code, place, holds):
    assert matches({"field": "postal_code", "starts_with": [place]}, {"postal_code": code}) is holds
