import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends import locmem
from django.db import transaction
from django.utils import timezone

from exception_queue import alerts, queue, tasks
from exception_queue.models import AlertMention, AlertNotice, AlertRule, ExceptionItem
from plumbing.notify_addresses import whole
from tests.make.exceptions import opened, problem, rule
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


class Broken(locmem.EmailBackend):
    """A mail server that answers as `reply` says, or takes everything when there is no reply."""

    reply: tuple[int, bytes] | None = None

    def send_messages(self, messages):
        if self.reply:
            raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: self.reply})
        return super().send_messages(messages)


@pytest.fixture
def mail_server(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    monkeypatch.setattr(Broken, "reply", None)
    return Broken


def sweep(**later):
    alerts.sweep(now=timezone.now() + timedelta(**later))


def subjects():
    return [message.subject for message in mail.outbox]


def test_a_human_hears_of_it_with_cause_and_next_step():
    rule()
    opened(problem(id=1), problem(id=2), problem("spam", id=3, cause="Looks made up"))
    tasks.send_alerts()
    [message] = mail.outbox
    assert message.to == ["ops@acme.test"]
    assert message.subject == "3 exceptions need a person: Dead letter and 1 more"
    assert "Dead letter: Lead 2 and 1 more\nThe CRM refuses the field\nLook at it.\n" in message.body
    assert "Spam: Lead 3\nLooks made up" in message.body
    assert "/leads/3/" in message.body
    assert message.body.index("Dead letter") < message.body.index("Spam")
    notice = AlertNotice.objects.get()
    assert (notice.status, notice.attempts, notice.claim_token) == ("sent", 1, None)


def test_nobody_is_told_twice_of_the_same_item():
    rule(quiet_minutes=0)
    opened()
    sweep()
    opened()
    sweep()
    assert len(mail.outbox) == 1
    opened(problem(id=2))
    sweep()
    assert subjects() == ["1 exception needs a person: Dead letter"] * 2


def test_an_item_whose_transaction_commits_late_is_told_of():
    rule(quiet_minutes=0)
    long_ago = timezone.now() - timedelta(days=3)
    opened(problem(id=1))
    sweep()
    # As if its transaction had begun before everything above.
    opened(problem(id=2), now=long_ago)
    sweep()
    assert len(mail.outbox) == 2


def test_a_rule_is_quiet_after_an_alert_and_then_tells_of_all_that_came():
    rule(quiet_minutes=15)
    opened(problem(id=1))
    sweep()
    opened(problem(id=2), problem(id=3))
    sweep(minutes=14)
    assert len(mail.outbox) == 1
    sweep(minutes=16)
    assert subjects()[1:] == ["2 exceptions need a person: Dead letter"]


def test_a_rule_hears_only_its_kinds_and_severities():
    rule("Spam", kinds=["test.spam"], notify=["mailto:spam@acme.test"])
    rule("Bad", min_severity="medium", notify=["mailto:bad@acme.test"])
    rule("Worst", min_severity="high", notify=["mailto:worst@acme.test"])
    rule("Nothing", min_severity="high", kinds=["test.spam"], notify=["mailto:nothing@acme.test"])
    rule("Off", active=False, notify=["mailto:off@acme.test"])
    opened(problem("spam"), problem("no_rule"))
    sweep()
    assert sorted(message.to[0] for message in mail.outbox) == ["bad@acme.test", "spam@acme.test"]


def test_what_somebody_has_claimed_or_snoozed_needs_no_alert():
    rule()
    items = opened(problem(id=1), problem(id=2))
    queue.claim(items[:1], by="alice")
    queue.snooze(items[1:], by="alice", until=timezone.now() + timedelta(hours=1))
    sweep()
    assert mail.outbox == []
    queue.release(items[:1], by="alice")
    sweep()
    assert len(mail.outbox) == 1


def test_what_wakes_up_is_news_again():
    rule(quiet_minutes=0)
    [item] = opened()
    sweep()
    queue.snooze([item], by="alice", until=timezone.now() + timedelta(hours=1))
    sweep()
    assert len(mail.outbox) == 1
    queue.wake_snoozed(now=timezone.now() + timedelta(hours=2))
    sweep()
    assert len(mail.outbox) == 2


def test_a_threshold_counts_what_was_seen_in_its_window():
    rule(threshold=3, window_minutes=10)
    now = timezone.now()
    opened(problem(id=1), problem(id=2), now=now)
    opened(problem(id=3), now=now - timedelta(minutes=11))
    alerts.sweep(now=now)
    assert mail.outbox == []
    opened(problem(id=3), now=now)
    alerts.sweep(now=now)
    assert subjects() == ["3 exceptions need a person: Dead letter"]


def test_many_sweeps_at_once_tell_once():
    rule()
    opened(*(problem(id=number) for number in range(20)))
    at_once(6, lambda _: sweep())
    assert subjects() == ["20 exceptions need a person: Dead letter"]
    assert AlertMention.objects.count() == 20


def test_an_alert_that_fails_for_now_is_tried_again_later(mail_server):
    rule()
    opened()
    mail_server.reply = (451, b"try later")
    sweep()
    notice = AlertNotice.objects.get()
    assert (notice.status, notice.attempts, notice.claim_token) == ("pending", 1, None)
    assert "try later" in notice.last_error
    assert notice.due_at <= timezone.now() + timedelta(seconds=10)
    mail_server.reply = None
    alerts.deliver(now=notice.due_at)
    notice.refresh_from_db()
    assert (notice.status, notice.last_error) == ("sent", "")
    assert len(mail.outbox) == 1


def test_only_the_addresses_that_failed_are_tried_again(mail_server):
    rule(notify=["mailto:ops@acme.test", "json://127.0.0.1:1/nobody-listens"])
    opened()
    sweep()
    notice = AlertNotice.objects.get()
    assert [whole(address) for address in notice.to] == ["json://127.0.0.1:1/nobody-listens"]
    alerts.deliver(now=notice.due_at)
    assert len(mail.outbox) == 1


def test_an_alert_that_can_never_be_delivered_becomes_an_item_itself(mail_server):
    made = rule()
    opened()
    mail_server.reply = (550, b"no such user")
    sweep()
    item = ExceptionItem.objects.get(kind="exception_queue.alert_undelivered")
    assert (item.subject_id, item.subject_label, item.status) == (str(made.pk), "Ops", "open")
    assert "no such user" in item.cause
    assert AlertNotice.objects.get().status == "failed"


def test_trying_ends_and_then_it_becomes_an_item(mail_server):
    rule()
    opened()
    mail_server.reply = (451, b"try later")
    sweep()
    tries = 1
    while AlertNotice.objects.get().status == "pending":
        alerts.deliver(now=AlertNotice.objects.get().due_at)
        tries += 1
        assert tries < 20
    assert AlertNotice.objects.get().attempts == tries == 8
    assert ExceptionItem.objects.filter(kind="exception_queue.alert_undelivered").count() == 1


def test_broken_rules_do_not_keep_each_other_busy(mail_server):
    rule("A", quiet_minutes=0)
    rule("B", quiet_minutes=0)
    opened()
    mail_server.reply = (550, b"no such user")
    for _ in range(10):
        sweep()
    # Each of the two: once about the item, once about the other rule.
    assert AlertNotice.objects.count() == 4
    assert ExceptionItem.objects.filter(kind="exception_queue.alert_undelivered").count() == 2


def test_another_rule_tells_that_a_rule_is_broken():
    rule("Broken", notify=["mailto:ops@acme.test"], kinds=["test.dead_letter"])
    rule("Watch", kinds=["exception_queue.alert_undelivered"], notify=["mailto:admin@acme.test"])
    opened()
    # What was a service once is none any more.
    AlertRule.objects.filter(name="Broken").update(notify=["nosuchservice://x"])
    sweep()
    sweep()
    assert [message.to for message in mail.outbox] == [["admin@acme.test"]]


def test_retrying_an_undelivered_alert_sends_it_to_the_rules_present_addresses(mail_server):
    made = rule()
    opened()
    mail_server.reply = (550, b"no such user")
    sweep()
    made.notify = ["mailto:somebody@acme.test"]
    made.save()
    mail_server.reply = None
    item = ExceptionItem.objects.get(kind="exception_queue.alert_undelivered")
    assert queue.retry([item], by="alice").refusals == []
    sweep()
    assert [message.to for message in mail.outbox] == [["somebody@acme.test"]]
    item.refresh_from_db()
    assert (item.status, item.resolved_by) == ("resolved", "alice")


def test_a_later_alert_that_arrives_closes_the_item(mail_server):
    rule(quiet_minutes=0)
    opened(problem(id=1))
    mail_server.reply = (550, b"no such user")
    sweep()
    mail_server.reply = None
    opened(problem(id=2))
    sweep()
    item = ExceptionItem.objects.get(kind="exception_queue.alert_undelivered")
    assert (item.status, item.resolved_by) == ("resolved", "leadops")


def test_a_notice_that_was_lost_to_another_worker_is_not_booked(mail_server, monkeypatch):
    rule()
    opened()
    alerts.decide(now=timezone.now())
    taken = AlertNotice.objects.get()

    def somebody_takes_it(self, messages):
        with transaction.atomic():
            AlertNotice.objects.filter(pk=taken.pk).update(claim_token="0" * 32)
        return 1

    monkeypatch.setattr(Broken, "send_messages", somebody_takes_it)
    assert alerts.deliver(now=timezone.now()) == 0
    taken.refresh_from_db()
    assert (taken.status, taken.attempts) == ("pending", 0)


def test_it_names_the_kinds_that_nobody_hears_of():
    assert len(alerts.kinds_nobody_hears()) == 8
    rule("Bad", min_severity="medium")
    assert [kind.key for kind in alerts.kinds_nobody_hears()] == ["test.spam"]
    rule("Spam", kinds=["test.spam"], active=False)
    assert [kind.key for kind in alerts.kinds_nobody_hears()] == ["test.spam"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"notify": []}, "Name at least one address"),
        ({"notify": ["ops@acme.test"]}, "is neither mailto: nor an address"),
        ({"notify": ["mailto:nobody"]}, "is not an e-mail address"),
        ({"kinds": ["test.nothing"]}, "There is no exception kind “test.nothing”"),
        ({"threshold": 0}, "At least 1"),
        ({"window_minutes": 0}, "At least 1"),
    ],
)
def test_a_rule_that_could_tell_nobody_is_refused_at_the_field(fields, words):
    with pytest.raises(ValidationError, match=words) as caught:
        rule(**fields)
    assert set(caught.value.message_dict) == set(fields)


def test_the_sweeps_are_tasks_by_their_name():
    assert tasks.send_alerts.name == "exception_queue.send_alerts"
    assert tasks.wake_snoozed.name == "exception_queue.wake_snoozed"
    [item] = opened()
    queue.snooze([item], by="alice", until=timezone.now() + timedelta(hours=1))
    ExceptionItem.objects.update(snoozed_until=timezone.now())
    tasks.wake_snoozed()
    item.refresh_from_db()
    assert item.status == "open"
