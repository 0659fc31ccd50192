"""What people change in the CRM comes in by polling alone, once, whatever else tells the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.inbound import webhook_events
from crm_sync.models import CrmLink, InboundEvent, KnownContact, MirrorProgress
from crm_sync.outbound import lead_changes
from crm_sync.polling import filling
from intake.models import Lead
from routing.models import Assignment, LeadBackground, SlaClock
from tests.crm_sync.contract.backstage import HubSpotBackstage
from tests.crm_sync.test_inbound import deliver, event, owner_of
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"


@pytest.fixture
def lead(crm, connection) -> Lead:
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


def test_a_persons_change_of_owner_is_a_reassign_without_any_webhook(crm, connection, lead):
    crm.person_changes(number(lead), hubspot_owner_id=crm.owner_id(BOB))
    poll()
    assert owner_of(lead) == BOB
    newest = Assignment.history.filter(lead_id=lead.pk).latest()
    assert (newest.source, newest.reason) == ("crm", "Owner changed in HubSpot")
    assert "4400100" in newest.actor


def test_poll_and_webhook_tell_the_same_and_it_is_done_once(crm, connection, lead):
    before = Assignment.history.filter(lead_id=lead.pk).count()
    crm.person_changes(number(lead), hubspot_owner_id=crm.owner_id(BOB), company="Globex Holding")
    deliver(event(crm, "hubspot_owner_id"), event(crm, "company"))
    poll()
    deliver(event(crm, "hubspot_owner_id", at=1_790_000_000_000))
    poll()
    assert Assignment.history.filter(lead_id=lead.pk).count() == before + 1
    assert Lead.objects.get(pk=lead.pk).company == "Globex Holding"


def test_what_we_wrote_ourselves_is_no_change(crm, connection, lead):
    version = Lead.objects.get(pk=lead.pk).version
    for _ in range(3):
        poll()
    assert Lead.objects.get(pk=lead.pk).version == version
    assert not InboundEvent.objects.filter(status__in=["done", "failed"]).exists()
    assert KnownContact.objects.get().lead_key == str(lead.pk)


def test_a_change_waits_while_something_of_ours_is_being_written(crm, connection, lead):
    make.edit(lead, first_name="Regina")
    crm.person_changes(number(lead), company="Globex Holding")
    poll()
    waiting = InboundEvent.objects.get(status="waiting")
    assert waiting.result == "Something of ours is being written there"
    assert Lead.objects.get(pk=lead.pk).company == "Globex"
    make.drain(connection)
    webhook_events.work_all(now=timezone.now() + timedelta(minutes=1))
    changed = Lead.objects.get(pk=lead.pk)
    assert (changed.first_name, changed.company) == ("Regina", "Globex Holding")


def test_a_record_that_was_merged_is_ours_under_its_new_number(crm, connection, lead):
    other = crm.add_contact(email="gina@private.example")
    poll()
    third = HubSpotBackstage("v3", crm).merge(number(lead), other)
    poll()
    assert number(lead) == third
    assert CrmLink.objects.get(lead=lead).gone_at is None


def test_a_deal_that_is_won_there_makes_a_customer_and_ends_the_clock(crm, connection, lead):
    backstage = HubSpotBackstage("v3", crm)
    company = backstage.add_company("Globex", "globex.example")
    backstage.add_deal("Rollout", contact=number(lead), company=company, won=True)
    poll()
    assert Lead.objects.get(pk=lead.pk).status == "customer"
    assert SlaClock.objects.get(lead=lead).status == "cancelled"
    make.drain(connection)
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]


def test_a_lifecycle_that_people_change_there_is_known_here(crm, connection, lead):
    crm.person_changes(number(lead), lifecyclestage="opportunity")
    poll()
    assert LeadBackground.objects.get(lead=lead).crm_lifecycle == "opportunity"
