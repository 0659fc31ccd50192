"""Route once, sync to two: each lead stands in both with one owner, and a change in one CRM reaches the other through leadops."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry, OwnerLink
from crm_sync.outbound import sending
from crm_sync.polling import filling
from exception_queue import queue
from exception_queue.models import ExceptionItem
from routing.models import Assignment, OwnerNotice
from routing.notices import sending as notices
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.crm_sync.test_which_leads import notice
from tests.make import crm_sync as make
from tests.make import salesforce

pytestmark = pytest.mark.django_db(transaction=True)

BOB, CARLA = "bob@acme.test", "carla@acme.test"
MOST_RECENT = {"owner": "most_recent", "lifecycle": "crm", "default": "most_recent"}


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


@pytest.fixture
def in_both(crm, org):
    """A lead of Alice's that stands in both, which were read whole."""
    make.queue(fallback=True)
    for email in (BOB, CARLA):
        make.owner(email)
    lead = make.lead()
    sending.drain_all()
    filling.fill_all()
    poll()
    return lead


def number(lead, key):
    return CrmLink.objects.get(lead=lead, connection__key=key).remote_id


def settle(times=4):
    for _ in range(times):
        poll()
        sending.drain_all()


def test_two_people_who_change_the_owner_in_both_at_once_end_with_one_in_both(crm, org, in_both):
    crm.person_changes(number(in_both, "hubspot"), hubspot_owner_id=crm.owner_id(BOB))
    org.control(f"Lead/{number(in_both, 'salesforce')}/owner", {"owner": CARLA, "by": "maria@acme.test"})
    settle()
    owner = Assignment.objects.get(lead=in_both).owner.email
    assert owner in (BOB, CARLA)
    assert both(crm, org) == of(crm, org, owner)
    assert Assignment.history.filter(lead_id=in_both.pk, source="crm").count() == 2
    settle()
    assert Assignment.history.filter(lead_id=in_both.pk, source="crm").count() == 2
    assert not OutboxEntry.objects.exists()


def test_an_owner_who_is_changed_there_and_here_at_once_is_one_in_both(crm, org, in_both):
    org.control(f"Lead/{number(in_both, 'salesforce')}/owner", {"owner": CARLA, "by": "maria@acme.test"})
    make.move(in_both, make.owner(BOB))
    sending.drain_all()
    settle()
    assert both(crm, org) == of(crm, org, Assignment.objects.get(lead=in_both).owner.email)


def test_a_field_that_a_person_changes_in_one_is_changed_in_the_other(crm, org, in_both):
    fields = {"Email": "gina@initech.example"}
    org.control(f"Lead/{number(in_both, 'salesforce')}", {"fields": fields, "by": BOB}, method="PATCH")
    settle()
    assert crm.contact()["email"] == "gina@initech.example"


def test_the_owner_goes_by_each_crms_own_number_of_them(crm, org, in_both):
    make.move(in_both, make.owner(BOB))
    sending.drain_all()
    ours = {link.connection.key: link.remote_id for link in OwnerLink.objects.filter(email=BOB)}
    assert set(ours) == {"hubspot", "salesforce"}
    assert both(crm, org) == (ours["hubspot"], ours["salesforce"])


def test_somebody_who_is_nobody_in_one_is_shown_in_the_other_and_told_about(crm, org):
    zoe = make.owner("zoe@acme.test")
    crm.call("POST", "/control/owners", {"email": zoe.email, "name": "Zoe Zander"})
    lead = make.lead(to=zoe)
    sending.drain_all()
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id(zoe.email)
    (item,) = ExceptionItem.objects.filter(kind=kinds.OWNER_UNKNOWN)
    assert "Salesforce has no active owner with the address zoe@acme.test" in item.cause
    assert CrmLink.objects.get(lead=lead, connection__key="hubspot").shown_owner == zoe.email


def test_automations_of_both_that_undo_each_other_are_stopped_and_told(crm, org, in_both):
    """Each is right about owners by the settings, so what one does the other sees, and undoes."""
    CrmConnection.objects.update(system_of_record=MOST_RECENT)
    hubspot, salesforce = number(in_both, "hubspot"), number(in_both, "salesforce")
    for _ in range(3):
        crm.program_changes(hubspot, hubspot_owner_id=crm.owner_id(BOB))
        settle(2)
        org.control(f"Lead/{salesforce}/owner", {"owner": CARLA, "by": "autoproc@acme.test"})
        settle(2)
    (item,) = ExceptionItem.objects.filter(kind=kinds.PING_PONG)
    assert "change “hubspot_owner_id” back and forth" in item.cause
    moves = Assignment.history.filter(lead_id=in_both.pk, source="crm").count()
    assert moves == 2
    # What the other CRM says is still heard, and a person is too.
    crm.person_changes(hubspot, hubspot_owner_id=crm.owner_id("alice@acme.test"))
    settle()
    assert both(crm, org) == of(crm, org, "alice@acme.test")
    queue.retry(ExceptionItem.objects.filter(pk=item.pk), by="ops")
    assert not CrmLink.objects.exclude(stopped=[]).exists()


def down(crm, which):
    crm.call("POST", "/control/faults", {"target": which, "kind": "status", "status": 503, "rate": 1.0})


@pytest.fixture
def waiting(crm, org, settings):
    """Somebody is to be told of a lead, as soon as the primary CRM shows it, and in ten seconds at the latest."""
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    lead = make.lead()
    found = notice(lead)
    found.hold_until = found.due_at = timezone.now() + timedelta(seconds=10)
    found.save()
    return found


def told(waiting, *, after):
    notices.send_due(now=waiting.created_at + timedelta(seconds=after))
    waiting.refresh_from_db()
    return waiting.status == OwnerNotice.Status.SENT


def test_the_owner_is_told_as_soon_as_the_primary_shows_the_lead_though_the_other_is_down(crm, org, waiting):
    down(crm, "salesforce")
    sending.drain_all()
    assert told(waiting, after=5)
    assert not waiting.record_behind


def test_with_the_primary_down_the_owner_is_told_after_the_grace_though_the_other_shows_the_lead(
    crm, org, waiting
):
    down(crm, "hubspot")
    sending.drain_all()
    assert len(org.leads()) == 1
    assert not told(waiting, after=5)
    assert told(waiting, after=11)
    assert waiting.record_behind


def test_what_the_primary_does_not_take_is_told_without_waiting_for_it(crm, org, waiting):
    CrmConnection.objects.filter(key="hubspot").update(when={"field": "country", "in": ["DE"]})
    sending.drain_all()
    assert told(waiting, after=5)
    assert (crm.contacts(), len(org.leads())) == ([], 1)


def test_somebody_whom_only_the_second_knows_is_that_record_and_stays_with_whoever_has_it(crm, org):
    there = {
        "fields": {"LastName": "Green", "Company": "Globex", "Email": "Gina@Globex.example"},
        "owner": BOB,
    }
    number = org.control("Lead", there)["id"]
    lead = make.lead()
    make.push(lead)
    sending.drain_all()
    (found,) = org.leads("Id", "leadops_id__c", "OwnerId")
    assert (found["Id"], found["leadops_id__c"], found["OwnerId"]) == (number, str(lead.pk), org.user(BOB))
    assert CrmLink.objects.get(lead=lead, connection__key="salesforce").remote_id == number


def test_two_who_share_an_address_that_the_second_knows_are_two_records_there(crm, org):
    there = {"fields": {"LastName": "Desk", "Company": "Globex", "Email": "info@globex.example"}}
    number = org.control("Lead", there)["id"]
    for name in ("Gina", "Otto"):
        make.push(make.lead(email="info@globex.example", first_name=name))
        sending.drain_all()
    assert len(org.leads("Id")) == 2
    assert CrmLink.objects.filter(connection__key="salesforce", remote_id=number).count() == 1
