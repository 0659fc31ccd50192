"""Every kind of routing: a retry that fails keeps its item, one that works closes it in the name of who tried."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from routing.exception_kinds import HOLDING_QUEUE_STUCK
from routing.models import Assignment, OwnerNotice, Queue, Rotation, RoutingRule, RuleSet, Team, WorkCalendar
from routing.notices import sending
from routing.rules.publishing import publish
from tests import make
from tests.exception_queue.trying import fails_again, only, works_now
from tests.routing.test_clocks_and_steps import ROUND_THE_CLOCK

pytestmark = pytest.mark.django_db


def test_no_rule_matched(acme):
    make.handed_off(make.person(country="ES"))
    make.handed_off(
        make.person(country="PT", email="ana@lisboa.example", full_name="Ana L", company="Lisboa")
    )
    spain, portugal = ExceptionItem.objects.filter(kind="routing.no_rule_matched").order_by("pk")
    result = queue.retry([spain], by="ops")
    spain.refresh_from_db()
    assert (spain.status, spain.count) == ("open", 2)
    assert "still have no place for it" in result.refusals[0]
    nurture = Queue.objects.get(name="Nurture")
    spanish = {"all": [{"field": "country", "in": ["ES"]}]}
    RoutingRule.objects.create(name="Spain", when=spanish, target_kind="queue", target_queue=nurture)
    publish(by="ops", now=timezone.now())
    queue.retry([spain, portugal], by="ops")
    spain.refresh_from_db()
    portugal.refresh_from_db()
    assert (spain.status, spain.resolved_by) == ("resolved", "ops")
    assert (portugal.status, portugal.count) == ("open", 2)


def send_now() -> None:
    sending.send_due(now=timezone.now())


def test_an_owner_could_not_be_told(committed_acme, settings):
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    make.handed_off(make.person(country="France"))
    Team.objects.filter(name="AMER Sales").update(notify=["nosuchservice://x"])
    OwnerNotice.objects.update(due_at=timezone.now())
    send_now()
    item = only("routing.notice_failed")
    fails_again(item, send_now)
    Team.objects.filter(name="AMER Sales").update(notify=["mailto:amer@acme.test"])
    works_now(item, send_now)


def test_a_holding_queue_does_not_move(committed_acme):
    rotation = Rotation.objects.get(name="DACH round robin")
    Rotation.objects.filter(pk=rotation.pk).update(calendar_policy="on_duty_only", when_empty="hold")
    calendar = WorkCalendar.objects.filter(name="DACH business hours")
    today = (timezone.now() + timedelta(days=3)).strftime("%a").lower()
    calendar.update(hours={today: ["03:00-03:01"]}, holidays={})
    make.handed_off()
    rotation.refresh_from_db()
    assert Assignment.objects.get().queue_id == rotation.holding_queue_id
    subject = queue.Subject("rotation", str(rotation.pk), rotation.name)
    queue.open_items([queue.ExceptionReport(HOLDING_QUEUE_STUCK, subject, "Nobody can")], now=timezone.now())
    item = only(HOLDING_QUEUE_STUCK)
    fails_again(item, lambda: None)
    calendar.update(hours=ROUND_THE_CLOCK)
    works_now(item, lambda: None)


def test_no_rules_are_published(committed_acme):
    versions = list(RuleSet.objects.all())
    RuleSet.objects.all().delete()
    make.submitted(make.person())
    runner.drain()
    item = only("routing.no_ruleset")
    fails_again(item, runner.drain)
    RuleSet.objects.bulk_create(versions)
    works_now(item, runner.drain)
