"""A lead that moves between connections: the record it leaves is closed and stays, its task is closed, and it can come back."""

import pytest

from crm_sync import belonging, crm_state
from crm_sync.inbound import link_check
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake.models import TimelineEntry
from leadops import lead_view
from routing.models import Assignment
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.crm_sync.test_which_leads import notice
from tests.make import crm_sync as make
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

GERMAN, AMERICAN = ({"all": [{"field": "country", "in": [code]}]} for code in ("DE", "US"))
BOB = "bob@acme.test"


@pytest.fixture
def hubspot(crm, transactional_db):
    """The primary one, for Americans."""
    return make.connection(crm.url, when=AMERICAN)


@pytest.fixture
def connection(crm, hubspot):
    """For Germans."""
    return salesforce.connection(crm.url, primary=False, when=GERMAN)


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


@pytest.fixture
def lead(crm, org):
    """An American, with a task."""
    make.queue(fallback=True)
    made = make.lead(segment="hot", points=90, country="US")
    make.clock(made)
    make.push(made)
    sending.drain_all()
    assert (len(crm.contacts()), org.leads()) == (1, [])
    return made


def states(lead):
    view = lead_view.of_leads([lead.pk])[lead.pk]
    return {one.connection.key: one.state for one in view.crm}, [one.connection.key for one in view.meant_for]


def link(lead, key):
    return CrmLink.objects.get(lead=lead, connection__key=key)


def test_a_lead_that_moves_stands_in_the_other_with_owner_and_task_and_the_old_record_stays_as_it_is(
    crm, org, lead
):
    before = crm.contact()
    make.edit(lead, country="DE", job_title="Head of Sales")
    sending.drain_all()
    assert crm.contact() == before
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]
    (there,) = org.leads("OwnerId", "Title")
    assert (there["OwnerId"], there["Title"]) == (org.user("alice@acme.test"), "Head of Sales")
    assert link(lead, "salesforce").task_open
    assert states(lead) == ({"hubspot": "moved", "salesforce": "in_sync"}, ["salesforce"])
    assert not OutboxEntry.objects.exists()
    assert not ExceptionItem.objects.exists()
    assert not crm_state.without_right_owner().exists()


def test_its_story_and_its_state_say_where_it_went(crm, org, lead):
    make.edit(lead, country="DE")
    sending.drain_all()
    (left,) = TimelineEntry.objects.filter(lead=lead, verb="crm_sync.record_left")
    assert left.data == {"connection": "hubspot", "record": crm.contact()["id"], "to": "salesforce"}
    view = lead_view.of_leads([lead.pk])[lead.pk]
    assert view.crm[0].message == "left as it stands: the lead belongs into another CRM now"
    assert view.crm_in_short.connection.key == "salesforce"


def test_what_people_change_in_the_record_that_was_left_is_left_too(crm, org, lead):
    make.owner(BOB)
    make.edit(lead, country="DE")
    sending.drain_all()
    crm.person_changes(link(lead, "hubspot").remote_id, hubspot_owner_id=crm.owner_id(BOB))
    poll()
    sending.drain_all()
    assert Assignment.objects.get(lead=lead).owner.email == "alice@acme.test"
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)
    crm.call("DELETE", f"/control/hubspot/contacts/{link(lead, 'hubspot').remote_id}")
    CrmLink.objects.update(seen_at="2026-01-01T00:00Z")
    link_check.check_all()
    assert not ExceptionItem.objects.exists()


def test_a_lead_that_comes_back_has_its_old_record_again_and_a_new_task(crm, org, lead):
    first = crm.contact()["id"]
    for country in ("DE", "US"):
        make.edit(lead, country=country, job_title=country)
        sending.drain_all()
    assert (crm.contact()["id"], len(org.leads())) == (first, 1)
    assert states(lead) == ({"hubspot": "in_sync", "salesforce": "moved"}, ["hubspot"])
    make.move(lead, make.owner(BOB))
    sending.drain_all()
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(BOB)
    (there,) = org.leads("OwnerId")
    assert there["OwnerId"] == org.user("alice@acme.test")
    assert link(lead, "salesforce").task_open is False
    verbs = TimelineEntry.objects.filter(lead=lead, verb__startswith="crm_sync.record_")
    assert sorted(verbs.values_list("source", "verb")) == [
        ("hubspot", "crm_sync.record_back"),
        ("hubspot", "crm_sync.record_left"),
        ("salesforce", "crm_sync.record_left"),
    ]


@pytest.mark.parametrize("country", ["FR", ""])
def test_a_lead_that_belongs_nowhere_else_is_kept_in_step_where_it_is(crm, org, lead, country):
    make.edit(lead, country=country, company="Initech")
    sending.drain_all()
    assert states(lead)[0] == {"hubspot": "in_sync", "salesforce": "elsewhere"}
    assert belonging.moved(link(lead, "hubspot").connection, [lead]) == {}


@pytest.mark.parametrize("off", [{"mode": "observe"}, {"active": False}, {"when": {}}])
def test_only_a_connection_with_conditions_that_writes_takes_a_lead_from_another(crm, org, lead, off):
    CrmConnection.objects.filter(key="salesforce").update(**off)
    make.edit(lead, country="DE")
    sending.drain_all()
    assert link(lead, "hubspot").gone_at is None
    assert states(lead)[0]["hubspot"] == "in_sync"


def test_whoever_waits_to_be_told_is_told_when_the_primary_one_is_left(crm, org, lead):
    waiting = notice(lead)
    make.edit(lead, country="DE")
    sending.drain_all()
    waiting.refresh_from_db()
    assert waiting.hold_until is None


def test_a_task_that_cannot_be_closed_yet_keeps_the_lead_until_it_can(crm, org, lead, hubspot):
    crm.fault("status", status=503, rate=1.0)
    make.edit(lead, country="DE")
    sending.drain_all()
    assert link(lead, "hubspot").gone_at is None
    assert len(org.leads()) == 1
    crm.heal()
    make.make_due(hubspot)
    sending.drain_all()
    assert link(lead, "hubspot").gone_how == "moved"
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]


def test_without_conditions_any_more_the_record_is_the_leads_again(crm, org, lead, hubspot):
    make.edit(lead, country="DE")
    sending.drain_all()
    CrmConnection.objects.filter(key="hubspot").update(when={})
    make.edit(lead, job_title="Head of Sales")
    sending.drain_all()
    assert states(lead)[0] == {"hubspot": "in_sync", "salesforce": "in_sync"}
