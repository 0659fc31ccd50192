"""A rule of the org says that a lead is there already: linked, saved anyway, or a person is asked, as the connection says."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from crm_sync.outbound import alike_records
from exception_queue import queue
from exception_queue.models import ExceptionItem
from exception_queue.queue import RetryRefused
from intake.models import TimelineEntry
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

GINA, BOB = "gina@globex.example", "bob@acme.test"


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


def policy(name, **fields):
    CrmConnection.objects.update(on_duplicate=name, **fields)


def rule(org, *fields, action="alert", of="Lead"):
    match = [{"object": of, "fields": list(fields or ["Email"])}]
    org.control("duplicate_rules", {"object": "Lead", "action": action, "match": match})


def there(org, of="Lead", **fields):
    values = {"Email": GINA, "LastName": "Green", **({"Company": "Globex"} if of == "Lead" else {}), **fields}
    return org.control(of, {"fields": values, "owner": BOB})["id"]


def push(connection):
    connection.refresh_from_db()
    make.drain(connection)


def asked():
    return ExceptionItem.objects.get(kind=kinds.DUPLICATE, status=ExceptionItem.Status.OPEN)


def row():
    return OutboxEntry.objects.get()


@pytest.mark.parametrize("action", ["alert", "block"])
def test_the_one_record_with_the_leads_address_is_linked_and_keeps_its_owner(org, connection, action):
    number = there(org)
    rule(org, action=action)
    lead = make.lead(email=GINA, to=make.owner("alice@acme.test"))
    push(connection)
    (found,) = org.leads("OwnerId", "leadops_id__c", "FirstName")
    assert (found["Id"], found["leadops_id__c"], found["FirstName"]) == (number, str(lead.pk), "Gina")
    assert found["OwnerId"] == org.user(BOB)
    assert not ExceptionItem.objects.filter(kind=kinds.DUPLICATE).exists()


def test_whoever_has_it_makes_way_where_the_connection_routes_anew(org, connection):
    there(org)
    rule(org)
    policy("link", known_owner="route_anew")
    make.owner(BOB, active=False)
    make.lead(email=GINA, to=make.owner("alice@acme.test"))
    push(connection)
    (found,) = org.leads("OwnerId")
    assert found["OwnerId"] == org.user("alice@acme.test")


def test_a_contact_is_linked_as_well_and_nobody_is_made_a_lead(org, connection):
    number = there(org, of="Contact")
    rule(org, of="Contact")
    make.lead(email=GINA)
    push(connection)
    assert CrmLink.objects.get().remote_id == number
    assert org.leads() == []


@pytest.mark.parametrize(
    "others",
    [
        [{"Email": "a@globex.example"}, {"Email": "b@globex.example"}],
        [{"Email": "other@globex.example"}],
        [{"Email": None}],
    ],
    ids=["two", "other", "none"],
)
def test_what_is_not_certain_is_asked(org, connection, others):
    """Two records, or one, with another address, or with none."""
    for values in others:
        there(org, **values)
    rule(org, "LastName")
    lead = make.lead(email=GINA, last_name="Green")
    push(connection)
    assert not CrmLink.objects.exists()
    assert asked().subject_id == str(lead.pk)
    assert len(row().alike.records) == len(others)


def test_many_that_are_alike_cost_a_few_calls(org, connection):
    count = 30
    for number in range(count):
        there(org, Email=f"p{number}@globex.example")
    rule(org)
    for number in range(count):
        make.lead(email=f"p{number}@globex.example")
    before = len(org.calls())
    push(connection)
    assert CrmLink.objects.count() == len(org.leads()) == count
    calls = [path for _, path in org.calls()[before:]]
    # Two of 25 that say whom they mean.
    assert calls.count("/composite") <= 3


def test_a_record_of_its_own_is_saved_where_the_connection_says_so(org, connection):
    there(org)
    rule(org)
    policy("save_anyway")
    make.lead(email=GINA)
    push(connection)
    assert len(org.leads()) == 2
    assert CrmLink.objects.count() == 1


def test_a_rule_that_blocks_is_asked_about_all_the_same(org, connection):
    there(org)
    rule(org, action="block")
    policy("save_anyway")
    make.lead(email=GINA)
    push(connection)
    assert not row().alike.passable
    with pytest.raises(RetryRefused, match="lets nothing pass"):
        alike_records.save_anyway([asked().subject_id], by="ops", now=asked().last_seen_at)


def test_the_page_of_the_item_shows_both_sides_and_links_what_a_person_points_at(org, connection, client):
    number = there(org, Title="Head of Sales")
    rule(org)
    policy("ask")
    lead = make.lead(email=GINA, job_title="Sales")
    push(connection)
    client.force_login(User.objects.create_superuser("ops"))
    page = client.get(reverse("admin:exception_queue_exceptionitem_change", args=(asked().pk,)))
    said = page.content.decode()
    for words in (
        "Is it the same person?",
        "Head of Sales",
        "Sales",
        "It is this one",
        "Use one of these records",
    ):
        assert words in said
    url = reverse("admin:crm_sync_outboxentry_same", args=(row().pk,))
    client.post(url, {"record": "00Q000000000000AAA"})
    assert row().status == OutboxEntry.Status.DEAD
    client.post(url, {"record": number})
    push(connection)
    (found,) = org.leads("leadops_id__c", "Title", "OwnerId")
    assert (found["Id"], found["leadops_id__c"], found["Title"]) == (number, str(lead.pk), "Sales")
    assert found["OwnerId"] == org.user(BOB)
    assert not ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN, kind=kinds.DUPLICATE).exists()
    told = TimelineEntry.objects.get(lead_id=lead.pk, verb="crm_sync.duplicate_decided")
    assert (told.actor, told.data["record"]) == ("ops", number)


def test_a_person_may_save_it_anyway(org, connection):
    there(org)
    rule(org)
    policy("ask")
    make.lead(email=GINA)
    push(connection)
    item = asked()
    queue.retry([item], by="ops", now=item.last_seen_at)
    push(connection)
    assert len(org.leads()) == 2
    item.refresh_from_db()
    assert item.status == ExceptionItem.Status.RESOLVED


def test_a_contact_is_said_to_be_one(org, connection):
    there(org, of="Contact")
    rule(org, of="Contact")
    policy("ask")
    make.lead(email=GINA)
    push(connection)
    assert "a Contact (not a Lead)" in asked().cause


def test_whom_our_user_does_not_see_is_said_to_be_there(org, connection):
    there(org, of="Contact")
    rule(org, of="Contact")
    org.control("permissions", {"denied": {"Contact": ["read"]}})
    make.lead(email=GINA)
    push(connection)
    assert "1 record that leadops may not see" in asked().cause
    assert row().alike.unseen == 1


def test_another_lead_of_ours_is_never_offered(org, connection):
    first = make.lead(email="one@globex.example", last_name="Green")
    push(connection)
    rule(org, "LastName", action="block")
    policy("ask")
    make.lead(email="two@globex.example", last_name="Green")
    push(connection)
    (found,) = row().alike.records
    assert found.lead == str(first.pk)
    assert alike_records.choices(row().alike) == set()


def test_a_lead_that_has_its_record_is_linked_to_no_other(org, connection):
    lead = make.lead(email="one@globex.example")
    push(connection)
    own = CrmLink.objects.get().remote_id
    there(org)
    rule(org)
    make.edit(lead, email=GINA)
    push(connection)
    assert CrmLink.objects.get().remote_id == own
    assert row().alike.linked
    queue.retry([asked()], by="ops", now=asked().last_seen_at)
    push(connection)
    assert sorted(each["Email"] for each in org.leads()) == [GINA, GINA]
