"""What changes in the CRM after a lead was decided: its deals, its account, its record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.connectors.records import RemoteCompany, RemoteContact, RemoteDeal
from crm_sync.looking.following import changed
from crm_sync.mirror.writing import save
from crm_sync.models import CrmConnection, CrmLink, KnownContact
from intake.models import Lead, TimelineEntry
from routing.models import Assignment, LeadBackground, OwnerNotice, SlaClock
from tests import make
from tests.crm_sync.test_looking_up import BOB, connected
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)

CARLA = "carla@acme.test"


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    return connected(crm)


@pytest.fixture
def lead(crm, connection) -> Lead:
    """Decided by the rules, and in the CRM with its task."""
    found = make.handed_off(make.american())
    crm_sync.drain(connection)
    assert CrmLink.objects.get(lead=found).task_open
    return found


def deal(connection, lead, *, state="open", number="700", owner_id="", closed_at=None) -> None:
    now = timezone.now()
    link = CrmLink.objects.get(lead=lead)
    row = RemoteDeal(
        number,
        name="Bigcorp 2027",
        state=state,
        owner_id=owner_id,
        contact_ids=[link.remote_id],
        closed_at=closed_at or (now if state != "open" else None),
        modified_at=now,
    )
    save(connection, "deals", [row], now=now)
    changed(connection, deal_ids=[number], now=now)


def status(lead) -> str:
    return Lead.objects.get(pk=lead.pk).status


def clock(lead) -> str:
    return SlaClock.objects.get(lead=lead).status


def holder(lead) -> str:
    row = Assignment.objects.select_related("owner", "queue").get(lead=lead)
    return row.owner.email if row.owner else row.queue.name


@pytest.mark.parametrize(("state", "becomes"), [("won", "customer"), ("lost", "closed_lost")])
def test_a_deal_that_is_closed_ends_clock_task_and_reminders(crm, connection, lead, state, becomes):
    OwnerNotice.objects.filter(lead=lead).update(status="waiting")
    deal(connection, lead, state=state)
    assert (status(lead), clock(lead)) == (becomes, "cancelled")
    assert not OwnerNotice.objects.filter(lead=lead, status="waiting").exists()
    told = TimelineEntry.objects.get(lead=lead, verb="intake.status_changed").data
    assert (told["to"], told["reason"]) == (becomes, f"The deal was {state}")
    crm_sync.push(lead)
    crm_sync.drain(connection)
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]


def test_a_deal_that_is_opened_ends_the_sales_clock_and_its_owner_gets_the_lead(crm, connection, lead):
    assert holder(lead) != CARLA
    deal(connection, lead, owner_id=crm.owner_id(CARLA))
    assert holder(lead) == CARLA
    assert clock(lead) == "cancelled"
    crm_sync.push(lead)
    crm_sync.drain(connection)
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(CARLA)


def test_a_deal_that_was_lost_and_is_open_again_takes_the_lead_back(connection, lead):
    deal(connection, lead, state="lost")
    deal(connection, lead, state="open")
    assert status(lead) == "qualified"


def test_while_another_deal_is_open_none_is_lost(connection, lead):
    deal(connection, lead, state="open", number="701")
    deal(connection, lead, state="lost", number="700")
    assert status(lead) == "new"


def test_a_deal_that_was_closed_before_they_came_in_says_nothing(connection, lead):
    deal(connection, lead, state="lost", closed_at=timezone.now() - timedelta(days=40))
    assert (status(lead), clock(lead)) == ("new", "running")


def test_what_a_person_said_of_a_lead_stays(connection, lead):
    Lead.objects.filter(pk=lead.pk).update(status="disqualified")
    deal(connection, lead, state="won")
    assert status(lead) == "disqualified"


def test_an_account_that_becomes_known_decides_again_while_the_lead_is_young(crm, connection, lead):
    now = timezone.now()
    account = RemoteCompany(
        "900",
        name="Bigcorp Inc",
        domains=["bigcorp.example"],
        owner_id=crm.owner_id(BOB),
        is_customer=True,
        modified_at=now,
    )
    save(connection, "companies", [account], now=now)
    changed(connection, account_ids=["900"], now=now)
    assert holder(lead) == BOB
    assert (status(lead), clock(lead)) == ("customer", "cancelled")
    # The same words again are no news.
    before = Lead.objects.get(pk=lead.pk).version
    changed(connection, account_ids=["900"], now=now)
    assert Lead.objects.get(pk=lead.pk).version == before


def test_a_lead_whose_record_becomes_a_customers_waits_for_no_answer(connection, lead):
    now = timezone.now()
    remote_id = CrmLink.objects.get(lead=lead).remote_id
    row = RemoteContact(remote_id, emails=[lead.email], lifecycle="customer", modified_at=now)
    save(connection, "contacts", [row], now=now)
    changed(connection, contact_ids=[remote_id], now=now)
    assert (status(lead), clock(lead)) == ("customer", "cancelled")
    assert LeadBackground.objects.get(lead=lead).crm_lifecycle == "customer"


def test_whose_the_record_is_now_is_left_to_its_events(crm, connection, lead):
    now, before = timezone.now(), holder(lead)
    remote_id = CrmLink.objects.get(lead=lead).remote_id
    row = RemoteContact(remote_id, emails=[lead.email], owner_id=crm.owner_id(CARLA), modified_at=now)
    save(connection, "contacts", [row], now=now)
    changed(connection, contact_ids=[remote_id], now=now)
    assert KnownContact.objects.get().owner_id == crm.owner_id(CARLA)
    assert holder(lead) == before
