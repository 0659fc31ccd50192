"""The engine, the rule list, the docs and the trace tell one order of deciding."""

import pytest
from django.test import Client

from routing.engine.decide import decide
from routing.engine.order import ORDER
from routing.models import Decision, RoutingRule
from routing.rules import publishing
from routing.simulation import replaying
from tests import make
from tests.make.engine import NOW, ruleset
from tests.structure.repository import BASE

pytestmark = pytest.mark.django_db

KEYS = [step.key for step in ORDER]


def asked(trace) -> list[str]:
    """The steps in the order in which they were asked, each once; rules for account owners are theirs."""
    steps = [row["step"] for row in trace if row["step"] != "territory"]
    return list(dict.fromkeys(steps))


def test_the_trace_has_every_step_that_was_asked_in_the_order_of_the_list():
    nothing = decide({"country": "FR"}, ruleset(), now=NOW)
    found = [step for step in asked(nothing.trace) if step != "rule"]
    told = ("open_deal", "record_owner", "customer", "rule", "account_owner")
    assert found == [key for key in KEYS if key not in told]
    assert [row["step"] for row in nothing.trace].index("stickiness") > [
        row.get("rule") for row in nothing.trace
    ].index("Named account")


def test_the_rule_list_shows_the_steps_in_order_and_the_rules_for_account_owners_first(
    acme, admin_client: Client
):
    RoutingRule.objects.filter(name="DACH").update(position=0)
    RoutingRule.objects.filter(name="Named account").update(position=50)
    page = admin_client.get("/admin/routing/routingrule/").content.decode()
    places = [page.index(f"<b>{step.title}</b>") for step in ORDER]
    assert places == sorted(places)
    rules = page[page.index("lo-rule-say") - 200 :]
    assert rules.index("Named account") < rules.index("<b>DACH</b>")
    assert "asked before the other rules" in page
    assert "<b>Triage</b>" in page


def test_the_list_of_rules_is_the_order_in_which_they_are_asked(acme, admin_client: Client):
    RoutingRule.objects.filter(name="Named account").update(position=50)
    shown = list(admin_client.get("/admin/routing/routingrule/").context["cl"].result_list)
    compiled = publishing.compiled_draft()
    assert [rule.name for rule in shown] == [
        rule.name for rule in (*compiled.account_rules.rules, *compiled.other_rules.rules)
    ]


def test_the_docs_tell_the_same_order():
    text = (BASE / "docs" / "how-it-works" / "deciding.md").read_text()
    places = [text.index(f"**{step.title}") for step in ORDER]
    assert places == sorted(places)


def test_a_decision_from_before_a_step_was_told_replays(acme):
    make.handed_off()
    decision = Decision.objects.get()
    decision.trace = [row for row in decision.trace if row["step"] not in ("returning", "candidate")]
    decision.trace.insert(2, {"step": "open_deal", "asked": "?", "ok": False, "answer": "No open deal"})
    assert replaying.replay(decision).same
    decision.trace[1] = {**decision.trace[1], "answer": "Yes"}
    assert not replaying.replay(decision).same
