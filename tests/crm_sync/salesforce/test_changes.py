"""What people and the org's own automation change comes in by polling alone; an outbound message only hurries it."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.events import WHOLE_RECORD, RemoteChange
from crm_sync.inbound import touches, webhook_events
from crm_sync.inbound.changes import apply
from crm_sync.inbound.outcomes import Known
from crm_sync.models import (
    Account,
    CrmDifference,
    CrmLink,
    CrmLogin,
    FieldMapping,
    InboundEvent,
    KnownContact,
    MirrorProgress,
    OpenDeal,
    OutboxEntry,
)
from crm_sync.outbound import lead_changes
from crm_sync.outbound.payload import plan_of
from crm_sync.polling import deletions, filling
from crm_sync.reconcile import running
from crm_sync.schema import reading
from exception_queue.models import ExceptionItem
from intake.models import Lead
from routing.models import Assignment, LeadScore
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


def look_for_deletions(*, after: timedelta = timedelta(minutes=3)) -> None:
    """The next reading, so long after the last one."""
    MirrorProgress.objects.filter(deleted_read_at__isnull=False).update(
        deleted_read_at=timezone.now() - after
    )
    deletions.find_all()
    webhook_events.work_all()


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


def test_what_was_read_before_our_write_is_not_judged_after_it(org, connection, lead):
    """It looked as if the automation had changed the owner once more."""
    org.control(f"Lead/{number(lead)}/owner", {"owner": BOB, "by": "autoproc@acme.test"})
    poll()
    connector, mappings = connect(connection, budget=Budget({})), list(connection.mappings.all())
    names = [mapping.property for mapping in mappings]
    written = dict(CrmLink.objects.values_list("remote_id", "pushed_at"))
    change = RemoteChange("late", number(lead), WHOLE_RECORD)
    event = InboundEvent.of(change, connection=connection, now=timezone.now())
    event.save()
    read = connector.read([number(lead)], by="id", properties=names, history=names)
    make.drain(connection)
    plan = plan_of(connection, mappings, connector=connector, properties={})
    known = Known(connection, connector, plan, read[number(lead)], written)
    with transaction.atomic():
        outcome = apply(known, [event], now=timezone.now())
    assert (outcome.results[event.pk][0], outcome.problems) == (InboundEvent.Status.WAITING, [])
    webhook_events.work_all()
    event.refresh_from_db()
    assert event.status == InboundEvent.Status.IGNORED
    assert not CrmLink.objects.get(lead=lead).stopped


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


def test_a_lead_that_was_deleted_there_is_asked_about_within_minutes_though_nothing_tells_of_it(org, lead):
    look_for_deletions()
    org.control(f"Lead/{number(lead)}", method="DELETE")
    look_for_deletions()
    assert CrmLink.objects.get(lead=lead).gone_how == CrmLink.Gone.DELETED
    assert ExceptionItem.objects.filter(kind=kinds.RECORD_GONE, subject_id=str(lead.pk)).count() == 1
    look_for_deletions()
    assert ExceptionItem.objects.filter(kind=kinds.RECORD_GONE).count() == 1


def test_a_lead_that_was_deleted_before_any_poll_saw_it_is_asked_about_too(org, connection, lead):
    look_for_deletions()
    other = make.lead(email="otto@globex.example")
    make.drain(connection)
    org.control(f"Lead/{number(other)}", method="DELETE")
    poll()
    assert not KnownContact.objects.filter(remote_id=number(other)).exists()
    look_for_deletions()
    assert CrmLink.objects.get(lead=other).gone_how == CrmLink.Gone.DELETED


def test_only_what_was_deleted_since_the_last_reading_is_read_again(org, connection, lead):
    old = org.control("Lead", {"fields": {"LastName": "Old", "Company": "Globex"}})["id"]
    org.control(f"Lead/{old}", method="DELETE")
    look_for_deletions()
    connector = connect(connection, budget=Budget({}))
    later = datetime.now(UTC) + timedelta(seconds=2)
    assert connector.deleted("contacts", since=None, after="", limit=10).ids == [old]
    assert connector.deleted("contacts", since=later, after="", limit=10).ids == []


def test_a_lead_that_was_converted_is_followed_by_polling_alone(org, connection, lead):
    org.control(f"Lead/{number(lead)}/convert", {"by": "maria@acme.test"})
    (contact,) = org.rows(("Contact", ["Id"], ""))
    poll()
    assert number(lead) == contact["Id"]
    org.control(f"Contact/{contact['Id']}/owner", {"owner": BOB, "by": "maria@acme.test"})
    make.drain(connection)
    poll()
    assert owner_of(lead) == BOB


def test_a_lead_that_was_converted_into_somebody_who_is_there_is_followed(org, lead):
    """Nothing of theirs changes."""
    account = org.control("Account", {"fields": {"Name": "Globex"}})["id"]
    fields = {"LastName": "Green", "AccountId": account}
    contact = org.control("Contact", {"fields": fields})["id"]
    poll()
    org.control(f"Lead/{number(lead)}/convert", {"account": account, "contact": contact})
    poll()
    assert number(lead) == contact


def test_whom_a_lead_was_given_to_in_the_moment_of_its_conversion_keeps_it(org, connection, lead):
    contact = org.control(f"Lead/{number(lead)}/convert", {"by": "maria@acme.test"})["contactId"]
    org.control(f"Contact/{contact}/owner", {"owner": BOB, "by": "maria@acme.test"})
    for _ in range(3):
        poll()
        make.drain(connection)
        InboundEvent.objects.filter(status=InboundEvent.Status.WAITING).update(due_at=timezone.now())
    assert owner_of(lead) == BOB
    (there,) = org.rows(("Contact", ["OwnerId"], ""))
    assert there["OwnerId"] == org.user(BOB)


def test_a_write_of_ours_hides_no_person_who_gave_the_lead_to_somebody(org, connection, lead):
    """The org says of a record only who changed it last."""
    org.control(f"Lead/{number(lead)}/owner", {"owner": BOB, "by": "maria@acme.test"})
    make.edit(lead, job_title="Head of Sales")
    make.drain(connection)
    (there,) = org.leads("OwnerId", "Title", "LastModifiedById")
    assert (there["OwnerId"], there["LastModifiedById"]) == (org.user(BOB), org.user("maria@acme.test"))
    assert there["Title"] != "Head of Sales"
    poll()
    assert owner_of(lead) == BOB
    make.make_due(connection)
    make.drain(connection)
    (there,) = org.leads("OwnerId", "Title")
    assert (there["OwnerId"], there["Title"]) == (org.user(BOB), "Head of Sales")
    assert not OutboxEntry.objects.exists()
    newest = Assignment.history.filter(lead_id=lead.pk).latest()
    assert (newest.source, newest.actor) == ("crm", "maria@acme.test")


def test_somebody_who_cannot_be_taken_over_holds_up_what_we_write_once_only(org, connection, lead):
    org.control("users", {"username": "zoe@acme.test", "name": "Zoe Zimmer"})
    org.control(f"Lead/{number(lead)}/owner", {"owner": "zoe@acme.test", "by": "maria@acme.test"})
    for title in ("Head of Sales", "Chief of Sales"):
        make.edit(lead, job_title=title)
        for _ in range(2):
            make.make_due(connection)
            make.drain(connection)
            webhook_events.work_all()
    (there,) = org.leads("OwnerId", "Title")
    assert (there["OwnerId"], there["Title"]) == (org.user("zoe@acme.test"), "Chief of Sales")
    assert not OutboxEntry.objects.exists()
    assert ExceptionItem.objects.filter(kind=kinds.CHANGE_REFUSED).count() == 1


def test_what_a_contact_has_no_field_for_is_neither_a_change_nor_a_difference(org, connection, lead):
    """A lead that is converted has neither company nor status there any more, nor what is made for leads alone."""
    org.control("fields/Lead/Score__c", {"type": "double", "label": "Score"})
    FieldMapping.objects.create(connection=connection, canonical="score", property="Score__c", position=90)
    reading.read_now(connection)
    make.push(lead)
    make.drain(connection)
    company, status = lead.company, Lead.objects.get(pk=lead.pk).status
    org.control(f"Lead/{number(lead)}/convert", {"by": BOB})
    for _ in range(2):
        poll()
        make.drain(connection)
    make.edit(lead, phone="+493090182009")
    LeadScore.objects.filter(lead=lead).update(points=95)
    make.push(lead)
    make.drain(connection)
    assert number(lead).startswith("003")
    now = Lead.objects.get(pk=lead.pk)
    assert (now.company, now.status) == (company, status)
    poll()
    running.start(connection, by="ops", now=timezone.now())
    running.work_all()
    assert not CrmDifference.objects.filter(settled_at=None).exists()
    assert not ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN).exists()


def test_a_field_that_is_hidden_from_us_takes_no_value_from_the_lead(org, connection, lead):
    org.control(f"Lead/{number(lead)}", {"fields": {"Title": "Head of Sales"}, "by": BOB}, method="PATCH")
    poll()
    # Until it has gone out, what comes in waits for it.
    make.drain(connection)
    org.control("permissions", {"hidden": {"Lead": ["Title"]}})
    time.sleep(1.01)
    org.control(f"Lead/{number(lead)}", {"fields": {"FirstName": "Regina"}, "by": BOB}, method="PATCH")
    poll()
    now = Lead.objects.get(pk=lead.pk)
    assert (now.job_title, now.first_name) == ("Head of Sales", "Regina")
