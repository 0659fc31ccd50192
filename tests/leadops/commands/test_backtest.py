"""Trying rules on what has come in before."""

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import runner
from routing.models import Decision, Queue, RoutingRule, RoutingSettings, ScoringRule
from routing.rules import publishing
from routing.simulation import backtesting
from tests import make
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(acme):
    """Six from the US for the AMER rotation, one of them twice, and two from Germany."""
    people = [*make.crowd(6), *make.crowd(8, make.person)[6:]]
    for values in (*people, people[0]):
        make.submitted(values)
    runner.drain()
    assert Decision.objects.count() == 9


def test_the_rules_in_force_send_everybody_where_they_went(crowd):
    for which in ("draft", "published", "1"):
        status, shown, _ = run("backtest", ruleset=which)
        assert status == 0
        assert "9 decisions" in shown and "0 would go elsewhere, 0 would be in another segment." in shown
        assert "From" not in shown


def test_it_shows_from_where_to_where_with_examples(crowd):
    rule = RoutingRule.objects.get(name="Hot North America")
    rule.target_kind, rule.target_rotation = "queue", None
    rule.target_queue = Queue.objects.get(name="Partner desk")
    rule.name = "All to partners"
    rule.save()
    _, shown, _ = run("backtest")
    assert "9 decisions by the draft rules: 6 would go elsewhere (66.7%)" in shown
    assert "rotation AMER round robin  queue Partner desk          6" in shown
    assert "rotation AMER round robin -> queue Partner desk, for example" in shown
    assert shown.count("Hot North America -> All to partners") == 3
    assert "/admin/intake/lead/" in shown
    assert "0 would go elsewhere" in run("backtest", ruleset="1")[1]


def test_scores_are_counted_anew_and_nobodys_falls_because_they_came_back(crowd):
    RoutingSettings.objects.update_or_create(pk=1, defaults={"hot_from": 1000, "warm_from": 900})
    _, shown, _ = run("backtest")
    # The one who came back stays with the owner, and keeps the better score.
    assert "6 would go elsewhere" in shown
    assert "rotation AMER round robin  queue Nurture" in shown
    assert "8 would be in another segment" in shown


def test_it_writes_nothing(crowd):
    ScoringRule.objects.update(points=-5)
    before = Decision.objects.count()
    with CaptureQueriesContext(connection) as asked:
        run("backtest")
    verbs = {query["sql"].split()[0].upper() for query in asked.captured_queries}
    assert verbs <= {"SELECT", "DECLARE", "FETCH", "CLOSE"}
    assert Decision.objects.count() == before


def test_it_takes_the_newest_ones_and_those_since_a_date(crowd):
    assert "2 decisions" in run("backtest", "--limit", "2")[1]
    assert "0 decisions" in run("backtest", "--since", "2999-01-01")[1]
    assert "9 decisions" in run("backtest", "--since", "2020-01-01")[1]
    kept = list(backtesting.past(limit=2))
    assert kept == list(Decision.objects.order_by("-at", "-pk")[:2])


def test_progress_is_told_when_it_takes_long(crowd, monkeypatch):
    monkeypatch.setattr("leadops.management.commands.backtest._SAY_EVERY", -1.0)
    _, shown, notified = run("backtest")
    assert "9 of 9" in notified and "of 9\n" not in shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ruleset", "9"], "no version 9"),
        (["--ruleset", "newest"], "not “newest”"),
        (["--since", "yesterday"], "not “yesterday”"),
        (["--limit", "0"], "not “0”"),
    ],
)
def test_a_wrong_option_is_explained(acme, options, said):
    with pytest.raises(CommandError, match=said):
        run("backtest", *options)


def test_drafts_without_a_fallback_are_refused_in_words(crowd):
    Queue.objects.update(fallback=False)
    with pytest.raises(CommandError, match="name no fallback queue"):
        run("backtest")


def test_an_older_version_can_be_tried_after_a_publication(crowd):
    RoutingRule.objects.filter(name="Hot North America").update(active=False)
    publishing.publish(by="maria", now=timezone.now())
    assert "6 would go elsewhere" in run("backtest", "--ruleset", "published")[1]
    assert "0 would go elsewhere" in run("backtest", "--ruleset", "1")[1]
