"""Semantics, "Clocks": which policy, when due, when each step."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.engine import sla
from routing.engine.business_time import Calendar
from routing.engine.ruleset import CompiledSlaPolicy, CompiledSlaStep
from routing.engine.sla import SlaError, due_at, policy_for, readings, steps_at
from tests.make.engine import ruleset

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Calendar.from_json({"timezone": "America/New_York", "hours": {"mon-fri": ["09:00-17:00"]}})
FRIDAY = datetime(2026, 11, 20, 16, 50, tzinfo=NEW_YORK)


def monday(hour, minute=0):
    return datetime(2026, 11, 23, hour, minute, tzinfo=NEW_YORK)


def test_the_first_policy_that_holds_is_the_leads():
    assert policy_for({"segment": "hot"}, ruleset()).name == "Hot leads"
    assert policy_for({"segment": "cold"}, ruleset()).name == "Everyone else"
    assert policy_for({"segment": "hot"}, ruleset(sla_policies=[])) is None


def test_a_disqualified_lead_has_no_clock():
    assert policy_for({"segment": "disqualified"}, ruleset()) is None


@pytest.mark.parametrize(
    ("text", "clock", "due"),
    [
        ("30m", "wall", FRIDAY + timedelta(minutes=30)),
        ("30m", "team", monday(9, 20)),
        ("30m", "owner", monday(9, 20)),
        ("24h", "wall", FRIDAY + timedelta(hours=24)),
        ("24h", "team", datetime(2026, 11, 25, 16, 50, tzinfo=NEW_YORK)),
        ("4bh", "team", monday(12, 50)),
        ("4bh", "wall", monday(12, 50)),
        ("1bd", "team", monday(16, 50)),
    ],
)
def test_units_mean_wall_time_on_a_wall_clock_and_opening_time_on_a_team_or_owner_clock(text, clock, due):
    found = due_at(FRIDAY, text, clock=clock, calendar=OFFICE)
    assert found == due
    assert found.tzinfo is UTC


def test_a_wall_clock_needs_no_calendar_and_others_do():
    assert due_at(FRIDAY, "30m", clock="wall") == FRIDAY + timedelta(minutes=30)
    with pytest.raises(SlaError, match="no calendar"):
        due_at(FRIDAY, "30m", clock="team")


@pytest.mark.parametrize("text", ["50%", "soon"])
def test_what_is_no_first_response_time_is_refused(text):
    with pytest.raises(SlaError):
        due_at(FRIDAY, text, clock="wall")


def test_both_readings_can_be_shown():
    assert readings(FRIDAY, "24h", OFFICE) == {
        "wall": FRIDAY + timedelta(hours=24),
        "opening": datetime(2026, 11, 25, 16, 50, tzinfo=NEW_YORK),
    }


def test_steps_are_frozen_with_their_due_times_on_the_policys_clock():
    steps = steps_at(ruleset().sla_policies[0], customer_start=FRIDAY, calendar=OFFICE)
    assert [(step.do, step.due_at) for step in steps] == [
        ("remind_owner", monday(9, 5)),
        ("notify_manager", monday(9, 20)),
        ("reassign", monday(9, 35)),
        ("queue", monday(9, 50)),
    ]
    assert [dict(step.params) for step in steps[2:]] == [{"exclude": "past_owners"}, {"queue": "Triage"}]
    assert steps[0].to_json()["due_at"] == "2026-11-23T14:05:00+00:00"


def test_a_whole_share_is_the_first_response_itself():
    for text in ("45m", "8bh", "1bd", "3bd"):
        for start in (FRIDAY, FRIDAY + timedelta(days=1)):
            policy = CompiledSlaPolicy(
                1, "P", text, "team", steps=(CompiledSlaStep("100%", "notify_manager"),)
            )
            step = steps_at(policy, customer_start=start, calendar=OFFICE)[0]
            assert step.due_at == due_at(start, text, clock="team", calendar=OFFICE)


def test_steps_come_by_time_and_then_as_written():
    written = (
        CompiledSlaStep("2h", "queue"),
        CompiledSlaStep("50%", "remind_owner"),
        CompiledSlaStep("30m", "crm_task"),
    )
    policy = CompiledSlaPolicy(1, "P", "1h", "wall", steps=written)
    steps = steps_at(policy, customer_start=FRIDAY)
    assert [(step.position, step.do) for step in steps] == [
        (1, "remind_owner"),
        (2, "crm_task"),
        (0, "queue"),
    ]


def test_a_step_says_whose_clock_it_goes_by_and_the_customers_is_the_default():
    written = (
        CompiledSlaStep("100%", "notify_manager"),
        CompiledSlaStep("100%", "remind_owner", {"clock": "owner"}),
    )
    policy = CompiledSlaPolicy(1, "P", "1h", "wall", steps=written)
    assigned = FRIDAY + timedelta(minutes=20)
    customer, owner = steps_at(policy, customer_start=FRIDAY, owner_start=assigned)
    assert (customer.counted_from, customer.due_at) == ("customer", FRIDAY + timedelta(hours=1))
    assert (owner.counted_from, owner.due_at) == ("owner", assigned + timedelta(hours=1))
    assert "clock" not in owner.params


def test_urgency_only_shortens_when_an_uncontacted_lead_comes_back():
    early, late = monday(9), monday(10)
    assert sla.after_return(late, early) == early
    assert sla.after_return(early, late) == early
    assert sla.after_return(None, late) == late
