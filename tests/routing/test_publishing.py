from datetime import UTC, datetime

import pytest
from django.db import transaction

from routing.models import (
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RoutingRule,
    RoutingSettings,
    RuleSet,
    ScoringRule,
    SlaPolicy,
    Territory,
)
from routing.rules import publishing

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def triage() -> Queue:
    return Queue.objects.create(name="Triage", fallback=True)


@pytest.fixture
def dach(triage) -> Rotation:
    rotation = Rotation.objects.create(name="DACH round robin")
    owner = Owner.objects.create(email="eva@acme.test", name="Eva Ernst")
    RotationMember.objects.create(rotation=rotation, owner=owner)
    return rotation


@pytest.fixture
def rule(dach) -> RoutingRule:
    when = {"all": [{"field": "country", "in": ["DE", "AT"]}]}
    return RoutingRule.objects.create(
        name="DACH", position=1, target_kind="rotation", target_rotation=dach, when=when
    )


def publish(now, by="ops") -> RuleSet:
    return publishing.publish(by=by, note="", now=now)


def test_it_publishes_the_active_drafts_as_a_version_that_the_engine_reads(rule, now):
    RoutingRule.objects.create(name="Off", position=2, target_kind="account_owner", active=False)
    Territory.objects.create(name="DACH", when={"any": [{"field": "country", "in": ["DE"]}]})
    ScoringRule.objects.create(
        label="Big", category="fit", points=30, when={"all": [{"field": "state", "eq": "x"}]}
    )
    SlaPolicy.objects.create(name="All", first_response="4bh", steps=[{"at": "100%", "do": "notify_manager"}])

    row = publish(now)
    ruleset = publishing.compiled()

    assert (row.version, row.published_by, row.published_at) == (1, "ops", now)
    assert ruleset.version == 1
    assert [(one.name, one.target.kind, one.target.name) for one in ruleset.rules] == [
        ("DACH", "rotation", "DACH round robin")
    ]
    assert ruleset.fallback_queue.name == "Triage"
    assert ruleset.scoring.rules[0].points == 30
    assert ruleset.sla_policies[0].steps[0].do == "notify_manager"
    assert ruleset.territory_map.belongs({"country": "DE"})[0].name == "DACH"


def test_what_is_switched_off_is_not_published(rule, triage, now):
    for active in (True, False):
        Territory.objects.create(
            name=f"DACH {active}", when={"any": [{"field": "country", "eq": "DE"}]}, active=active
        )
        when = {"all": [{"field": "state", "eq": "x"}]}
        ScoringRule.objects.create(label=f"Big {active}", category="fit", points=30, when=when, active=active)
        SlaPolicy.objects.create(name=f"All {active}", first_response="4bh", steps=[], active=active)
    draft = publishing.draft_snapshot()
    assert [row["name"] for row in draft["territories"]] == ["DACH True"]
    assert [row["label"] for row in draft["scoring"]["rules"]] == ["Big True"]
    assert [row["name"] for row in draft["sla_policies"]] == ["All True"]
    assert draft["fallback_queue"]["name"] == "Triage"
    Queue.objects.update(active=False)
    assert publishing.draft_snapshot()["fallback_queue"] is None


def test_unchanged_drafts_publish_nothing(rule, now):
    first = publish(now)

    assert publish(now) == first
    assert RuleSet.objects.count() == 1


def test_making_room_between_rules_is_no_change(rule, now):
    publish(now)
    RoutingRule.objects.update(position=10)

    assert publish(now).version == 1


def test_a_change_is_a_new_version_and_the_old_one_stays_as_it_was(rule, triage, now):
    first = publish(now)
    rule.target_kind, rule.target_queue, rule.target_rotation = "queue", triage, None
    rule.save()

    assert publish(now).version == 2
    assert publishing.compiled().rules[0].target.kind == "queue"
    assert publishing.compiled_version(1).rules[0].target.kind == "rotation"
    assert RuleSet.objects.get(version=1).snapshot == first.snapshot


def test_a_draft_decides_nothing_before_it_is_published(rule, now):
    publish(now)
    rule.name = "Renamed"
    rule.save()

    assert publishing.compiled().rules[0].name == "DACH"
    assert publishing.compiled_draft().rules[0].name == "Renamed"


def test_it_compiles_a_version_once_and_asks_only_which_one_is_in_force(rule, now, django_assert_num_queries):
    publish(now)
    publishing.compiled()

    with django_assert_num_queries(1):
        again = publishing.compiled()
    assert again is publishing.compiled()


def test_a_cached_version_of_another_history_is_not_taken_for_this_one(rule, now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish(now)
        assert publishing.compiled().rules[0].name == "DACH"
        raise ZeroDivisionError
    rule.name = "Other"
    rule.save()
    publish(now)

    assert publishing.compiled().rules[0].name == "Other"


def test_there_is_nothing_to_decide_with_before_the_first_publication():
    assert publishing.current() is None
    assert publishing.nothing_to_publish()
    with pytest.raises(publishing.NothingPublished):
        publishing.compiled()


def test_errors_refuse_and_say_what_and_where(rule, now):
    rule.when = {"all": [{"field": "coutnry", "eq": "DE"}]}
    rule.save()

    with pytest.raises(publishing.NotPublishable) as refused:
        publish(now)
    assert "Rule “DACH”" in str(refused.value)
    assert "Did you mean country?" in str(refused.value)
    assert [finding.level for finding in refused.value.findings] == ["error"]
    assert publishing.current() is None


def test_it_refuses_without_a_fallback_queue(rule, now):
    Queue.objects.update(fallback=False)

    with pytest.raises(publishing.NotPublishable, match="No queue is the fallback"):
        publish(now)


def test_it_refuses_a_rule_that_sends_to_something_switched_off(rule, dach, now):
    dach.active = False
    dach.save()

    with pytest.raises(publishing.NotPublishable, match="DACH round robin"):
        publish(now)


def test_it_refuses_rotations_that_send_to_each_other_also_when_no_draft_has_changed(rule, dach, now):
    publish(now)
    other = Rotation.objects.create(name="Other", when_empty="rotation", when_empty_rotation=dach)
    dach.when_empty, dach.when_empty_rotation = "rotation", other
    dach.save()

    with pytest.raises(publishing.NotPublishable, match="circle"):
        publish(now)


def test_warnings_do_not_refuse(rule, dach, now):
    RoutingRule.objects.create(name="Late", position=2, target_rotation=dach, when=rule.when)

    assert [finding.level for finding in publishing.findings()] == ["warning"]
    assert publish(now).version == 1


def test_it_says_what_a_publication_would_change(rule, dach, triage, now):
    publish(now)
    assert publishing.unpublished_changes() == []
    rule.when = {"all": [{"field": "country", "eq": "CH"}]}
    rule.target_kind, rule.target_queue = "queue", triage
    rule.save()
    RoutingRule.objects.create(name="First", position=0, target_kind="rotation", target_rotation=dach)
    RoutingSettings.objects.create(hot_from=80, sticky=False)
    ScoringRule.objects.create(label="Big", points=30, when={"all": [{"field": "state", "eq": "x"}]})
    SlaPolicy.objects.create(name="All", first_response="4h")

    assert publishing.unpublished_changes() == [
        "Rule “First” is new.",
        "Rule “DACH” now asks whether country is CH and now sends to the queue “Triage” "
        "instead of the rotation “DACH round robin”.",
        "Rule “First” stands above “DACH”.",
        "Leads are hot from 80 points and warm from 40.",
        "Scoring rule “Big” is new.",
        "Returning leads no longer go back to their owner.",
        "Response time “All” is new.",
    ]


def test_the_order_is_told_as_it_is_asked_rules_for_account_owners_first(rule, dach, now):
    """A rule dragged above or below one for account owners changes nothing, so nothing is told."""
    account = RoutingRule.objects.create(name="Named", position=2, target_kind="account_owner", when={})
    publish(now)
    account.position = 0
    account.save()
    assert publishing.unpublished_changes() == []
    RoutingRule.objects.create(name="Named too", position=1, target_kind="account_owner", when={})
    RoutingRule.objects.create(name="Last", position=9, target_rotation=dach, when={})
    assert publishing.unpublished_changes() == ["Rule “Named too” is new.", "Rule “Last” is new."]
    account.position = 5
    account.save()
    assert "Rule “Named too” stands above “Named”." in publishing.unpublished_changes()


def test_it_says_what_goes_and_what_moves(rule, dach, now):
    second = RoutingRule.objects.create(name="Second", position=2, target_rotation=dach, when={})
    territory = Territory.objects.create(name="Alps", when={"any": [{"field": "country", "in": ["AT"]}]})
    publish(now)
    territory.active = False
    territory.save()
    second.position = 0
    second.save()

    assert publishing.unpublished_changes() == [
        "The order of the rules is now: Second, DACH.",
        "Territory “Alps” goes.",
    ]
