"""A routed lead arrives in the CRM."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from crm_sync.models import CrmLink, OutboxEntry
from crm_sync.outbound import lead_changes
from intake.lead_changes import LeadEdit, edit_leads
from intake.models import LeadChange, TimelineEntry
from routing.models import OwnerNotice
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_stands_there_with_owner_and_score(crm, connection):
    lead = make.lead(segment="hot", points=75)
    make.drain(connection)
    contact = crm.contact()
    assert contact["leadops_lead_id"] == str(lead.pk)
    assert contact["email"] == "gina@globex.example"
    assert (contact["firstname"], contact["lastname"], contact["company"]) == ("Gina", "Green", "Globex")
    assert contact["hubspot_owner_id"] == crm.owner_id("alice@acme.test")
    assert (contact["leadops_score"], contact["leadops_segment"]) == ("75", "hot")
    assert contact["leadops_routing_reason"] == "Hot North America"
    assert contact["hs_lead_status"] == "NEW"
    assert contact["leadops_routed_at"].startswith(f"{timezone.now():%Y-%m-%dT}")
    assert not OutboxEntry.objects.exists()
    link = make.link_of(lead)
    assert (link.remote_id, link.shown_owner, link.pushed_version) == (contact["id"], "alice@acme.test", 1)
    assert TimelineEntry.objects.get(lead=lead, verb__startswith="crm_sync.").verb == "crm_sync.created"


def test_it_sends_many_leads_in_one_call(crm, connection):
    for number in range(30):
        make.lead(email=f"person{number}@globex.example")
    make.drain(connection)
    assert len(crm.contacts()) == 30
    assert len(crm.calls("/contacts/batch/upsert")) == 1


def test_it_pushes_ten_changes_once(crm, connection):
    lead = make.lead()
    make.drain(connection)
    for number in range(10):
        make.edit(lead, email=f"gina{number}@globex.example")
    assert OutboxEntry.objects.get().generation == 10
    make.drain(connection)
    assert crm.contact()["email"] == "gina9@globex.example"
    assert len(crm.calls("/objects/2026-09/contacts/batch/")) == 2
    assert make.link_of(lead).pushed_version == 11


def test_it_calls_nobody_when_nothing_differs(crm, connection):
    lead = make.lead()
    make.drain(connection)
    before = len(crm.calls())
    make.push(lead)
    make.drain(connection)
    assert len(crm.calls()) == before
    assert not OutboxEntry.objects.exists()


def test_what_was_written_once_is_not_written_again_with_the_next_change(crm, connection):
    lead = make.lead()
    make.drain(connection)
    make.edit(lead, disqualify_reason="student")
    make.drain(connection)
    assert make.link_of(lead).sent["email"] == "gina@globex.example"
    before = len(crm.calls())
    make.push(lead)
    make.drain(connection)
    assert len(crm.calls()) == before


def test_a_change_of_the_lead_is_pushed(crm, connection):
    lead = make.lead()
    make.drain(connection)
    edit = LeadEdit(lead.pk, {"email": "gina@initech.example"})
    with transaction.atomic():
        edit_leads([edit], actor="ops", source="console", now=timezone.now())
    assert lead_changes.queue_changes() == 1
    assert not LeadChange.objects.exists()
    make.drain(connection)
    assert crm.contact()["email"] == "gina@initech.example"


def test_a_value_that_is_gone_is_cleared_there(crm, connection):
    lead = make.lead(status="disqualified", disqualify_reason="student")
    make.drain(connection)
    assert crm.contact()["hs_lead_status"] == "UNQUALIFIED"
    make.move(lead, make.queue())
    make.drain(connection)
    assert "hubspot_owner_id" not in crm.contact()


def test_a_queue_is_shown_as_its_holder(crm, connection):
    make.lead(to=make.queue("Partner desk", crm_owner=make.owner("bob@acme.test")))
    make.drain(connection)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("bob@acme.test")


def test_the_notice_goes_out_once_the_owner_is_shown(crm, connection):
    lead = make.lead()
    waiting = OwnerNotice.objects.create(
        lead=lead,
        owner=make.owner(),
        kind=OwnerNotice.Kind.ASSIGNED,
        cause="assigned:1",
        hold_until=timezone.now() + timedelta(seconds=10),
        due_at=timezone.now() + timedelta(seconds=10),
        created_at=timezone.now(),
    )
    make.drain(connection)
    waiting.refresh_from_db()
    assert waiting.hold_until is None
    assert waiting.due_at <= timezone.now()


def test_a_second_connection_gets_its_own_copy(crm, connection):
    other = make.connection(crm.url, key="other", primary=False)
    lead = make.lead()
    assert OutboxEntry.objects.count() == 2
    make.drain(connection)
    make.drain(other)
    assert set(CrmLink.objects.filter(lead=lead).values_list("connection__key", flat=True)) == {
        "hubspot",
        "other",
    }


def test_a_connection_that_is_switched_off_gets_nothing(crm, connection):
    type(connection).objects.filter(pk=connection.pk).update(active=False)
    make.lead()
    assert not OutboxEntry.objects.exists()


def test_somebody_on_a_shared_mailbox_stands_there_without_the_address(crm, connection):
    first = make.lead(email="info@globex.example")
    second = make.lead(email="info@globex.example", first_name="Hugo", full_name="Hugo Green")
    make.drain(connection)
    by_lead = {each["leadops_lead_id"]: each for each in crm.contacts()}
    assert by_lead[str(first.pk)]["email"] == "info@globex.example"
    assert "email" not in by_lead[str(second.pk)]
    assert by_lead[str(second.pk)]["leadops_shared_email"] == "info@globex.example"
