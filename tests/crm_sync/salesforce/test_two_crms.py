"""Route once, sync to two: each lead stands in both with one owner, and a change in one CRM reaches the other through leadops."""

import pytest

from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import sending
from crm_sync.polling import filling
from routing.models import Assignment
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"


@pytest.fixture
def connection(crm, transactional_db):
    """HubSpot is the primary one; the Salesforce connection is the one that the tests hold."""
    make.connection(crm.url)
    return salesforce.connection(crm.url, primary=False)


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


def both(crm, org):
    """Who owns the only lead in each."""
    (there,) = org.leads("OwnerId")
    return crm.contact().get("hubspot_owner_id"), there["OwnerId"]


def of(crm, org, email):
    return crm.owner_id(email), org.user(email)


def test_a_lead_stands_in_both_with_one_owner_and_a_task_each(crm, org):
    lead = make.lead(segment="hot", points=90)
    make.clock(lead)
    make.push(lead)
    sending.drain_all()
    assert both(crm, org) == of(crm, org, "alice@acme.test")
    assert CrmLink.objects.filter(lead=lead, task_open=True).count() == 2


@pytest.mark.parametrize("where", ["hubspot", "salesforce"])
def test_an_owner_who_is_changed_in_one_is_changed_in_the_other_once(crm, org, where):
    make.queue(fallback=True)
    make.owner(BOB)
    lead = make.lead()
    sending.drain_all()
    filling.fill_all()
    poll()
    number = CrmLink.objects.get(lead=lead, connection__key=where).remote_id
    if where == "hubspot":
        crm.person_changes(number, hubspot_owner_id=crm.owner_id(BOB))
    else:
        org.control(f"Lead/{number}/owner", {"owner": BOB, "by": "maria@acme.test"})
    for _ in range(3):
        poll()
        sending.drain_all()
    assert both(crm, org) == of(crm, org, BOB)
    assert Assignment.history.filter(lead_id=lead.pk, source="crm").count() == 1


def test_a_lead_that_belongs_into_one_only_is_in_that_one(crm, org):
    CrmConnection.objects.filter(key="salesforce").update(when={"field": "country", "in": ["DE"]})
    make.lead(email="a@globex.example", country="US")
    german = make.lead(email="b@globex.example", country="DE")
    sending.drain_all()
    assert len(crm.contacts()) == 2
    assert list(CrmLink.objects.filter(connection__key="salesforce").values_list("lead", flat=True)) == [
        german.pk
    ]


def test_one_that_is_down_holds_the_other_up_not_at_all(crm, org):
    body = {"target": "salesforce", "kind": "status", "status": 503, "rate": 1.0}
    crm.call("POST", "/control/faults", body)
    make.lead()
    sending.drain_all()
    assert len(crm.contacts()) == 1
    crm.call("DELETE", "/control/faults")
    for connection in CrmConnection.objects.all():
        make.make_due(connection)
    sending.drain_all()
    assert len(org.leads()) == 1
