"""Every kind of the CRM: a retry that fails keeps its item, one that works closes it in the name of who tried."""

from functools import partial

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.born_there import taking
from crm_sync.connection import owners
from crm_sync.inbound import webhook_events
from crm_sync.models import BornContact, CrmConnection, FieldMapping, OutboxEntry
from crm_sync.polling import filling
from crm_sync.tasks import read_properties
from intake.models import IntakeForm, Lead
from plumbing import secrets
from routing.models import Assignment, Owner
from tests.crm_sync import test_born_there as born_there
from tests.crm_sync import test_looking_up as looking_up
from tests.crm_sync.test_inbound import deliver, event, other_program_changes
from tests.crm_sync.test_lost_records import delete, told
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.exception_queue.trying import fails_again, only, works_now
from tests.make import crm_sync as make
from tests.make import salesforce
from tests.make.sandbox import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)


def token(connection, text):
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt(text), token_env="")


def work(connection, times=1):
    for _ in range(times):
        make.make_due(connection)
        make.drain(connection)


def test_a_property_that_is_not_there(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    make.lead(city="Springfield")
    make.drain(connection)
    item = only(kinds.UNKNOWN_PROPERTY)
    fails_again(item, partial(make.drain, connection))
    crm.make_property("town")
    works_now(item, partial(make.drain, connection))


def test_a_lead_that_is_refused(crm, connection):
    bad = make.lead(email="not an address")
    make.drain(connection)
    item = only(kinds.REJECTED)
    fails_again(item, partial(make.drain, connection))
    assert item.notes.last().text == "Tried by ops: the same answer"
    type(bad).objects.filter(pk=bad.pk).update(email="gina@globex.example")
    works_now(item, partial(make.drain, connection))


def test_a_rule_of_the_crm_that_leads_break(crm, connection):
    crm.call("POST", "/control/hubspot/rules", {"kind": "contacts", "property": "company"})
    for number in range(3):
        make.lead(email=f"p{number}@globex.example", company="")
    make.drain(connection)
    item = only(kinds.RULE_BROKEN)
    fails_again(item, partial(make.drain, connection))
    crm.call("DELETE", "/control/hubspot/rules")
    works_now(item, partial(make.drain, connection))


def test_a_lead_that_a_rule_takes_for_somebody_else(crm, transactional_db):
    org = salesforce.connection(crm.url, on_duplicate="ask")
    rule = {"object": "Lead", "action": "alert", "match": [{"object": "Lead", "fields": ["LastName"]}]}
    crm.call("POST", "/control/salesforce/duplicate_rules", rule)
    there = {"fields": {"LastName": "Green", "Company": "Globex"}}
    crm.call("POST", "/control/salesforce/Lead", there)
    make.lead(last_name="Green")
    make.drain(org)
    item = only(kinds.DUPLICATE)
    # By now it blocks too, so saving anyway is refused as well.
    crm.call("POST", "/control/salesforce/duplicate_rules", rule | {"action": "block"})
    fails_again(item, partial(make.drain, org))
    crm.call("DELETE", "/control/salesforce/duplicate_rules")
    OutboxEntry.objects.update(alike={"words": "It only warns.", "passable": True})
    works_now(item, partial(make.drain, org))


def test_a_lead_that_the_crm_keeps_failing_on(crm, connection):
    connection.api_version = "v3"
    connection.save()
    make.lead(email="first@globex.example")
    make.drain(connection)
    crm.fault("partial", rate=1.0, path="/contacts/batch/upsert")
    make.lead()
    work(connection, times=outbox.NEWS_AFTER)
    item = only(kinds.FAILING)
    fails_again(item, partial(make.drain, connection))
    crm.heal()
    works_now(item, partial(make.drain, connection))


def test_a_record_that_is_gone(crm, connection):
    lead = make.lead()
    make.drain(connection)
    number = make.link_of(lead).remote_id
    delete(crm, number)
    told("deletion", number)
    works_now(only(kinds.RECORD_GONE), partial(make.drain, connection))


def test_a_connection_that_is_not_let_in(crm, connection):
    token(connection, "wrong")
    make.lead()
    make.drain(connection)
    item = only(kinds.AUTH_LOST)
    fails_again(item, partial(make.drain, connection))
    token(connection, TOKEN)
    works_now(item, partial(make.drain, connection))


@pytest.mark.parametrize("kind", [kinds.AUTH_LOST, kinds.UNAVAILABLE, kinds.SETUP])
def test_a_connection_for_which_nothing_waits_has_its_answer_too(crm, connection, kind):
    """The owners are asked for at once, so no lead has to come in first."""
    if kind == kinds.AUTH_LOST:
        token(connection, "wrong")
    elif kind == kinds.SETUP:
        CrmConnection.objects.filter(pk=connection.pk).update(base_url="no address")
    else:
        crm.fault("status", status=503, times=3)
        owners.refresh_all()
        make.make_due(connection)
    owners.refresh_all()
    item = only(kind)
    fails_again(item, owners.refresh_all)
    token(connection, TOKEN)
    CrmConnection.objects.filter(pk=connection.pk).update(base_url=connection.base_url)
    works_now(item, owners.refresh_all)


def test_a_connection_that_does_not_answer(crm, connection):
    make.lead()
    crm.fault("status", status=503, times=3)
    work(connection, times=2)
    item = only(kinds.UNAVAILABLE)
    fails_again(item, partial(make.drain, connection))
    works_now(item, partial(make.drain, connection))


def test_a_connection_without_calls_left(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(active=False)
    org = salesforce.connection(crm.url, primary=False)
    crm.call("POST", "/control/salesforce/org", {"daily_calls": 1})
    make.lead()
    make.drain(org)
    item = only(kinds.CALLS_USED_UP)
    fails_again(item, partial(make.drain, org))
    crm.call("POST", "/control/salesforce/org", {"daily_calls": 1_000})
    works_now(item, partial(make.drain, org))


def test_a_connection_that_is_set_up_wrongly(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(base_url="no address")
    make.lead()
    make.drain(connection)
    item = only(kinds.SETUP)
    fails_again(item, partial(make.drain, connection))
    CrmConnection.objects.filter(pk=connection.pk).update(base_url=connection.base_url)
    works_now(item, partial(make.drain, connection))


def test_an_owner_who_is_not_there(crm, connection):
    make.lead(to=make.owner("zoe@acme.test"))
    make.drain(connection)
    item = only(kinds.OWNER_UNKNOWN)
    fails_again(item, partial(make.drain, connection))
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    works_now(item, partial(make.drain, connection))


def test_an_owner_for_whom_no_lead_waits_any_more(crm, connection):
    lead = make.lead(to=make.owner("zoe@acme.test"))
    make.drain(connection)
    item = only(kinds.OWNER_UNKNOWN)
    make.move(lead, make.owner("alice@acme.test"))
    make.drain(connection)
    works_now(item, lambda: None)


def test_a_value_that_an_automation_keeps_changing_back(crm, connection):
    make.queue(fallback=True)
    make.lead()
    make.drain(connection)
    make.owner("bob@acme.test")
    for _ in range(2):
        other_program_changes(connection, crm, "hubspot_owner_id", crm.owner_id("bob@acme.test"))
    works_now(only(kinds.PING_PONG), partial(make.drain, connection))


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_change_that_is_not_possible_here(crm, connection, by_hand):
    make.queue(fallback=True)
    lead = make.lead()
    make.drain(connection)
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    crm.person_changes(crm.contact()["id"], hubspot_owner_id=crm.owner_id("zoe@acme.test"))
    type(connection).objects.update(owners_read_at=None)
    deliver(event(crm, "hubspot_owner_id"))
    webhook_events.work_all()
    item = only(kinds.CHANGE_REFUSED)
    fails_again(item, webhook_events.work_all)
    zoe = make.owner("zoe@acme.test")
    if by_hand:
        make.move(lead, zoe)
    works_now(item, webhook_events.work_all)


def test_a_record_that_somebody_else_has_there(crm, committed_acme):
    connection = looking_up.connected(crm)
    _, lead = looking_up.down(crm, connection)
    Lead.objects.filter(pk=lead.pk).update(status="working")
    make.drain(connection)
    item = only(kinds.TWO_OWNERS)
    Owner.objects.filter(email=looking_up.BOB).update(active=False)
    fails_again(item, lambda: None)
    Owner.objects.filter(email=looking_up.BOB).update(active=True)
    works_now(item, partial(make.drain, connection))
    assert Assignment.objects.get(lead=lead).owner.email == looking_up.BOB


def test_a_value_that_does_not_fit(crm, connection):
    make_choice(crm)
    mapping = FieldMapping.objects.create(
        connection=connection, canonical="industry", property="branch", position=90
    )
    make.lead(industry="Maschinenbau")
    make.drain(connection)
    item = only(kinds.VALUE_LEFT_OUT)
    fails_again(item, partial(make.drain, connection))
    FieldMapping.objects.filter(pk=mapping.pk).update(values={"Maschinenbau": "MACHINERY"})
    works_now(item, partial(make.drain, connection))


def test_a_mapping_under_which_the_crm_has_changed(crm, connection):
    make_choice(crm)
    FieldMapping.objects.create(connection=connection, canonical="industry", property="branch", position=90)
    read_properties()
    crm.call("PATCH", "/control/hubspot/properties/contacts/branch", {"archived": True})
    read_properties()
    item = only(kinds.DRIFT)
    fails_again(item, read_properties)
    crm.call("PATCH", "/control/hubspot/properties/contacts/branch", {"archived": False})
    works_now(item, read_properties)


def test_an_owner_who_is_archived(crm, connection):
    make.owner("bob@acme.test")
    crm.call("POST", "/control/owners", {"email": "bob@acme.test", "name": "Bob Burke", "archived": True})
    owners.refresh_all()
    item = only(kinds.OWNER_ARCHIVED)
    fails_again(item, owners.refresh_all)
    crm.call("POST", "/control/owners", {"email": "bob@acme.test", "name": "Bob Burke", "archived": False})
    works_now(item, owners.refresh_all)


def test_records_that_cannot_be_read(crm, connection):
    crm.fault("status", status=403, path="companies")
    filling.fill_all()
    item = only(kinds.MIRROR_BEHIND)
    fails_again(item, filling.fill_all)
    crm.heal()
    works_now(item, filling.fill_all)


def test_a_contact_made_there_whose_form_cannot_be(crm, connection):
    born_there.switched_on(connection)
    IntakeForm.objects.create(key=connection.key, name="Another")
    born_there.poll()
    born_there.made_there(crm)
    taking.take_all()
    item = only(kinds.NOT_TAKEN)
    assert "Give that one another key" in item.cause
    fails_again(item, taking.take_all)
    IntakeForm.objects.update(key="another")
    works_now(item, taking.take_all)
    assert BornContact.objects.get().status == "taken"
