"""What people and the org's own automation change comes in by polling alone; an outbound message only hurries it."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.inbound import touches, webhook_events
from crm_sync.models import Account, CrmLink, CrmLogin, KnownContact, MirrorProgress, OpenDeal
from crm_sync.outbound import lead_changes
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake.models import Lead
from routing.models import Assignment
from tests.crm_sync.salesforce.test_messages import message, notification
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


@pytest.fixture
def lead(org, connection) -> Lead:
    """In the CRM, which has been read whole."""
    make.queue(fallback=True)
    make.owner(BOB)
    made = make.lead(segment="hot", points=90)
    make.clock(made)
    make.push(made)
    make.drain(connection)
    filling.fill_all()
    poll()
    return made


def poll() -> None:
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
    filling.fill_all()
    webhook_events.work_all()
    lead_changes.queue_changes()


def number(lead) -> str:
    return CrmLink.objects.get(lead=lead).remote_id


def owner_of(lead) -> str:
    return Assignment.objects.get(lead=lead).owner.email


def test_a_persons_change_of_owner_is_a_reassign_with_that_person(org, lead):
    org.control(f"Lead/{number(lead)}/owner", {"owner": BOB, "by": "maria@acme.test"})
    poll()
    assert owner_of(lead) == BOB
    newest = Assignment.history.filter(lead_id=lead.pk).latest()
    assert (newest.source, newest.reason, newest.actor) == (
        "crm",
        "Owner changed in Salesforce",
        "maria@acme.test",
    )


def test_a_field_that_a_person_changes_is_taken_over_once(org, connection, lead):
    org.control(f"Lead/{number(lead)}", {"fields": {"Title": "Head of Sales"}, "by": BOB}, method="PATCH")
    for _ in range(2):
        poll()
    assert Lead.objects.get(pk=lead.pk).job_title == "Head of Sales"
    make.drain(connection)
    (there,) = org.leads("Title")
    assert there["Title"] == "Head of Sales"


@pytest.mark.parametrize("by", ["autoproc@acme.test", "leadops@acme.test"])
def test_what_a_flow_gives_to_somebody_else_is_changed_back_once_and_then_told(org, connection, lead, by):
    """A flow that runs after our own write does it in our own user's name."""
    alice = owner_of(lead)
    for _ in range(2):
        org.control(f"Lead/{number(lead)}/owner", {"owner": BOB, "by": by})
        poll()
        make.drain(connection)
        # An org counts whole seconds: the same change twice in one is one.
        time.sleep(1.01)
    assert owner_of(lead) == alice
    (there,) = org.leads("OwnerId")
    assert there["OwnerId"] == org.user(BOB)
    assert ExceptionItem.objects.filter(kind=kinds.PING_PONG).count() == 1


def test_accounts_contacts_and_opportunities_are_mirrored(org, connection):
    account = org.control(
        "Account",
        {
            "fields": {"Name": "Globex", "Website": "https://globex.example", "Type": "Customer - Direct"},
            "owner": BOB,
        },
    )["id"]
    contact = org.control(
        "Contact", {"fields": {"LastName": "Green", "Email": "gina@globex.example", "AccountId": account}}
    )["id"]
    fields = {"Name": "Rollout", "AccountId": account, "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    deal = org.control("Opportunity", {"fields": fields, "owner": BOB})["id"]
    org.control("OpportunityContactRole", {"fields": {"OpportunityId": deal, "ContactId": contact}})
    filling.fill_all()
    poll()
    mirrored = Account.objects.get(remote_id=account)
    assert (mirrored.name, mirrored.is_customer, mirrored.domains) == ("Globex", True, ["globex.example"])
    assert KnownContact.objects.get(remote_id=contact).account_id == account
    there = OpenDeal.objects.get(remote_id=deal)
    assert (there.name, there.account_id) == ("Rollout", account)
    make.owner(BOB)
    org.control(f"Opportunity/{deal}/won", {})
    poll()
    assert OpenDeal.objects.get(remote_id=deal).state == "won"


def test_a_call_that_somebody_logs_is_contact(org, lead):
    org.control("activities", {"kind": "call", "who": number(lead), "owner": "alice@acme.test"})
    poll()
    touches.read_all()
    assert Lead.objects.get(pk=lead.pk).contacted_at is not None


def test_an_outbound_message_is_acknowledged_and_hurries_a_change(org, connection, lead):
    org.control(f"Lead/{number(lead)}/owner", {"owner": BOB, "by": "maria@acme.test"})
    told = notification(lead=number(lead), LastModifiedDate=datetime.now(UTC).isoformat())
    body = message(told, org=CrmLogin.objects.get().account)
    path = f"/api/v1/webhooks/{connection.key}"
    refused = Client().post(f"{path}?token=guessed", body, content_type="text/xml")
    assert refused.status_code == 401
    answer = Client().post(f"{path}?token={make.WEBHOOK_SECRET}", body, content_type="text/xml")
    assert (answer.status_code, "<Ack>true</Ack>" in answer.content.decode()) == (200, True)
    webhook_events.work_all()
    assert owner_of(lead) == BOB
