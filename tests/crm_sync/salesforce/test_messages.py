"""Outbound messages: who may send them, what is read of them, and what is refused."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from crm_sync.connectors.base import WHOLE_RECORD, MalformedEvents
from crm_sync.connectors.salesforce import messages
from plumbing import signatures
from plumbing.signatures import BadSignature

ADDRESS = "https://leads.acme.test/api/v1/webhooks/sf?token=s3cret"
ORG, LEAD = "00D5g000000AbCd", "00Q5g00000AbCdE"


def message(*notifications, prologue="", space="http://soap.sforce.com/2005/09/outbound"):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prologue}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<notifications xmlns="{space}"><OrganizationId>{ORG}</OrganizationId><SessionId/>'
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
    first, second = messages.parse(body).changes
    assert (first.remote_id, first.property) == ("00Q5g00000AbCdEEAV", WHOLE_RECORD)
    assert first.at == datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert first.recipient.startswith(ORG) and len(first.recipient) == 18
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
