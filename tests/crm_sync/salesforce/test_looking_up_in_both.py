"""Of two CRMs, the one that knows most of somebody decides, whichever is the primary one, and in each they are one record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.connection import owners
from crm_sync.looking import learning
from crm_sync.models import CrmConnection, CrmLink, OwnerLink
from crm_sync.outbound import sending
from crm_sync.polling import filling
from intake.models import Lead
from routing.models import LeadBackground, SlaClock
from tests import make
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.crm_sync.test_looking_up import EMAIL, connected, holder, known, step
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

BOB, CARLA = "bob@acme.test", "carla@acme.test"
CUSTOMER = {"Name": "Bigcorp", "Type": "Customer - Direct"}


@pytest.fixture
def hubspot(crm, committed_acme):
    """The primary one."""
    return connected(crm)


@pytest.fixture
def org(crm, hubspot):
    connection = salesforce.connection(crm.url, primary=False)
    owners.refresh_all()
    assert OwnerLink.objects.filter(connection=connection, email=BOB).exists()
    return Org(crm, connection)


def customer(org, owner) -> str:
    account = org.control("Account", {"fields": CUSTOMER, "owner": owner})["id"]
    person = {"LastName": "Small", "Email": EMAIL, "AccountId": account}
    number = org.control("Contact", {"fields": person, "owner": owner})["id"]
    filling.fill_all()
    return str(number)


def poll_all() -> None:
    """Each kind of record in its turn, first all of it and then what has changed."""
    for _ in range(8):
        poll()


def background(lead) -> LeadBackground:
    return LeadBackground.objects.get(lead=lead)


def records(lead) -> dict[str, str]:
    return dict(CrmLink.objects.filter(lead=lead).values_list("connection__key", "remote_id"))


def test_a_customer_of_the_second_goes_to_their_owner_without_a_clock_and_is_no_lead_there(crm, org):
    number = customer(org, CARLA)
    lead = make.handed_off(make.american())
    assert (holder(lead), background(lead).source) == (CARLA, "salesforce")
    assert Lead.objects.get(pk=lead.pk).status == "customer"
    assert not SlaClock.objects.filter(lead=lead).exists()
    sending.drain_all()
    assert (records(lead)["salesforce"], org.leads("Id")) == (number, [])
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(CARLA)


def test_whoever_buys_in_the_second_goes_before_whoever_has_them_in_the_primary(crm, org):
    number, there = known(crm, owner=BOB, hs_lead_status="CONNECTED"), customer(org, CARLA)
    lead = make.handed_off(make.american())
    assert (holder(lead), background(lead).records) == (CARLA, {"hubspot": number, "salesforce": there})
    sending.drain_all()
    assert records(lead) == {"hubspot": number, "salesforce": there}
    # It is Bob's in the primary one, whose records are kept by those who have them.
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)
    assert holder(lead) == CARLA


def test_of_two_that_know_as_much_the_primary_says_it(crm, org):
    known(crm, owner=BOB, hs_lead_status="CONNECTED")
    there = {"LastName": "Small", "Company": "Bigcorp", "Email": EMAIL}
    number = org.control("Lead", {"fields": there, "owner": CARLA})["id"]
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead), background(lead).source) == (BOB, "record_owner", "hubspot")
    sending.drain_all()
    assert records(lead)["salesforce"] == number
    assert len(org.leads("Id")) == 1


def test_a_customer_of_the_second_without_an_owner_stays_with_whoever_has_them_in_the_primary(crm, org):
    known(crm, owner=BOB, hs_lead_status="CONNECTED")
    us = "leadops@acme.test"
    customer(org, us)
    lead = make.handed_off(make.american())
    assert (holder(lead), background(lead).source, background(lead).is_customer) == (BOB, "salesforce", True)
    assert not SlaClock.objects.filter(lead=lead).exists()


def test_a_customer_who_was_missed_stays_with_whoever_has_them_though_the_record_is_ours_by_now(crm, org):
    known(crm, owner=BOB, lifecyclestage="customer")
    crm.call("POST", "/control/faults", {"target": "hubspot", "kind": "status", "status": 503})
    lead = make.handed_off(make.american())
    crm.call("DELETE", "/control/faults")
    CrmConnection.objects.update(not_before=None)
    sending.drain_all()
    LeadBackground.objects.update(looked_up_at=timezone.now() - timedelta(minutes=1))
    learning.look_again(now=timezone.now())
    told = background(lead)
    assert (told.missed, told.is_customer, told.keeps_owner, holder(lead)) == ("", True, "always", BOB)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)
    assert not SlaClock.objects.filter(lead=lead, status="running").exists()


def test_what_the_second_could_not_say_is_asked_again_and_counts_then(crm, org):
    there = {"LastName": "Small", "Company": "Bigcorp", "Email": EMAIL}
    number = org.control("Lead", {"fields": there, "owner": CARLA})["id"]
    crm.call("POST", "/control/faults", {"target": "salesforce", "kind": "status", "status": 503})
    lead = make.handed_off(make.american())
    told = background(lead)
    assert (told.is_known, told.records) == (False, {"hubspot": ""})
    assert "Salesforce" in told.missed
    crm.call("DELETE", "/control/faults")
    LeadBackground.objects.update(looked_up_at=timezone.now() - timedelta(minutes=1))
    learning.look_again(now=timezone.now())
    told = background(lead)
    assert (told.missed, told.records) == ("", {"hubspot": "", "salesforce": number})
    assert (told.source, holder(lead)) == ("salesforce", CARLA)


def test_whoever_has_them_in_the_primary_keeps_them_when_the_second_answers_at_last(crm, org):
    known(crm, owner=BOB, hs_lead_status="CONNECTED")
    crm.call("POST", "/control/faults", {"target": "salesforce", "kind": "status", "status": 503})
    lead = make.handed_off(make.american())
    sending.drain_all()
    crm.call("DELETE", "/control/faults")
    CrmConnection.objects.update(not_before=None)
    LeadBackground.objects.update(looked_up_at=timezone.now() - timedelta(minutes=1))
    learning.look_again(now=timezone.now())
    told = background(lead)
    assert (told.missed, told.source, told.keeps_owner, holder(lead)) == ("", "hubspot", "always", BOB)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)


def test_nobody_is_searched_for_where_the_look_up_had_an_answer(crm, org):
    lead = make.handed_off(make.american())
    before = len(org.calls())
    sending.drain_all()
    assert records(lead)["salesforce"]
    assert ("POST", "/composite") not in org.calls()[before:]
    LeadBackground.objects.all().delete()
    make.handed_off(make.american(email="other@bigcorp.example"))
    LeadBackground.objects.all().delete()
    sending.drain_all()
    assert ("POST", "/composite") in org.calls()[before:]


def test_an_account_that_becomes_known_in_the_primary_counts_while_the_second_says_nothing(crm, hubspot, org):
    poll_all()
    crm.call("POST", "/control/faults", {"target": "salesforce", "kind": "status", "status": 503})
    lead = make.handed_off(make.american())
    assert background(lead).missed
    company = {"name": "Bigcorp", "domain": "bigcorp.example", "lifecyclestage": "customer"}
    crm.call("POST", "/control/hubspot/companies", {"properties": company, "owner": CARLA})
    poll_all()
    told = background(lead)
    assert (told.is_customer, holder(lead)) == (True, CARLA)
    assert "Salesforce" in told.missed
