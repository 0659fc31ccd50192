"""Who decides about a field: leadops, the CRM, or whoever wrote last. `lifecycle` speaks of the status."""

import time

import pytest
from django.db import transaction
from django.utils import timezone

from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, InboundEvent
from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def decides(connection, who):
    CrmConnection.objects.filter(pk=connection.pk).update(
        system_of_record={"owner": "leadops", "lifecycle": who, "default": "most_recent"}
    )


def status_there(crm):
    return crm.contact()["hs_lead_status"]


def changes_here(lead, status):
    edit = LeadEdit(lead.pk, {"status": status})
    with transaction.atomic():
        edit_leads([edit], actor="ops", source="console", now=timezone.now())
    make.push(lead)


def changes_there(crm, connection, status):
    number = crm.contact()["id"]
    crm.person_changes(number, hs_lead_status=status)
    now = timezone.now()
    InboundEvent.objects.create(
        connection=connection,
        dedupe_key=str(time.monotonic_ns()),
        remote_id=number,
        property_name="hs_lead_status",
        occurred_at=now,
        payload={},
        received_at=now,
        due_at=now,
    )
    webhook_events.work_all()


@pytest.mark.parametrize(
    ("who", "after_ours"), [("crm", "NEW"), ("leadops", "IN_PROGRESS"), ("most_recent", "IN_PROGRESS")]
)
def test_our_status_is_written_only_where_the_crm_does_not_decide(crm, connection, who, after_ours):
    decides(connection, who)
    lead = make.lead()
    make.drain(connection)
    changes_here(lead, "working")
    make.drain(connection)
    assert status_there(crm) == after_ours


@pytest.mark.parametrize(
    ("who", "here", "there"),
    [
        ("crm", "working", "IN_PROGRESS"),
        ("most_recent", "working", "IN_PROGRESS"),
        ("leadops", "new", "NEW"),
    ],
)
def test_their_status_is_taken_over_only_where_leadops_does_not_decide(crm, connection, who, here, there):
    decides(connection, who)
    lead = make.lead()
    make.drain(connection)
    changes_there(crm, connection, "IN_PROGRESS")
    make.drain(connection)
    assert Lead.objects.get(pk=lead.pk).status == here
    assert status_there(crm) == there


def test_whoever_writes_last_wins_in_both_directions(crm, connection):
    decides(connection, "most_recent")
    lead = make.lead()
    make.drain(connection)
    changes_there(crm, connection, "IN_PROGRESS")
    assert Lead.objects.get(pk=lead.pk).status == "working"
    changes_here(lead, "new")
    make.drain(connection)
    assert status_there(crm) == "NEW"


def test_the_default_speaks_for_the_status_where_nothing_else_does(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(system_of_record={"default": "crm"})
    lead = make.lead()
    make.drain(connection)
    changes_here(lead, "working")
    make.drain(connection)
    assert status_there(crm) == "NEW"


@pytest.mark.parametrize("who", ["most_recent", "leadops"])
def test_how_far_people_had_got_with_a_record_is_not_set_back(crm, connection, who):
    decides(connection, who)
    crm.add_contact(email="gina@globex.example", hs_lead_status="CONNECTED")
    lead = make.lead()
    make.drain(connection)
    make.push(lead)
    make.drain(connection)
    assert status_there(crm) == "CONNECTED"
