"""The CRM refuses, is slow, lies or is gone. Nothing is lost, nothing is there twice, and a person hears of it once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.connection import circuit, lease, owners
from crm_sync.connectors.hubspot import client
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, OutboxEntry
from crm_sync.outbound import sending
from exception_queue import grouping, queue
from exception_queue.models import ExceptionItem
from intake.models import TimelineEntry
from plumbing import secrets
from tests.make import crm_sync as make
from tests.make.sandbox import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def impatient(monkeypatch):
    """Waits half a second for an answer instead of seven."""
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (0.5, 0.5))


def open_kinds():
    return sorted(ExceptionItem.objects.filter(status="open").values_list("kind", flat=True))


def retry(kind):
    return queue.retry(ExceptionItem.objects.filter(kind=kind, status="open"), by="ops")


def test_a_contact_that_exists_already_becomes_ours(crm, connection):
    there = crm.add_contact(email="gina@globex.example", firstname="Regina")
    lead = make.lead()
    make.drain(connection)
    contact = crm.contact()
    assert contact["id"] == there
    assert contact["leadops_lead_id"] == str(lead.pk)
    assert contact["hubspot_owner_id"] == crm.owner_id("alice@acme.test")
    assert make.link_of(lead).remote_id == there


def test_it_keeps_what_a_person_typed_before_us(crm, connection):
    crm.add_contact(email="gina@globex.example", firstname="Regina")
    make.lead()
    make.drain(connection)
    contact = crm.contact()
    assert contact["firstname"] == "Regina"
    assert contact["lastname"] == "Green"


def test_it_keeps_what_a_person_typed_after_us(crm, connection):
    lead = make.lead(company="")
    make.drain(connection)
    crm.person_changes(crm.contact()["id"], company="Globex Corporation", firstname="Regina")
    type(lead).objects.filter(pk=lead.pk).update(company="Globex", first_name="Ginny")
    make.push(lead)
    make.drain(connection)
    assert (crm.contact()["company"], crm.contact()["firstname"]) == ("Globex Corporation", "Regina")


def test_many_contacts_that_exist_already_cost_few_calls(crm, connection):
    for number in range(20):
        make.lead(email=f"person{number}@globex.example")
        if number % 2:
            crm.add_contact(email=f"person{number}@globex.example")
    before = len(crm.calls())
    make.drain(connection)
    assert len(crm.contacts()) == 20
    assert CrmLink.objects.count() == 20
    made_ready = len([each for each in crm.calls()[before:] if "/objects/" not in each["path"]])
    assert len(crm.calls()) - before - made_ready <= 5


def test_a_contact_of_another_installation_is_adopted(crm, connection):
    make.lead(email="first@globex.example")
    make.drain(connection)
    there = crm.add_contact(
        email="gina@globex.example", leadops_lead_id="0b0e9f0a-0000-4000-8000-000000000000"
    )
    lead = make.lead()
    make.drain(connection)
    assert make.link_of(lead).remote_id == there


def test_an_unknown_property_costs_only_its_own_value(crm, connection):
    mapping = FieldMapping.objects.create(
        connection=connection, canonical="city", property="town", position=90
    )
    with_city = make.lead(city="Springfield")
    without = make.lead(email="hugo@globex.example")
    make.drain(connection)
    assert len(crm.contacts()) == 2
    assert CrmLink.objects.filter(lead__in=[with_city, without]).count() == 2
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_id) == (kinds.UNKNOWN_PROPERTY, str(mapping.pk))
    assert item.cause == "City: HubSpot has no property “town”; 1 lead."
    assert not OutboxEntry.objects.exists()


def test_a_lead_that_lacks_one_value_gets_its_task_all_the_same(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    make.clock(make.lead(city="Springfield", segment="hot"))
    make.drain(connection)
    assert open_kinds() == [kinds.UNKNOWN_PROPERTY]
    assert len(crm.tasks()) == 1


def test_an_unknown_property_is_written_after_it_was_made(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    lead = make.lead(city="Springfield")
    make.drain(connection)
    crm.make_property("town")
    retry(kinds.UNKNOWN_PROPERTY)
    make.drain(connection)
    found = crm.call(
        "GET", f"/hubspot/crm/v3/objects/contacts/{make.link_of(lead).remote_id}?properties=town"
    )
    assert found["properties"]["town"] == "Springfield"
    assert not OutboxEntry.objects.exists()
    assert open_kinds() == []


def test_one_unknown_property_is_one_item_however_many_leads_it_costs(crm, connection):
    FieldMapping.objects.create(connection=connection, canonical="city", property="town", position=90)
    for number in range(5):
        make.lead(email=f"person{number}@globex.example", city=f"Springfield {number}")
    make.drain(connection)
    (group,) = grouping.groups()
    assert (group.items, group.times) == (1, 5)
    assert group.cause == "City: HubSpot has no property “town”; 5 leads."


def test_a_crm_that_was_emptied_is_filled_again(crm, connection):
    """Its properties are gone, and its record numbers start anew."""
    make.lead()
    make.drain(connection)
    crm.call("POST", "/control/reset", {})
    make.lead(email="hugo@globex.example")
    make.drain(connection)
    assert {each["email"] for each in crm.contacts()} == {"hugo@globex.example", "gina@globex.example"}
    assert CrmLink.objects.count() == 2
    assert open_kinds() == []


@pytest.mark.parametrize("together", [True, False])
def test_known_leads_swap_record_numbers_in_a_crm_that_was_emptied(crm, connection, together):
    leads = [make.lead(email=f"{name}@globex.example") for name in ("gina", "hugo", "ida")]
    for lead in leads:
        outbox.queue_rows([lead.pk], now=timezone.now())
        make.drain(connection)
    crm.call("POST", "/control/reset", {})
    for lead in reversed(leads):
        make.edit(lead, disqualify_reason="moved")
        if not together:
            make.drain(connection)
    make.drain(connection)
    make.drain(connection)
    assert {each["email"] for each in crm.contacts()} == {lead.email for lead in leads}
    numbers = {each["leadops_lead_id"]: each["id"] for each in crm.contacts()}
    assert {str(link.lead_id): link.remote_id for link in CrmLink.objects.all()} == numbers
    if together:
        # Nobody's record was taken for another's, so nobody was told of a second one.
        assert TimelineEntry.objects.filter(verb="crm_sync.created").count() == len(leads)
    assert not OutboxEntry.objects.exists()
    assert open_kinds() == []


def test_a_value_that_is_refused_holds_up_nobody_else(crm, connection):
    for number in range(9):
        make.lead(email=f"person{number}@globex.example")
    bad = make.lead(email="not an address")
    make.drain(connection)
    assert len(crm.contacts()) == 9
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_id) == (kinds.REJECTED, str(bad.pk))
    assert "Email address not an address is invalid" in item.cause


def test_a_refused_lead_arrives_after_it_was_mended(crm, connection):
    bad = make.lead(email="not an address")
    make.drain(connection)
    type(bad).objects.filter(pk=bad.pk).update(email="gina@globex.example")
    retry(kinds.REJECTED)
    make.drain(connection)
    assert crm.contact()["email"] == "gina@globex.example"
    assert open_kinds() == []


def test_a_correction_alone_closes_the_item(crm, connection):
    bad = make.lead(email="not an address")
    make.drain(connection)
    type(bad).objects.filter(pk=bad.pk).update(email="gina@globex.example")
    make.push(bad)
    make.drain(connection)
    assert open_kinds() == []


def test_a_lost_token_pauses_the_connection_with_one_item(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt("wrong"))
    make.lead()
    make.drain(connection)
    make.lead(email="hugo@globex.example")
    calls = len(crm.calls())
    make.drain(connection)
    assert len(crm.calls()) == calls
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_type, item.subject_id) == (kinds.AUTH_LOST, "connection", "hubspot")
    assert OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING).count() == 2


def test_a_lost_token_resumes_by_retry(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt("wrong"))
    make.lead()
    make.drain(connection)
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt(TOKEN))
    retry(kinds.AUTH_LOST)
    make.drain(connection)
    assert crm.contact()["email"] == "gina@globex.example"
    assert open_kinds() == []


def test_a_new_token_is_noticed_by_itself(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt("wrong"))
    make.lead()
    make.drain(connection)
    CrmConnection.objects.filter(pk=connection.pk).update(token=secrets.encrypt(TOKEN), not_before=None)
    sending.drain_all()
    assert crm.contact()["email"] == "gina@globex.example"
    assert open_kinds() == []


def test_a_connection_without_token_says_so(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(token="", token_env="LEADOPS_SECRET_NOWHERE")
    make.lead()
    make.drain(connection)
    assert "LEADOPS_SECRET_NOWHERE" in ExceptionItem.objects.get().cause


def test_too_many_calls_wait_as_long_as_the_crm_says(crm, connection):
    make.lead()
    make.drain(connection)
    make.lead(email="hugo@globex.example")
    crm.fault("status", status=429, retry_after=7, times=1)
    before = timezone.now()
    make.drain(connection)
    connection.refresh_from_db()
    assert timedelta(seconds=6) < connection.not_before - before < timedelta(seconds=9)
    assert len(crm.contacts()) == 1
    assert OutboxEntry.objects.get().attempts == 0
    make.make_due(connection)
    make.drain(connection)
    assert len(crm.contacts()) == 2
    assert open_kinds() == []


def test_it_never_calls_when_nothing_of_the_budget_is_left(crm, connection):
    make.lead()
    make.drain(connection)
    crm.call("POST", "/control/limits", {"target": "hubspot", "calls": 2, "per_seconds": 30})
    for number in range(6):
        make.lead(email=f"person{number}@globex.example")
        make.drain(connection)
    assert [each["status"] for each in crm.calls() if each["status"] == 429] == []
    connection.refresh_from_db()
    assert connection.not_before > timezone.now() + timedelta(seconds=20)


def test_a_lost_answer_makes_no_second_contact(crm, connection, impatient):
    make.lead(email="first@globex.example")
    make.drain(connection)
    crm.fault("timeout_after_commit", ms=1500, times=1)
    lead = make.lead()
    make.drain(connection)
    assert OutboxEntry.objects.get().ambiguous
    make.make_due(connection)
    make.drain(connection)
    assert [each["email"] for each in crm.contacts()].count("gina@globex.example") == 1
    assert make.link_of(lead).shown_owner == "alice@acme.test"
    assert not OutboxEntry.objects.exists()


def test_a_person_who_was_quicker_after_a_lost_answer_is_respected(crm, connection, impatient):
    make.lead(email="first@globex.example")
    make.drain(connection)
    crm.fault("timeout_after_commit", ms=1500, times=1)
    lead = make.lead()
    make.drain(connection)
    there = next(each["id"] for each in crm.contacts() if each["email"] == "gina@globex.example")
    crm.person_changes(there, firstname="Regina")
    make.make_due(connection)
    make.drain(connection)
    assert next(each for each in crm.contacts() if each["id"] == there)["firstname"] == "Regina"
    assert make.link_of(lead).remote_id == there


def test_a_reset_connection_is_tried_again(crm, connection):
    crm.fault("reset", times=1)
    make.lead()
    make.drain(connection)
    make.make_due(connection)
    make.drain(connection)
    assert crm.contact()["email"] == "gina@globex.example"


def test_an_outage_is_one_item_that_closes_by_itself(crm, connection):
    crm.fault("status", status=503)
    make.lead()
    for _ in range(4):
        make.drain(connection)
        make.make_due(connection)
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_id) == (kinds.UNAVAILABLE, "hubspot")
    connection.refresh_from_db()
    assert connection.health == CrmConnection.Health.DOWN
    crm.heal()
    make.drain(connection)
    connection.refresh_from_db()
    assert (connection.health, connection.failures) == (CrmConnection.Health.OK, 0)
    assert crm.contact()["email"] == "gina@globex.example"
    circuit.settle(connection, now=timezone.now() + timedelta(minutes=1))
    assert open_kinds() == []


def test_an_outage_kills_no_lead_however_long_it_lasts(crm, connection):
    crm.fault("status", status=503)
    make.lead()
    for _ in range(outbox.NEWS_AFTER + 5):
        make.drain(connection)
        make.make_due(connection)
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING


def test_a_pause_grows_with_every_failure(crm, connection):
    now = timezone.now()
    pauses = []
    for failures in (1, 4, 8):
        connection.failures = failures - 1
        error = client.RemoteError("gone")
        longest = timedelta(0)
        for _ in range(30):
            circuit.failed(connection, error, now=now)
            not_before = CrmConnection.objects.values_list("not_before", flat=True).get()
            longest = max(longest, not_before - now)
        pauses.append(longest)
    assert pauses[0] < pauses[1] < pauses[2] <= timedelta(seconds=60)


def test_a_half_done_batch_is_finished(crm, connection):
    crm.fault("partial", rate=0.5, times=1, path="/upsert")
    for number in range(10):
        make.lead(email=f"person{number}@globex.example")
    make.drain(connection)
    assert 207 in [each["status"] for each in crm.calls("/upsert")]
    make.make_due(connection)
    make.drain(connection)
    assert len(crm.contacts()) == 10
    assert not OutboxEntry.objects.exists()


def test_an_address_that_is_no_crm_says_so_and_harms_no_lead(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(base_url=f"{crm.url}/nothing/here")
    make.lead()
    for _ in range(3):
        make.drain(connection)
        make.make_due(connection)
    item = ExceptionItem.objects.get(status="open")
    assert item.kind == kinds.UNAVAILABLE
    assert "Is the address right?" in item.cause
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING


def test_a_kind_without_behaviour_waits_and_says_so(crm, connection):
    CrmConnection.objects.filter(pk=connection.pk).update(kind="salesforce")
    make.lead()
    make.drain(connection)
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_id) == (kinds.SETUP, "hubspot")
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.PENDING


def test_an_owner_who_is_not_in_the_crm_is_an_exception_and_the_lead_arrives(crm, connection):
    lead = make.lead(to=make.owner("zoe@acme.test"))
    make.drain(connection)
    assert "hubspot_owner_id" not in crm.contact()
    item = ExceptionItem.objects.get(status="open")
    assert (item.kind, item.subject_id) == (kinds.OWNER_UNKNOWN, "zoe@acme.test")
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    owners.refresh_all()
    make.drain(connection)
    assert crm.contact()["hubspot_owner_id"] == crm.owner_id("zoe@acme.test")
    assert make.link_of(lead).shown_owner == "zoe@acme.test"
    assert open_kinds() == []


def test_an_owner_who_was_deactivated_there_does_not_hold_up_the_lead(crm, connection):
    make.lead(email="first@globex.example")
    make.drain(connection)
    crm.call("POST", "/control/owners", {"email": "alice@acme.test", "name": "Alice Ames", "archived": True})
    make.lead()
    make.drain(connection)
    contact = next(each for each in crm.contacts() if each["email"] == "gina@globex.example")
    assert "hubspot_owner_id" not in contact
    assert open_kinds() == [kinds.OWNER_UNKNOWN]


def test_another_sender_leaves_while_one_sends(crm, connection):
    make.lead()
    token = lease.take(connection.pk)
    assert make.drain(connection) == 0
    lease.release(connection.pk, token, budget={})
    assert make.drain(connection) == 1


def test_a_sender_who_lost_the_lease_books_nothing(crm, connection):
    token = lease.take(connection.pk)
    CrmConnection.objects.filter(pk=connection.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert lease.take(connection.pk) is not None
    with pytest.raises(lease.LeaseLost):
        lease.renew(connection.pk, token, budget={})


def test_two_senders_at_once_write_everything_once(crm, connection):
    crm.fault("latency", ms=20)
    leads = [make.lead(email=f"person{number}@globex.example", segment="hot") for number in range(40)]
    for each in leads:
        make.clock(each)

    def send():
        for _ in range(3):
            sending.drain(connection.pk)
        connections.close_all()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(crm.contacts()) == 40
    assert len(crm.tasks()) == 40
    assert not OutboxEntry.objects.exists()
