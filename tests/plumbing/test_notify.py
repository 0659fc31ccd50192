import smtplib
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.db import transaction

from plumbing import notify
from plumbing.wire import WireInTransaction
from tests.plumbing.server import serve


class Refusing(locmem.EmailBackend):
    """A mail server that refuses some recipients, as smtplib tells it."""

    replies: dict[str, tuple[int, bytes]] = {}

    def send_messages(self, messages):
        for message in messages:
            if reply := self.replies.get(message.to[0]):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: reply})
        return super().send_messages(messages)


@pytest.fixture
def refusing(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    with patch.dict(Refusing.replies):
        yield Refusing.replies


def test_each_mailbox_gets_a_message_of_its_own():
    notify.send(
        to=["mailto:a@acme.test", "MAILTO:b%2Bx@acme.test"], title="Title", body="Text", html="<p>Text</p>"
    )
    assert [message.to for message in mail.outbox] == [["a@acme.test"], ["b+x@acme.test"]]
    assert (mail.outbox[0].subject, mail.outbox[0].body) == ("Title", "Text")
    assert [tuple(part) for part in mail.outbox[0].alternatives] == [("<p>Text</p>", "text/html")]


def test_a_mail_that_is_sent_again_is_the_same_message_to_each_mailbox():
    for _ in range(2):
        notify.send(to=["mailto:a@acme.test", "mailto:b@acme.test"], title="T", body="B", key="notice-1")
    notify.send(to=["mailto:a@acme.test"], title="T", body="B", key="notice-2")
    first, second, again, again_second, other = [message.message()["Message-ID"] for message in mail.outbox]
    assert (first, second) == (again, again_second)
    assert len({first, second, other}) == 3


def test_a_refused_recipient_is_permanent_and_the_others_are_told(refusing):
    refusing["gone@acme.test"] = (550, b"5.1.1 no such user")
    with pytest.raises(notify.NotifyError, match="no such user") as caught:
        notify.send(to=["mailto:gone@acme.test", "mailto:a@acme.test"], title="T", body="B")
    assert caught.value.permanent
    assert caught.value.failed == ("mailto:gone@acme.test",)
    assert [message.to for message in mail.outbox] == [["a@acme.test"]]


def test_a_recipient_that_is_put_off_is_not_permanent(refusing):
    refusing["later@acme.test"] = (451, b"4.7.1 greylisted")
    refusing["gone@acme.test"] = (550, b"5.1.1 no such user")
    with pytest.raises(notify.NotifyError, match="greylisted") as caught:
        notify.send(to=["mailto:later@acme.test", "mailto:gone@acme.test"], title="T", body="B")
    assert not caught.value.permanent
    assert caught.value.failed == ("mailto:later@acme.test", "mailto:gone@acme.test")


def test_a_mail_server_that_is_away_is_not_permanent(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(notify.NotifyError, match="could not be sent") as caught:
        notify.send(to=["mailto:a@acme.test"], title="T", body="B")
    assert not caught.value.permanent


def test_without_outgoing_mail_it_says_what_to_set(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with pytest.raises(notify.NotifyError, match="set EMAIL_URL"):
        notify.send(to=["mailto:a@acme.test"], title="T", body="B")


@pytest.mark.parametrize(
    "address", ["a@acme.test", "mailto:not an address", "mailto:", "nosuchservice://x", "://"]
)
def test_an_address_that_reaches_nobody_is_permanent(address):
    with pytest.raises(notify.NotifyError) as caught:
        notify.check_address(address)
    assert caught.value.permanent
    with pytest.raises(notify.NotifyError) as caught:
        notify.send(to=[address], title="T", body="B")
    assert caught.value.permanent
    assert caught.value.failed == (address,)


def test_a_line_break_in_the_title_is_permanent():
    with pytest.raises(notify.NotifyError) as caught:
        notify.send(to=["mailto:a@acme.test"], title="T\nBcc: x@acme.test", body="B")
    assert caught.value.permanent
    assert mail.outbox == []


def test_other_services_are_told_through_apprise():
    with serve(lambda request: request.answer(200, b"{}")) as server:
        notify.send(to=[f"json://127.0.0.1:{server.port}/hook"], title="Title", body="Text")
    assert [(seen.method, seen.path) for seen in server.seen] == [("POST", "/hook")]
    assert b'"title": "Title"' in server.seen[0].body


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (401, True), (503, False), (429, False)])
def test_the_answer_of_a_service_says_whether_it_is_permanent(status, permanent):
    with serve(lambda request: request.answer(status, b"no")) as server:
        address = f"json://user:hush@127.0.0.1:{server.port}/secret-token"
        with pytest.raises(notify.NotifyError, match=str(status)) as caught:
            notify.send(to=[address], title="T", body="B")
    assert caught.value.permanent is permanent
    assert "hush" not in caught.value.message
    assert "secret-token" not in caught.value.message


@pytest.mark.django_db(transaction=True)
def test_it_refuses_inside_a_transaction():
    with transaction.atomic(), pytest.raises(WireInTransaction):
        notify.send(to=["mailto:a@acme.test"], title="T", body="B")
    assert mail.outbox == []
