"""What the CRM knows of somebody decides before the rules do, and what stands there is not written over."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import owners
from crm_sync.looking import learning
from crm_sync.models import Account, CrmConnection, CrmLink, KnownContact, OpenDeal, OwnerLink
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import IntakeForm, Lead, Submission, TimelineEntry
from plumbing import secrets
from routing.handover.actions import reassign
from routing.models import Assignment, Decision, LeadBackground, Owner, Queue, RotationTurn, SlaClock
from tests import make
from tests.make import crm_sync
from tests.make.sandbox import TOKEN
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@acme.test"
EMAIL = "tom.small@bigcorp.example"


def connected(crm) -> CrmConnection:
    """The demo's connection, to the sandbox, with its owners read."""
    found = CrmConnection.objects.get(key="hubspot")
    found.base_url, found.token, found.token_env = f"{crm.url}/hubspot", secrets.encrypt(TOKEN), ""
    found.save()
    crm_sync.drain(found)
    owners.refresh_all()
    assert OwnerLink.objects.filter(email=BOB).exists()
    return found


@pytest.fixture
def connection(crm, committed_acme) -> CrmConnection:
    return connected(crm)


def known(crm, *, owner=BOB, **properties) -> str:
    return crm.add_contact(email=EMAIL, hubspot_owner_id=crm.owner_id(owner) if owner else "", **properties)


def there(crm, number):
    return next(each for each in crm.contacts() if each["id"] == number)


def holder(lead) -> str:
    row = Assignment.objects.select_related("owner", "queue").get(lead=lead)
    return row.owner.email if row.owner else row.queue.name


def step(lead) -> str:
    return Decision.objects.filter(lead=lead).latest("pk").outcome["step"]


def test_somebody_whom_another_has_there_goes_to_them_without_a_turn(crm, connection):
    number = known(crm, hs_lead_status="CONNECTED", lifecyclestage="opportunity")
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead)) == (BOB, "record_owner")
    assert not RotationTurn.objects.exists()
    crm_sync.drain(connection)
    contact = there(crm, number)
    assert contact["leadops_lead_id"] == str(lead.pk)
    assert contact["hubspot_owner_id"] == crm.owner_id(BOB)
    assert contact["hs_lead_status"] == "CONNECTED"
    assert len(crm.contacts()) == 1
    assert CrmLink.objects.get(lead=lead).shown_owner == BOB


def test_somebody_unknown_there_is_decided_by_the_rules(crm, connection):
    lead = make.handed_off(make.american())
    background = LeadBackground.objects.get(lead=lead)
    assert (background.source, background.missed, background.is_known) == ("hubspot", "", False)
    assert step(lead) == "rule"
    assert Decision.objects.get(lead=lead).facts["is_customer"] is False


def test_an_owner_there_who_is_none_here_keeps_them_and_a_person_looks(crm, connection):
    Owner.objects.filter(email=BOB).update(active=False)
    number = known(crm)
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead)) == (Queue.objects.get(fallback=True).name, "record_owner")
    crm_sync.drain(connection)
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)


@pytest.mark.parametrize("is_down", [False, True])
def test_whoever_came_to_the_crm_after_its_owners_were_read_keeps_their_record(crm, connection, is_down):
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zimmer"})
    if is_down:
        number, lead = down(crm, connection, owner="zoe@acme.test")
    else:
        number = known(crm, owner="zoe@acme.test")
        lead = make.handed_off(make.american())
    crm_sync.drain(connection)
    crm_sync.drain(connection)
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id("zoe@acme.test")
    assert holder(lead) == Queue.objects.get(fallback=True).name


def test_a_lead_that_goes_to_a_queue_because_of_its_record_takes_nobody_off_it(crm, connection):
    Owner.objects.filter(email="maria@acme.test").update(active=False)
    number, lead = down(crm, connection, owner="maria@acme.test")
    crm_sync.drain(connection)
    assert holder(lead) == Queue.objects.get(fallback=True).name
    crm_sync.push(lead)
    crm_sync.drain(connection)
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id("maria@acme.test")


def test_a_customer_goes_to_their_owner_and_no_sales_clock_runs(crm, connection):
    number = known(crm, lifecyclestage="customer", hs_lead_status="OPEN_DEAL")
    lead = make.handed_off(make.american())
    assert holder(lead) == BOB
    assert Lead.objects.get(pk=lead.pk).status == "customer"
    assert not SlaClock.objects.filter(lead=lead).exists()
    crm_sync.drain(connection)
    assert there(crm, number)["hs_lead_status"] == "OPEN_DEAL"


def test_a_customer_whom_nobody_has_goes_to_the_queue_for_customers(crm, connection):
    known(crm, owner="", lifecyclestage="customer")
    queue = Queue.objects.create(name="Customer care", customers=True)
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead)) == (queue.name, "customer")


def test_the_owner_of_the_account_is_for_customers_whom_nobody_has(crm, connection):
    Account.objects.create(
        connection=connection,
        remote_id="900",
        name="Bigcorp Inc",
        domains=["bigcorp.example"],
        owner_id=crm.owner_id(BOB),
        is_customer=True,
    )
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead)) == (BOB, "customer")
    facts = Decision.objects.get(lead=lead).facts
    assert (facts["account"], facts["account_owner"], facts["is_customer"]) == ("Bigcorp Inc", BOB, True)


def test_an_open_deal_goes_before_whoever_has_the_record(crm, connection):
    KnownContact.objects.create(
        connection=connection, remote_id=known(crm), emails=[EMAIL], owner_id=crm.owner_id(BOB)
    )
    OpenDeal.objects.create(
        connection=connection,
        remote_id="700",
        name="Bigcorp 2027",
        owner_id=crm.owner_id("carla@acme.test"),
        contact_ids=[KnownContact.objects.get().remote_id],
    )
    lead = make.handed_off(make.american())
    assert (holder(lead), step(lead)) == ("carla@acme.test", "open_deal")
    assert not SlaClock.objects.filter(lead=lead).exists()


@pytest.mark.parametrize(
    ("status", "active", "kept"), [("NEW", True, True), ("BAD_TIMING", True, False), ("NEW", False, False)]
)
def test_routing_anew_keeps_only_active_owners_of_records_that_are_not_recycled(
    crm, connection, status, active, kept
):
    connection.known_owner, connection.recycled = "route_anew", ["BAD_TIMING"]
    connection.save()
    Owner.objects.filter(email=BOB).update(active=active)
    number = known(crm, hs_lead_status=status)
    lead = make.handed_off(make.american())
    assert (step(lead) == "record_owner") is kept
    crm_sync.drain(connection)
    assert (there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)) is kept


def test_a_content_form_of_somebody_known_takes_no_turn(crm, connection):
    known(crm, owner="")
    IntakeForm.objects.filter(key="demo-request").update(purpose="content")
    lead = make.handed_off(make.american())
    assert holder(lead) == Queue.objects.get(fallback=True).name
    assert not RotationTurn.objects.exists()
    assert not SlaClock.objects.filter(lead=lead).exists()


def down(crm, connection, *, owner=BOB):
    """Somebody known there fills in the form while the CRM does not answer."""
    number = known(crm, owner=owner)
    Owner.objects.filter(email=BOB).update(daily_cap=0)
    crm.fault("status", status=503)
    lead = make.handed_off(make.american())
    background = LeadBackground.objects.get(lead=lead)
    assert not background.is_known
    assert "HubSpot" in background.missed
    assert holder(lead) != BOB
    crm.heal()
    return number, lead


def test_whoever_could_not_be_looked_up_is_looked_up_again_and_goes_to_their_owner(crm, connection):
    _, lead = down(crm, connection)
    later = timezone.now() + timedelta(minutes=1)
    assert learning.look_again(now=later) == 1
    assert holder(lead) == BOB
    assert LeadBackground.objects.get(lead=lead).missed == ""
    assert learning.look_again(now=later + timedelta(minutes=1)) == 0


def test_a_record_that_turns_out_to_be_somebodys_is_left_to_them_and_the_lead_follows(crm, connection):
    number, lead = down(crm, connection)
    crm_sync.drain(connection)
    assert holder(lead) == BOB
    crm_sync.drain(connection)
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)
    assert CrmLink.objects.get(lead=lead).shown_owner == BOB
    assert not ExceptionItem.objects.filter(status="open", kind=kinds.TWO_OWNERS).exists()


@pytest.mark.parametrize("source", [Assignment.Source.CONSOLE, Assignment.Source.API, Assignment.Source.CRM])
def test_a_lead_that_somebody_was_given_stays_with_them_whatever_becomes_known(crm, connection, source):
    _, lead = down(crm, connection)
    dieter = Owner.objects.get(email="dieter@acme.test")
    reassign(
        lead_id=lead.pk,
        owner_id=dieter.pk,
        reason="He knows them",
        source=source,
        actor=BOB,
        now=timezone.now(),
    )
    learning.look_again(now=timezone.now() + timedelta(minutes=1))
    assert LeadBackground.objects.get(lead=lead).crm_owner == BOB
    assert holder(lead) == "dieter@acme.test"
    hint = TimelineEntry.objects.get(lead=lead, verb="routing.learned").data
    assert hint["why_not"] == "Somebody chose who has it."


def test_a_lead_that_somebody_has_begun_with_stays_and_a_person_decides(crm, connection):
    number, lead = down(crm, connection)
    Lead.objects.filter(pk=lead.pk).update(status="working")
    before = holder(lead)
    crm_sync.drain(connection)
    assert holder(lead) == before
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)
    assert ExceptionItem.objects.get(kind=kinds.TWO_OWNERS).status == "open"
    hint = TimelineEntry.objects.get(lead=lead, verb="routing.learned").data
    assert (hint["to"], hint["why_not"]) == (Owner.objects.get(email=BOB).name, "It is working already.")
    # A sweep that compares the record later leaves it too.
    crm_sync.push(lead)
    crm_sync.drain(connection)
    assert there(crm, number)["hubspot_owner_id"] == crm.owner_id(BOB)


def test_the_crm_is_not_asked_while_it_has_few_calls_left(crm, connection):
    known(crm)
    CrmConnection.objects.update(
        budget={"max": 190, "remaining": 20, "resets_at": None, "daily_remaining": None}
    )
    lead = make.handed_off(make.american())
    assert LeadBackground.objects.get(lead=lead).missed == "HubSpot has few calls left for the moment"


def test_the_mirror_answers_without_a_call(crm, connection):
    number = known(crm)
    KnownContact.objects.create(
        connection=connection, remote_id=number, emails=[EMAIL], owner_id=crm.owner_id(BOB)
    )
    calls = len(crm.calls())
    lead = make.handed_off(make.american())
    assert holder(lead) == BOB
    assert len(crm.calls()) == calls


def test_a_record_that_the_mirror_still_knows_and_nobody_has_any_more_is_made_anew(crm, connection):
    number = known(crm)
    KnownContact.objects.create(
        connection=connection, remote_id=number, emails=[EMAIL], owner_id=crm.owner_id(BOB)
    )
    crm.call("DELETE", f"/control/hubspot/contacts/{number}")
    lead = make.handed_off(make.american())
    crm_sync.drain(connection)
    assert CrmLink.objects.get(lead=lead).remote_id != number
    assert KnownContact.objects.get().gone


def test_a_batch_is_looked_up_with_one_call(crm, connection):
    for person in make.crowd(7):
        make.submitted(person)
    calls = len(crm.calls())
    runner.drain()
    assert Lead.objects.count() == 7
    assert len(crm.calls()) - calls == 1


def test_many_that_come_one_after_the_other_are_looked_up_with_one_call(crm, connection, settings):
    settings.LEADOPS_GATHER_MS = 4_000
    people = make.crowd(12)
    first, following = people[:6], people[6:]
    for person in first:
        make.submitted(person)
    calls = len(crm.calls())

    def work_or_come_in(number: int) -> None:
        if number == 0:
            runner.drain()
            return
        while not Submission.objects.filter(claim_token__isnull=False).exists():
            time.sleep(0.01)
        for person in following:
            make.submitted(person)

    at_once(2, work_or_come_in)
    assert Lead.objects.count() == 12
    assert len(crm.calls()) - calls == 1


def test_a_few_wait_for_nobody(crm, connection, settings):
    settings.LEADOPS_GATHER_MS = 3_600_000
    for person in make.crowd(runner.MANY - 1):
        make.submitted(person)
    assert runner.drain() == runner.MANY - 1
