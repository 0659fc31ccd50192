"""Outbound messages: who may send them, what is read of them, and what is refused."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.events import WHOLE_RECORD, MalformedEvents
from crm_sync.connectors.salesforce import messages
from crm_sync.connectors.salesforce.formats import long_id
from crm_sync.connectors.salesforce.soql import Question
from crm_sync.models import CrmConnection, CrmLogin, InboundEvent
from plumbing import signatures
from plumbing.signatures import BadSignature
from tests.make.crm_sync import WEBHOOK_SECRET

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "https://leads.acme.test/api/v1/webhooks/sf?token=s3cret"
ORG, LEAD = "00D5g000000AbCd", "00Q5g00000AbCdE"


def message(*notifications, org=ORG, prologue="", space="http://soap.sforce.com/2005/09/outbound"):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prologue}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<notifications xmlns="{space}"><OrganizationId>{org}</OrganizationId><SessionId/>'
        f"{''.join(notifications)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def notification(number="04l0001", lead=LEAD, **values):
    fields = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in values.items())
    return (
        f"<Notification><Id>{number}</Id>"
        '<sObject xsi:type="sf:Lead" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{lead}</sf:Id>{fields}</sObject></Notification>'
    )


def test_each_notification_says_that_something_happened_to_a_record():
    body = message(
        notification(LastModifiedDate="2026-11-27T08:00:00.000Z", Company="Globex &amp; Sons"),
        notification("04l0002", "003000000000001"),
    )
    found = messages.parse(body)
    first, second = found.changes
    assert (first.remote_id, first.property) == ("00Q5g00000AbCdEEAV", WHOLE_RECORD)
    assert first.at == datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert found.account == long_id(ORG) and len(found.account) == 18
    assert first.raw["Company"] == "Globex & Sons"
    assert (second.remote_id, second.dedupe_key) == ("003000000000001AAA", "04l0002")


def test_one_that_names_no_record_costs_no_other():
    found = messages.parse(message(notification(lead="nobody"), notification("04l0002")))
    assert [each.dedupe_key for each in found.changes] == ["04l0002"]
    assert len(found.unreadable) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a>",
        message(space="urn:somebody"),
        message(org=""),
        message(org="somebody's"),
        message(prologue='<!DOCTYPE x SYSTEM "https://elsewhere.test/x.dtd">'),
        message(prologue='<!DOCTYPE x [<!ENTITY a "b">]>'),
        message(*(notification(f"n{number}") for number in range(101))),
        message(notification(Description="x" * 1_000_001)),
        message("<a>" * 20 + "</a>" * 20),
    ],
)
def test_what_is_no_outbound_message_is_refused(body):
    with pytest.raises(MalformedEvents):
        messages.parse(body)


def test_a_document_of_another_encoding_declares_nothing_either():
    text = message(prologue='<!DOCTYPE x [<!ENTITY a "b">]>').decode().replace("UTF-8", "UTF-16")
    with pytest.raises(MalformedEvents):
        messages.parse(text.encode("utf-16"))


@pytest.mark.parametrize(
    ("address", "secret", "passes"),
    [
        (ADDRESS, "s3cret", True),
        (ADDRESS, "another", False),
        (ADDRESS.replace("s3cret", ""), "s3cret", False),
        (ADDRESS.partition("?")[0], "s3cret", False),
        (ADDRESS, "", False),
    ],
)
def test_the_secret_stands_in_the_address(address, secret, passes):
    def check():
        return signatures.check(
            messages.verify,
            headers={},
            raw_body=b"",
            secret=secret,
            method="POST",
            uri=address,
            now=timezone.now(),
        )

    if passes:
        assert check() == ""
    else:
        with pytest.raises(BadSignature):
            check()


def post(client, body, *, secret=WEBHOOK_SECRET):
    return client.post(f"/api/v1/webhooks/salesforce?token={secret}", body, content_type="text/xml")


@pytest.fixture
def org_id(connection) -> str:
    """Known since the first login."""
    connect(connection, budget=Budget({})).ping()
    return CrmLogin.objects.get().account


def refusals(connection) -> tuple[int, str]:
    row = CrmConnection.objects.get(pk=connection.pk)
    assert (row.events_refused_at is None) == (row.events_refused == 0)
    return row.events_refused, row.events_refused_why


def test_the_login_says_of_which_organization_the_connection_is(connection, org_id):
    asking = connect(connection, budget=Budget({})).people.asking
    (row,) = asking.all(Question("Organization", ["Id"], ""))
    assert org_id == long_id(str(row["Id"]))


@pytest.mark.parametrize("length", [15, 18])
def test_a_message_of_the_connections_organization_is_taken_by_either_length_of_its_id(
    client, connection, org_id, length
):
    answer = post(client, message(notification(), org=org_id[:length]))
    assert (answer.status_code, "<Ack>true</Ack>" in answer.content.decode()) == (200, True)
    assert InboundEvent.objects.count() == 1
    assert refusals(connection) == (0, "")


def test_a_message_of_another_organization_is_refused_and_counted_though_it_knows_the_secret(
    client, connection, org_id
):
    """A copy of an org sends to the same address with the same secret."""
    for _ in range(2):
        answer = post(client, message(notification()))
        assert answer.status_code == 401
        assert long_id(ORG) in answer.json()["detail"]
    assert not InboundEvent.objects.exists()
    count, words = refusals(connection)
    assert count == 2
    assert long_id(ORG) in words and org_id in words


def test_before_the_first_login_nobody_knows_whose_a_message_may_be(client, connection):
    assert post(client, message(notification())).status_code == 401
    assert "first login" in refusals(connection)[1]


def test_who_does_not_know_the_secret_writes_nothing(client, connection, org_id):
    assert post(client, message(notification(), org=org_id), secret="guessed").status_code == 401
    assert refusals(connection) == (0, "")


@pytest.mark.parametrize(
    ("prologue", "length", "status"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>', 1, 400),
        ('<!DOCTYPE x SYSTEM "https://elsewhere.test/x.dtd">', 1, 400),
        ("", 1_000_001, 400),
        ("", 1_100_000, 413),
    ],
)
def test_what_declares_something_or_is_too_large_is_refused_at_the_address(
    client, connection, org_id, prologue, length, status
):
    body = message(notification(Description="x" * length), org=org_id, prologue=prologue)
    assert post(client, body).status_code == status
    assert not InboundEvent.objects.exists()


def test_the_page_of_the_connection_says_whose_messages_are_taken_and_what_was_refused(
    client, admin_client, connection, org_id
):
    post(client, message(notification()))
    page = admin_client.get(f"/admin/crm_sync/crmconnection/{connection.pk}/change/").content.decode()
    assert org_id in page
    assert "1 with the right secret" in page
    assert f"They are of the account {long_id(ORG)}" in page
