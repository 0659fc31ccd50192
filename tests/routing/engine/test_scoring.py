import pytest

from routing.engine.decide import score
from routing.engine.scoring import CompiledScoringRule, Score, Scoring, after_return
from tests.make.engine import leaf, points, ruleset, snapshot


def test_the_score_is_the_sum_of_what_holds_with_its_reasons():
    lead = {"employee_count": 900, "intent": "demo_request", "job_title": "Head of Sales"}
    result = score(lead, ruleset())
    assert (result.points, result.segment) == (90, "hot")
    assert result.to_json()["reasons"] == [
        {"label": "Enterprise size", "points": 30, "category": "fit"},
        {"label": "Asked for a demo", "points": 45, "category": "intent"},
        {"label": "Decision maker", "points": 15, "category": "fit"},
    ]


@pytest.mark.parametrize(
    ("lead", "segment"),
    [
        ({}, "cold"),
        ({"intent": "demo_request"}, "warm"),
        ({"intent": "demo_request", "email_is_free": True}, "cold"),
        ({"intent": "demo_request", "employee_count": 500}, "hot"),
    ],
)
def test_the_thresholds_make_the_segment(lead, segment):
    assert score(lead, ruleset()).segment == segment


def test_a_disqualified_lead_keeps_its_points_and_says_why():
    lead = {"intent": "demo_request", "employee_count": 900, "job_title": "Student", "email_is_free": True}
    result = score(lead, ruleset())
    assert (result.points, result.segment, result.disqualify_reason) == (55, "disqualified", "student")


def test_a_category_adds_up_to_its_cap_and_no_further():
    rules = (
        *(CompiledScoringRule(f"r{n}", "fit", 30) for n in range(3)),
        CompiledScoringRule("minus", "fit", -10),
    )
    result = Scoring(thresholds={"hot": 70, "warm": 40}, rules=rules, caps={"fit": 50}).score({})
    assert [reason.points for reason in result.reasons] == [30, 20, 0, -10]
    assert result.points == 40


def test_a_scoring_rule_may_ask_for_territory_and_account():
    rules = [
        points("Home", "fit", 10, leaf("territory", eq="DACH")),
        points("Ours", "fit", 5, leaf("account", is_="named")),
    ]
    scoring = {**snapshot()["scoring"], "rules": rules}
    assert score({"country": "AT"}, ruleset(scoring=scoring), account="Globex").points == 15


def test_a_score_never_falls_because_somebody_came_back():
    warm, hot = Score(45, "warm"), Score(80, "hot")
    assert after_return(hot, warm) == hot
    assert after_return(warm, hot) == hot
    assert after_return(None, warm) == warm
    assert after_return(warm, Score(60, "disqualified", (), "student")) == warm
    assert after_return(Score(90, "disqualified", (), "student"), warm) == warm
    assert after_return(warm, Score(45, "warm", (), "")) == warm
