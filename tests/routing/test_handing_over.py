"""One way to give a lead to somebody: whoever asks for it, the same is written and told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake.models import Lead, LeadChange
from plumbing import nudges
from routing import escalation
from routing.handover import actions, deactivation, releasing
from routing.models import (
    Assignment,
    Decision,
    Owner,
    OwnerNotice,
    Queue,
    Rotation,
    RoutingRule,
    SlaStep,
    Team,
    WorkCalendar,
)
from routing.rules import publishing
from routing.simulation import replaying
from tests import make

pytestmark = pytest.mark.django_db

AROUND_THE_CLOCK = {"mon-sun": ["00:00-24:00"]}


@pytest.fixture
def open_all_day(acme):
    WorkCalendar.objects.update(hours=AROUND_THE_CLOCK, holidays={})


@pytest.fixture
def woken(monkeypatch, django_capture_on_commit_callbacks):
    """The tasks that are nudged."""
    found: list[str] = []
    monkeypatch.setattr(nudges, "_publish", found.append)
    return found


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


def by_sla(lead: Lead) -> None:
    SlaStep.objects.filter(do="reassign").update(due_at=timezone.now() - timedelta(seconds=1))
    assert escalation.run_due_steps(now=timezone.now()) == 1


def by_decline(lead: Lead, reason: str = "busy") -> None:
    actions.decline(lead_id=lead.pk, reason=reason, source="api", actor="Alice", now=timezone.now())


def by_hand(lead: Lead) -> None:
    actions.reassign(
        lead_id=lead.pk,
        owner_id=owner("maria").pk,
        reason="Knows them",
        source="console",
        actor="ops",
        now=timezone.now(),
    )


def by_leaving(lead: Lead) -> None:
    deactivation.deactivate(Assignment.objects.get(lead=lead).owner, actor="maria", now=timezone.now())


def by_release(lead: Lead) -> None:
    rotation = Rotation.objects.get(name="AMER round robin")
    line = Queue.objects.create(name="Held", holding_queue=True, team=Team.objects.get(name="AMER Sales"))
    rotation.holding_queue, rotation.when_empty = line, "hold"
    rotation.save()
    Assignment.objects.filter(lead=lead).update(owner=None, queue=line)
    assert releasing.release_holding_queues(now=timezone.now()) == 1


WAYS = [by_sla, by_decline, by_hand, by_leaving, by_release]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_leaves_a_history_row_a_notice_a_timeline_row_and_a_change_for_the_layers_above(
    open_all_day, woken, way, django_capture_on_commit_callbacks
):
    lead = make.handed_off(make.american())
    had = Assignment.objects.get(lead=lead).owner
    LeadChange.objects.all().delete()
    OwnerNotice.objects.all().delete()
    woken.clear()
    with django_capture_on_commit_callbacks(execute=True):
        way(lead)
    row = Assignment.objects.get(lead=lead)
    assert row.owner not in (None, had) or way is by_release
    assert row.history.count() == 2
    assert lead.timeline_entries.filter(verb="routing.reassigned").count() == 1
    assert OwnerNotice.objects.get(kind="assigned", status="waiting").owner == row.owner
    told_the_old_one = OwnerNotice.objects.filter(kind="lost", owner=had, status="waiting").exists()
    assert told_the_old_one == (way in (by_sla, by_decline, by_hand))
    assert LeadChange.objects.filter(lead=lead).exists()
    assert {"routing.send_notices", "crm_sync.drain_outbox"} <= set(woken)


@pytest.mark.parametrize("way", [by_sla, by_decline, by_leaving, by_release])
def test_whoever_is_picked_again_is_picked_by_a_decision_that_replays(open_all_day, way):
    lead = make.handed_off(make.american())
    way(lead)
    row = Assignment.objects.get(lead=lead)
    decision = Decision.objects.filter(lead=lead).order_by("-pk").first()
    assert decision.outcome["step"] == "same_rotation"
    assert decision.outcome["turn"]["number"] == row.turn.number
    assert row.ruleset_version == publishing.current().version
    replayed = replaying.replay(decision)
    assert replayed.same, replayed.differences
    assert [each["step"] for each in replayed.trace][1] == "same_rotation"


def test_after_a_retry_by_the_rules_the_history_has_rule_and_version(open_all_day):
    lead = make.handed_off(make.person(country="France"))
    fallback = Assignment.objects.get(lead=lead).queue
    assert fallback.fallback
    RoutingRule.objects.create(
        name="France",
        position=999,
        when={"field": "country", "eq": "FR"},
        target_kind="rotation",
        target_rotation=Rotation.objects.get(name="DACH round robin"),
    )
    version = publishing.publish(by="ops", now=timezone.now()).version
    item = ExceptionItem.objects.get(kind="routing.no_rule_matched")
    queue.retry([item], by="ops")
    row = Assignment.objects.get(lead=lead)
    newest = row.history.first()
    assert newest.owner is not None
    assert (newest.rule_name, newest.ruleset_version, newest.reason) == ("France", version, "France")
    assert (newest.actor, newest.source, newest.automatic) == ("ops", "console", True)
    decision = Decision.objects.filter(lead=lead).order_by("-pk").first()
    assert decision.outcome["rule"]["name"] == "France"
    assert replaying.replay(decision).same


def test_a_retry_that_finds_no_place_moves_nothing_and_says_so(open_all_day):
    lead = make.handed_off(make.person(country="France"))
    item = ExceptionItem.objects.get(kind="routing.no_rule_matched")
    assert queue.retry([item], by="ops").refusals
    assert Assignment.objects.get(lead=lead).history.count() == 1


def test_a_lead_that_waits_in_line_is_not_given_to_whoever_gave_it_back(open_all_day):
    lead = make.handed_off(make.american())
    had = Assignment.objects.get(lead=lead).owner
    by_release(lead)
    assert Assignment.objects.get(lead=lead).owner != had


def test_a_lead_that_the_sla_takes_never_goes_to_somebody_off_duty(open_all_day):
    """Not even where calendars do not matter to the rotation, or those on duty are at their caps."""
    Rotation.objects.filter(name="AMER round robin").update(
        calendar_policy="ignore", overflow_to_off_duty=True, when_empty="fallback"
    )
    lead = make.handed_off(make.american())
    had = Assignment.objects.get(lead=lead).owner
    closed = WorkCalendar.objects.create(name="Closed", timezone="UTC", hours={"mon": ["03:00-03:01"]})
    others = list(Owner.objects.filter(memberships__rotation__name="AMER round robin").exclude(pk=had.pk))
    Owner.objects.filter(pk=others[0].pk).update(daily_cap=0)
    Owner.objects.filter(pk=others[1].pk).update(calendar=closed)
    by_sla(lead)
    assert Assignment.objects.get(lead=lead).queue == Queue.objects.get(name="Triage")


def test_a_queue_whose_team_wants_no_mail_is_told_nothing(open_all_day):
    lead = make.handed_off(make.american())
    Team.objects.update(notify=[], manager=None)
    actions.reassign(
        lead_id=lead.pk,
        queue_id=Queue.objects.get(name="Nurture").pk,
        reason="x",
        source="console",
        actor="ops",
        now=timezone.now(),
    )
    assert not OwnerNotice.objects.filter(kind="queued").exists()


def test_what_a_person_had_fixed_on_whoever_declines_is_fixed_on_nobody_else(open_all_day):
    lead = make.handed_off(make.american())
    Assignment.objects.filter(lead=lead).update(locked=True)
    by_decline(lead)
    assert not Assignment.objects.get(lead=lead).locked


def test_a_whole_line_is_released_in_one_transaction_with_as_many_questions_as_one_lead(open_all_day):
    def asked(start: int, count: int) -> int:
        leads = [make.handed_off(values) for values in make.crowd(20)[start : start + count]]
        rotation = Rotation.objects.get(name="AMER round robin")
        line, _ = Queue.objects.get_or_create(name="Held", defaults={"holding_queue": True})
        Rotation.objects.filter(pk=rotation.pk).update(holding_queue=line, when_empty="hold")
        Assignment.objects.filter(lead__in=leads).update(owner=None, queue=line)
        with CaptureQueriesContext(connection) as queries:
            assert releasing.release_holding_queues(now=timezone.now()) == count
        return len(queries)

    asked(0, 1)
    assert asked(1, 2) == asked(3, 6)


@pytest.mark.parametrize("reason", ["busy", "spam"])
def test_everything_is_read_before_the_rotation_is_locked(open_all_day, reason):
    """Under the lock stand the rotation's own rows, the counts of caps and what is written."""
    lead = make.handed_off(make.american())
    Owner.objects.filter(email="bob@acme.test").update(daily_cap=20)
    with CaptureQueriesContext(connection) as queries:
        by_decline(lead, reason)
    statements = [one["sql"] for one in queries.captured_queries]
    locked = min(
        number
        for number, sql in enumerate(statements)
        if "FOR NO KEY UPDATE" in sql and "routing_rotation" in sql
    )
    read = [sql for sql in statements[locked + 1 :] if sql.startswith(("SELECT", "\n    SELECT", "(SELECT"))]
    before_it = (
        "intake_",
        'routing_owner"',
        "routing_absence",
        "routing_ruleset",
        "routing_leadscore",
        "routing_namedaccount",
    )
    assert read and not [sql for sql in read for table in before_it if f'FROM "{table}' in sql]
