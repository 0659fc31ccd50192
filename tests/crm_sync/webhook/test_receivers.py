"""Whatever a receiver answers: a message is safe, comes again, or waits for a person who reads the receiver's words."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Standard

from crm_sandbox.webhook.signing import DEFAULT_SECRET
from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.connectors.webhook import signing
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from exception_queue.models import ExceptionItem
from plumbing import secrets
from tests.make import crm_sync as make
from tests.make.webhook import BACK

pytestmark = pytest.mark.django_db(transaction=True)


def items(kind):
    return list(ExceptionItem.objects.filter(kind=kind, status="open"))


def waits(connection):
    row = CrmConnection.objects.get(pk=connection.pk)
    return (row.not_before - timezone.now()).total_seconds()


def test_a_lost_answer_is_made_up_for_with_the_same_id(desk, connection):
    desk.fault("reset", times=1)
    lead = make.lead()
    make.drain(connection)
    desk.fault("timeout_after_commit", ms=100, times=1)
    make.make_due(connection)
    make.drain(connection)
    assert not CrmLink.objects.exists()
    make.make_due(connection)
    make.drain(connection)
    (message,) = desk.messages()
    assert (message["times"], make.link_of(lead).remote_id) == (2, message["ticket"])


def test_a_change_that_is_tried_again_has_its_id_and_the_next_one_another(desk, connection):
    lead = make.lead()
    make.drain(connection)
    bob, alice = make.owner("bob@acme.test"), make.owner()
    make.move(lead, bob)
    desk.fault("timeout_after_commit", ms=100, times=1)
    make.drain(connection)
    # Something that is not told of happens meanwhile.
    make.edit(lead, company="Globex Ltd")
    make.make_due(connection)
    make.drain(connection)
    assert [each["times"] for each in desk.messages("lead.assigned")] == [2]
    make.move(lead, alice)
    make.drain(connection)
    make.move(lead, bob)
    make.drain(connection)
    assert len({each["id"] for each in desk.messages("lead.assigned")}) == 3


def test_a_change_whose_answer_was_lost_and_that_was_undone_is_told_to_be_undone(desk, connection):
    lead = make.lead()
    make.drain(connection)
    make.move(lead, make.owner("bob@acme.test"))
    desk.fault("timeout_after_commit", ms=100, times=1)
    make.drain(connection)
    assert desk.ticket()[1]["owner"] == "bob@acme.test"
    make.move(lead, make.owner())
    make.make_due(connection)
    make.drain(connection)
    assert desk.ticket()[1]["owner"] == "alice@acme.test"
    assert make.link_of(lead).unsure == []
    make.push(lead)
    make.drain(connection)
    assert len(desk.messages("lead.assigned")) == 2


def test_who_asks_for_time_gets_it(desk, connection):
    desk.fault("status", status=429, retry_after=120, times=1)
    make.lead()
    make.drain(connection)
    assert 100 < waits(connection) <= 120
    assert OutboxEntry.objects.get().status == "pending"
    make.make_due(connection)
    make.drain(connection)
    assert desk.told() == ["lead.created"]


def test_who_is_down_is_asked_again_and_nothing_is_lost(desk, connection):
    desk.fault("status", status=503)
    leads = [make.lead(email=f"p{number}@globex.example") for number in range(3)]
    for _ in range(3):
        make.make_due(connection)
        make.drain(connection)
    assert items(kinds.UNAVAILABLE)[0].cause.endswith("answered 503: The desk answers 503.")
    desk.over()
    make.make_due(connection)
    make.drain(connection)
    make.make_due(connection)
    make.drain(connection)
    assert CrmLink.objects.count() == len(leads)
    assert desk.told() == ["lead.created"] * 3


@pytest.mark.parametrize("status", [404, 410, 405])
def test_who_is_not_there_any_more_stops_the_connection_in_its_own_words(desk, connection, status):
    make.lead(email="first@globex.example")
    make.drain(connection)
    desk.fault("status", status=status, message="This desk has moved.")
    second = make.lead()
    make.drain(connection)
    (item,) = items(kinds.SETUP)
    assert f"answered {status}: This desk has moved." in item.cause
    assert "address" in item.cause
    assert OutboxEntry.objects.get(lead=second).status == "pending"
    desk.over()
    make.make_due(connection)
    make.drain(connection)
    assert items(kinds.SETUP) == []
    assert desk.told() == ["lead.created"] * 2


@pytest.mark.parametrize("status", [401, 403])
def test_who_does_not_believe_us_is_let_be_until_a_person_has_looked(desk, connection, status):
    desk.fault("status", status=status, message="I do not know you.")
    make.lead()
    make.drain(connection)
    (item,) = items(kinds.AUTH_LOST)
    assert "I do not know you." in item.cause
    assert CrmConnection.objects.get(pk=connection.pk).health == "auth_lost"


def test_a_secret_that_is_none_says_how_to_make_one(desk, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt("not a secret"))
    make.lead()
    make.drain(connection)
    assert "openssl rand -base64 32" in items(kinds.SETUP)[0].cause


def test_a_message_that_is_refused_is_a_dead_letter_and_can_be_sent_again(desk, connection):
    desk.fault("status", status=422, message="We take no leads on Fridays.", times=1)
    lead, other = make.lead(email="one@globex.example"), make.lead(email="two@globex.example")
    make.drain(connection)
    (item,) = items(kinds.REJECTED)
    assert "We take no leads on Fridays." in item.cause
    assert OutboxEntry.objects.get().lead_id == lead.pk
    assert make.link_of(other)
    outbox.retry_dead([str(lead.pk)], by="ann", now=timezone.now())
    make.drain(connection)
    assert make.link_of(lead)
    assert items(kinds.REJECTED) == []


def test_who_takes_it_and_says_so_with_a_web_page_has_taken_it(desk, connection):
    desk.crm.call("POST", "/control/webhook/settings", {"answers_page": True})
    lead = make.lead()
    make.drain(connection)
    assert make.link_of(lead).remote_id == str(lead.pk)
    assert not OutboxEntry.objects.exists()


def test_while_the_secret_changes_who_knows_either_believes_us(desk, connection):
    """Both signatures stand in one header, and the standard's own library believes each."""
    old, new = signing.keys_of(f"{BACK} whsec_{'QUJD' * 10}")
    body = '{"type":"ping"}'
    headers = signing.signed(body.encode(), message_id="msg_1", at=datetime.now(UTC), keys=[new, old])
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (BACK, f"whsec_{'QUJD' * 10}"):
        assert Standard(secret).verify(body, headers) == {"type": "ping"}


def test_with_both_secrets_a_receiver_that_knows_the_old_one_is_told(desk, connection):
    both = secrets.encrypt(f"whsec_{'QUJD' * 10} {DEFAULT_SECRET}")
    CrmConnection.objects.filter(pk=connection.pk).update(token=both)
    make.lead()
    make.drain(connection)
    assert desk.told() == ["lead.created"]
