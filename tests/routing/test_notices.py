"""Telling people: when the CRM shows the owner, or when the grace is over; once; with retries; never silently lost."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from routing.models import Assignment, OwnerNotice, Team
from routing.notices import sending
from tests import make
from tests.structure.repository import BASE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mailbox(settings):
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def after_the_grace() -> datetime:
    return timezone.now() + timedelta(hours=1)


def test_a_notice_waits_until_the_crm_shows_the_owner(committed_acme):
    lead = make.handed_off()
    sending.send_due(now=timezone.now())
    assert mail.outbox == []
    sending.release([lead.pk], now=timezone.now())
    sending.send_due(now=timezone.now())
    (message,) = mail.outbox
    owner = Assignment.objects.get(lead=lead).owner
    assert message.to == [owner.email]
    assert message.subject == "New lead: Jana Weiß (Beispiel Werke GmbH)"
    assert "Why: DACH" in message.body
    assert "The CRM does not show this lead yet" not in message.body
    assert lead.timeline_entries.filter(verb="routing.notified").count() == 1


def test_after_the_grace_it_goes_out_and_says_that_the_crm_is_behind(committed_acme):
    make.handed_off()
    sending.send_due(now=after_the_grace())
    (message,) = mail.outbox
    assert "The CRM does not show this lead yet" in message.body
    assert OwnerNotice.objects.get().record_behind


def test_it_is_sent_once(committed_acme):
    make.handed_off()
    sending.send_due(now=after_the_grace())
    sending.send_due(now=after_the_grace())
    assert len(mail.outbox) == 1


def test_a_notice_that_was_sent_by_a_worker_that_died_is_sent_again_as_the_same_message(committed_acme):
    make.handed_off()
    sending.send_due(now=after_the_grace())
    # As after a kill between sending and writing it down.
    OwnerNotice.objects.update(status="waiting", sent_at=None, attempts=0, told=[])
    sending.send_due(now=after_the_grace())
    first, again = [message.message()["Message-ID"] for message in mail.outbox]
    assert first == again


class DiesAfterSending(locmem.EmailBackend):
    """kill -9 once the mail server has the mail, and nobody has written that down."""

    def send_messages(self, messages):
        super().send_messages(messages)
        raise KeyboardInterrupt


def test_that_a_notice_is_about_to_be_sent_is_written_down_first_and_a_second_copy_says_so(
    committed_acme, settings
):
    settings.EMAIL_BACKEND = f"{__name__}.DiesAfterSending"
    make.handed_off()
    with pytest.raises(KeyboardInterrupt):
        sending.send_due(now=after_the_grace())
    assert OwnerNotice.objects.get().sending_since is not None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OwnerNotice.objects.update(claimed_until=timezone.now())
    sending.send_due(now=after_the_grace())
    first, again = mail.outbox
    assert first.message()["Message-ID"] == again.message()["Message-ID"]
    assert "interrupted" not in first.body
    assert "you may have it twice" in again.body
    assert OwnerNotice.objects.get().sending_since is None


def test_whoever_was_told_already_is_not_told_again_because_another_address_fails(committed_acme):
    make.handed_off(make.person(country="France"))
    team = Team.objects.filter(name="AMER Sales")
    team.update(notify=["mailto:amer@acme.test", "mailto:nobody"])
    sending.send_due(now=after_the_grace())
    assert OwnerNotice.objects.get().status == "failed"
    team.update(notify=["mailto:amer@acme.test", "mailto:second@acme.test"])
    queue.retry(ExceptionItem.objects.filter(kind="routing.notice_failed"), by="ops")
    sending.send_due(now=timezone.now())
    assert [message.to for message in mail.outbox] == [["amer@acme.test"], ["second@acme.test"]]
    assert OwnerNotice.objects.get().status == "sent"


class SlowServer(locmem.EmailBackend):
    """While it takes the first mail the lease ends, and another worker claims everything."""

    def send_messages(self, messages):
        OwnerNotice.objects.update(claim_token=uuid4())
        return super().send_messages(messages)


def test_a_worker_that_was_too_slow_does_not_send_what_another_has_claimed(committed_acme, settings):
    settings.EMAIL_BACKEND = f"{__name__}.SlowServer"
    make.handed_off()
    make.handed_off(make.american())
    sending.send_due(now=after_the_grace())
    assert len(mail.outbox) == 1


def test_a_notice_that_fails_for_good_is_an_exception_and_can_be_retried(committed_acme, settings):
    make.handed_off(make.person(country="France"))
    Team.objects.filter(name="AMER Sales").update(notify=["nosuchservice://x"])
    sending.send_due(now=after_the_grace())
    assert OwnerNotice.objects.get().status == "failed"
    item = ExceptionItem.objects.get(kind="routing.notice_failed")
    Team.objects.filter(name="AMER Sales").update(notify=["mailto:amer@acme.test"])
    queue.retry([item], by="ops")
    sending.send_due(now=timezone.now())
    assert OwnerNotice.objects.get().status == "sent"
    assert mail.outbox[0].to == ["amer@acme.test"]


def test_without_outgoing_mail_notices_wait(committed_acme, settings):
    settings.EMAIL_URL = ""
    make.handed_off()
    sending.send_due(now=after_the_grace())
    assert OwnerNotice.objects.get().status == "waiting"
    assert mail.outbox == []


def test_what_a_notice_waited_for_is_said_by_whoever_runs_the_house(committed_acme, settings):
    """Routing holds and releases notices, and does not know why."""
    settings.LEADOPS_RECORD_BEHIND = "The ledger of Acme does not show it yet."
    make.handed_off()
    OwnerNotice.objects.update(due_at=timezone.now())
    sending.send_due(now=timezone.now())
    (message,) = mail.outbox
    assert "The ledger of Acme does not show it yet." in message.body
    folders = [BASE / "routing" / name for name in ("notices", "handover")]
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    assert paths
    assert [path.name for path in paths if "the crm" in path.read_text().lower()] == []


def test_without_a_grace_a_notice_is_not_held(committed_acme, settings):
    settings.LEADOPS_NOTICE_GRACE = 0
    make.handed_off()
    notice = OwnerNotice.objects.get()
    assert notice.hold_until is None
    sending.send_due(now=timezone.now())
    notice.refresh_from_db()
    assert (notice.status, notice.record_behind) == ("sent", False)
