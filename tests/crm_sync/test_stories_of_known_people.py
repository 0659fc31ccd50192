"""Customers, open deals, accounts with an owner and contacts made there, from the record that a person makes in the CRM to whom
it shows in the end: with the CRM there, and with the CRM down while they are looked up.

Known contacts: tests/crm_sync/test_looking_up.py has both.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.born_there import taking
from crm_sync.looking import learning
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import lead_changes
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead
from leadops import lead_view
from routing.models import Assignment, LeadBackground, RotationTurn, SlaClock
from tests import make
from tests.crm_sync.test_born_there import made_there, poll, switched_on
from tests.crm_sync.test_looking_up import BOB, EMAIL, connected, holder, step
from tests.make import crm_sync

pytestmark = pytest.mark.django_db(transaction=True)

CARLA = "carla@acme.test"
UP_AND_DOWN = pytest.mark.parametrize("is_down", [False, True], ids=["CRM up", "CRM down"])


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    """The demo's, with the mirror read."""
    found = connected(crm)
    poll()
    return found


def made(crm, kind, *, owner="", **body) -> str:
    if owner:
        body["owner"] = owner
    return str(crm.call("POST", f"/control/hubspot/{kind}", body)["id"])


def asks(crm, connection, *, is_down, **values) -> Lead:
    """Fills in the form; where the CRM is down, nobody there or in the mirror is known at that moment, and all is known later."""
    if not is_down:
        poll()
        lead = make.handed_off(make.american(email=EMAIL, **values))
        assert LeadBackground.objects.get(lead=lead).missed == ""
        crm_sync.drain(connection)
        return lead
    crm.fault("status", status=503)
    lead = make.handed_off(make.american(email=EMAIL, **values))
    background = LeadBackground.objects.get(lead=lead)
    assert "HubSpot" in background.missed
    assert not (background.is_known or background.account or background.deal)
    assert step(lead) == "rule"
    crm.heal()
    CrmConnection.objects.update(not_before=None)
    crm_sync.make_due(connection)
    crm_sync.drain(connection)  # What waits is written first, before the mirror is read again.
    poll()
    later = timezone.now() + timedelta(minutes=1)
    learning.look_again(now=later)
    assert LeadBackground.objects.get(lead=lead).missed == ""
    return lead


def settled(crm, connection, lead, number) -> dict[str, str]:
    """The record there after all is done; nobody is asked, nothing waits, and the lead is one record."""
    lead_changes.queue_changes()
    crm_sync.make_due(connection)
    crm_sync.drain(connection)
    assert CrmLink.objects.get(lead=lead).remote_id == number
    assert lead_view.of_leads([lead.pk])[lead.pk].crm[0].state == "in_sync"
    assert [each["id"] for each in crm.contacts()] == [number]
    assert not ExceptionItem.objects.filter(status="open").exists()
    contact = crm.call("GET", f"/control/hubspot/contacts/{number}")["properties"]
    assert contact["leadops_lead_id"] == str(lead.pk)
    return contact


@UP_AND_DOWN
def test_a_customer_stays_with_their_owner_and_waits_for_no_sales_answer(crm, connection, is_down):
    words = {"email": EMAIL, "lifecyclestage": "customer", "hs_lead_status": "OPEN_DEAL"}
    number = made(crm, "contacts", owner=BOB, properties=words)
    lead = asks(crm, connection, is_down=is_down)
    contact = settled(crm, connection, lead, number)
    assert (holder(lead), contact["hubspot_owner_id"]) == (BOB, crm.owner_id(BOB))
    assert (contact["lifecyclestage"], contact["hs_lead_status"]) == ("customer", "OPEN_DEAL")
    assert Lead.objects.get(pk=lead.pk).status == "customer"
    assert not SlaClock.objects.filter(lead=lead, status="running").exists()


@UP_AND_DOWN
def test_somebody_with_an_open_deal_goes_to_whose_the_deal_is(crm, connection, is_down):
    words = {"email": EMAIL, "lifecyclestage": "opportunity", "hs_lead_status": "IN_PROGRESS"}
    number = made(crm, "contacts", properties=words)
    made(crm, "deals", owner=CARLA, contact=number, properties={"dealname": "Bigcorp 2027"})
    lead = asks(crm, connection, is_down=is_down)
    contact = settled(crm, connection, lead, number)
    assert (holder(lead), step(lead)) == (CARLA, "open_deal")
    assert contact["hubspot_owner_id"] == crm.owner_id(CARLA)
    assert (contact["lifecyclestage"], contact["hs_lead_status"]) == ("opportunity", "IN_PROGRESS")
    assert not SlaClock.objects.filter(lead=lead, status="running").exists()


@UP_AND_DOWN
def test_somebody_new_of_a_customers_account_goes_to_whose_the_account_is(crm, connection, is_down):
    words = {"name": "Bigcorp Inc", "domain": "bigcorp.example", "lifecyclestage": "customer"}
    company = made(crm, "companies", owner=BOB, properties=words)
    lead = asks(crm, connection, is_down=is_down)
    contact = settled(crm, connection, lead, CrmLink.objects.get(lead=lead).remote_id)
    assert (holder(lead), step(lead)) == (BOB, "customer")
    assert contact["hubspot_owner_id"] == crm.owner_id(BOB)
    account = crm.call("GET", f"/control/hubspot/companies/{company}")["properties"]
    assert (account["hubspot_owner_id"], account["lifecyclestage"]) == (crm.owner_id(BOB), "customer")


@UP_AND_DOWN
def test_a_contact_made_there_stays_with_its_owner(crm, connection, is_down):
    switched_on(connection)
    number = made_there(crm, EMAIL, owner=BOB, hs_lead_status="CONNECTED")
    taking.take_all()
    if is_down:
        crm.fault("status", status=503)
    runner.drain()
    lead = Lead.objects.get()
    assert (holder(lead), step(lead)) == (BOB, "record_owner")
    crm_sync.drain(connection)
    crm.heal()
    CrmConnection.objects.update(not_before=None)
    contact = settled(crm, connection, lead, number)
    assert (contact["hubspot_owner_id"], contact["hs_lead_status"]) == (crm.owner_id(BOB), "CONNECTED")
    assert Assignment.history.filter(lead_id=lead.pk).count() == 1
    assert not RotationTurn.objects.exists()
