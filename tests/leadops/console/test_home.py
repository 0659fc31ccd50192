"""Home: the answer in one line, the numbers behind it, and what to do first on a fresh installation."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import CrmConnection
from crm_sync.outbound import sending
from exception_queue import queue
from exception_queue.models import AlertRule
from intake import runner
from leadops import handoff, health
from leadops.console import figures
from leadops.console.home import dashboard, wellbeing
from leadops.console.home.wellbeing import Line
from leadops.handoff import Figures, HandoffStep
from routing.engine.rotation_state import HUNDREDTHS
from routing.models import RotationTurn, SlaClock
from tests import make
from tests.leadops.console.conftest import EVERYTHING

HOME = reverse("admin:index")


def hour(received=0, handed_off=0, new_leads=0, in_crm=0):
    nothing, step = HandoffStep(0, None, None, None), HandoffStep(in_crm, 0.3, 0.6, 0.9)
    handed = HandoffStep(handed_off, 0.3, 0.6, 0.9) if handed_off else nothing
    return Figures(
        "all",
        received,
        handed_off,
        0,
        0,
        0,
        0,
        handed,
        nothing,
        nothing,
        new_leads,
        step if in_crm else nothing,
    )


def test_a_returning_lead_is_no_new_lead(hubspot):
    make.handed_off()
    make.handed_off()
    sending.drain_all()
    now = timezone.now()
    found = handoff.total(since=now - timedelta(hours=1), until=now)
    assert (found.received, found.handed_off, found.new_leads) == (2, 2, 1)
    assert found.received_to_crm.count == 1
    assert found.received_to_crm.p50 >= found.received_to_handed_off.p50
    (only,) = handoff.by_hour(since=now - timedelta(minutes=1), until=now).values()
    assert only.received_to_crm == found.received_to_crm


@pytest.mark.parametrize(
    ("flow", "crm", "people", "said"),
    [
        (hour(42, 42, 42, 42), "HubSpot", 3,
         "3 exceptions need a person. 42 leads in the last hour, all in HubSpot within 0.6 s (p95)."),
        (hour(42, 42, 40, 38), "HubSpot", 1,
         "1 exception needs a person."
         " 42 leads in the last hour, 38 of 40 new ones in HubSpot with the right owner within 0.6 s (p95)."),
        (hour(1, 1, 1, 0), "HubSpot", 0,
         "1 lead in the last hour, none of 1 in HubSpot with the right owner yet. Nothing needs a person."),
        (hour(5, 5, 5, 0), "", 0,
         "5 leads in the last hour, all handed off within 0.6 s (p95). Nothing needs a person."),
        (hour(5, 3, 3, 0), "", 0,
         "5 leads in the last hour, 3 handed off within 0.6 s (p95). Nothing needs a person."),
        (hour(2), "", 0, "2 leads in the last hour, none handed off yet. Nothing needs a person."),
        (hour(), "HubSpot", 2, "2 exceptions need a person. No leads in the last hour."),
    ],
)  # fmt: skip
def test_it_answers_in_one_line(flow, crm, people, said):
    assert dashboard.answer(flow, leads=flow.received, crm=crm, need_a_person=people) == said


@pytest.mark.parametrize(
    ("health", "overdue", "people", "said"),
    [
        ([Line(False, "HubSpot", "503 Service Unavailable")], 0, 0,
         "HubSpot: 503 Service Unavailable. 2 leads in the last hour, all in HubSpot within 0.6 s (p95)."),
        ([Line(True, "HubSpot", "connected"), Line(False, "Due work", "notices wait for 2 min")], 3, 1,
         "Due work: notices wait for 2 min. 2 leads in the last hour, all in HubSpot within 0.6 s (p95)."
         " 3 answers are overdue. 1 exception needs a person."),
        ([Line(True, "HubSpot", "connected")], 1, 4,
         "1 answer is overdue. 2 leads in the last hour, all in HubSpot within 0.6 s (p95). 4 exceptions need a person."),
        ([Line(True, "HubSpot", "connected")], 0, 0,
         "2 leads in the last hour, all in HubSpot within 0.6 s (p95). Nothing needs a person."),
    ],
)  # fmt: skip
def test_the_headline_of_home_says_what_is_wrong_before_it_says_that_everything_is_in_the_crm(
    health, overdue, people, said
):
    flow = hour(2, 2, 2, 2)
    assert said == dashboard.answer(
        flow, leads=2, crm="HubSpot", need_a_person=people, overdue=overdue, health=health
    )


def test_a_crm_that_does_not_answer_is_the_first_thing_on_home(maria, hubspot):
    make.handed_off()
    sending.drain_all()
    health.beat()
    assert maria.get(HOME).context["answer"].startswith("1 lead in the last hour, all in HubSpot within")
    CrmConnection.objects.update(health="down", last_error="503 Service Unavailable")
    assert (
        maria.get(HOME)
        .context["answer"]
        .startswith("HubSpot: 503 Service Unavailable. 1 lead in the last hour")
    )


def test_it_counts_people_who_became_leads(maria, acme):
    make.handed_off()
    make.handed_off()
    make.submitted(make.american())
    spam = make.submitted(make.person(email="bot@bots.example", company_fax="1"))
    held = make.submitted(make.person(email="x@mailinator.com", full_name="Xaver Ix", company=""))
    runner.drain()
    for refused in (spam, held):
        refused.refresh_from_db()
        assert refused.lead is None
    make.submitted(
        make.person(email="on.her.way@elsewhere.example", full_name="Ines Way", company="Elsewhere")
    )
    health.beat()
    shown = maria.get(HOME).context
    assert shown["answer"].startswith("1 exception needs a person. 3 leads in the last hour")
    assert shown["cards"][0]["value"] == 3


def test_a_fresh_installation_says_what_to_do_first(maria):
    text = maria.get(HOME).content.decode()
    assert "No lead has come in yet" in text
    assert "manage.py config apply" in text
    assert "Add a form" in text


def test_with_a_configuration_it_shows_the_line_that_posts_the_first_lead(maria, acme):
    answer = maria.get(HOME)
    steps = {step.title: step for step in answer.context["first_steps"]}
    assert steps["Say who gets what"].done
    assert steps["Connect the CRM"].done
    assert not steps["Say who hears of trouble"].done
    assert "/api/v1/forms/demo-request/submissions" in steps["Post the first lead"].command
    AlertRule.objects.create(name="Ops", notify=["mailto:ops@acme.test"])
    steps = {step.title: step for step in maria.get(HOME).context["first_steps"]}
    assert steps["Say who hears of trouble"].done


def test_the_numbers_are_those_of_the_rows(maria, hubspot):
    health.beat()
    for values in make.crowd(3):
        make.handed_off(values)
    sending.drain_all()
    make.handed_off(make.person(country="ES"))
    SlaClock.objects.filter(pk=SlaClock.objects.first().pk).update(
        due_at=timezone.now() - timedelta(minutes=3)
    )
    shown = maria.get(HOME).context
    cards = {card["title"]: card for card in shown["cards"]}
    assert cards["Leads, last 24 hours"]["value"] == 4
    assert cards["Handed off"]["value"] == "100 %"
    assert cards["Waiting for the CRM"]["value"] == 1
    assert cards["Overdue answers"]["value"] == 1
    assert cards["Open exceptions"]["value"] == 1
    assert shown["answer"].startswith(
        "1 answer is overdue. 4 leads in the last hour, 3 of 4 new ones in HubSpot with the right owner within"
    )
    assert [card.group.kind.key for card in shown["causes"]] == ["routing.no_rule_matched"]
    for card in shown["cards"]:
        assert maria.get(card["url"]).status_code == 200
    text = maria.get(HOME).content.decode()
    assert text.count('class="chart"') == 2


def test_more_leads_ask_the_database_nothing_more(maria, acme):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert maria.get(HOME).status_code == 200
        return len(queries)

    for values in make.crowd(2):
        make.handed_off(values)
    asked()
    few = asked()
    for values in make.crowd(20)[2:]:
        make.handed_off(values)
    assert asked() == few


def test_nobody_counts_what_is_snoozed_as_needing_a_person(maria, acme):
    make.handed_off(make.person(country="ES"))
    (item,) = queue.open_items(
        [queue.ExceptionReport("crm.rejected", queue.Subject("lead", "1", "x"), "No")], now=timezone.now()
    )
    queue.snooze([item], by="maria", until=timezone.now() + timedelta(hours=1))
    health.beat()
    assert maria.get(HOME).context["answer"].startswith("1 exception needs a person.")


def test_health_says_in_words_what_is_wrong(maria, acme):
    cache.delete(health.HEARTBEAT)
    lines = {line.name: line for line in wellbeing.lines(EVERYTHING, now=timezone.now())}
    assert not lines["Workers and scheduler"].ok
    health.beat()
    CrmConnection.objects.update(health=CrmConnection.Health.DOWN, last_error="503 Service Unavailable")
    lines = {line.name: line for line in wellbeing.lines(EVERYTHING, now=timezone.now())}
    assert lines["Workers and scheduler"].ok
    assert (lines["HubSpot"].ok, lines["HubSpot"].says) == (False, "503 Service Unavailable")


def test_the_page_stands_when_the_cache_is_down(maria, acme, settings):
    make.handed_off()
    settings.CACHES = {
        "default": {
            "BACKEND": "plumbing.guarded_cache.GuardedRedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    answer = maria.get(HOME)
    assert answer.status_code == 200
    assert "the cache does not answer" in answer.content.decode()


def test_shares_add_up_to_the_turns_without_those_that_came_back(maria, acme):
    from routing.handover import actions

    leads = [make.handed_off(values) for values in make.crowd(6, make.american, intent="demo_request")]
    picks = RotationTurn.objects.filter(kind="pick").count()
    assert picks
    shares = figures.shares(since=timezone.now() - timedelta(hours=1))
    assert sum(share.actual for share in shares) == picks
    assert sum(share.target for share in shares) == pytest.approx(picks)
    assert all(abs(share.actual - share.target) < 1 for share in shares)
    actions.decline(lead_id=leads[0].pk, reason="spam", source="console", actor="Maria", now=timezone.now())
    after = figures.shares(since=timezone.now() - timedelta(hours=1))
    assert (
        sum(share.actual for share in after)
        == RotationTurn.objects.filter(kind="pick", reversed_by=None).count()
    )


def test_shares_say_the_same_of_turns_of_the_first_ledger(maria, acme):
    for values in make.crowd(5):
        make.handed_off(values)
    hour_ago = timezone.now() - timedelta(hours=1)
    before = {share.owner: (share.actual, share.target) for share in figures.shares(since=hour_ago)}
    for turn in RotationTurn.objects.all():
        turn.format = HUNDREDTHS
        for row in turn.rows:
            del row["part"]
        turn.save()
    after = {share.owner: (share.actual, share.target) for share in figures.shares(since=hour_ago)}
    assert after.keys() == before.keys()
    for owner, (actual, target) in before.items():
        assert after[owner] == (actual, pytest.approx(target))


def test_answers_that_nothing_proves_are_counted_and_listed(maria, hubspot):
    lead = make.handed_off()
    sending.drain_all()
    assert "Claimed answers" not in maria.get(HOME).content.decode()
    day = timezone.now() - timedelta(days=4)
    SlaClock.objects.filter(lead=lead).update(
        status="met", evidence="claimed", met_at=day, proof_due_at=day + timedelta(days=1)
    )
    assert "Claimed answers" in maria.get(HOME).content.decode()
    listed = maria.get(f"{reverse('admin:intake_lead_changelist')}?clock=claimed").content.decode()
    assert lead.full_name in listed


def test_what_is_late_is_counted_without_test_leads(maria, acme):
    lead, tried = make.handed_off(), make.handed_off(make.american())
    assert SlaClock.objects.update(due_at=timezone.now() - timedelta(minutes=5)) == 2
    type(lead).objects.filter(pk=tried.pk).update(is_test=True)
    shown = maria.get(HOME)
    cards = {card["title"]: card for card in shown.context["cards"]}
    assert cards["Overdue answers"]["value"] == 1
    assert cards["Leads, last 24 hours"]["value"] == 1
    assert "is_test__exact=0" in cards["Overdue answers"]["url"]
