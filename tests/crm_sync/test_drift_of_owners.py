"""Owners, required properties and what leads really have: told before a lead fails on it, and closed by itself."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import owners
from crm_sync.connectors import CONNECTORS
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import CrmConnection, CrmProperty, FieldMapping, OwnerLink
from crm_sync.outbound import drift
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from plumbing import secrets
from tests.crm_sync.contract.backstage import MemoryBackstage
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.exception_queue.trying import fails_again, works_now
from tests.make import crm_sync as make
from tests.make.sandbox import TOKEN

pytestmark = pytest.mark.django_db(transaction=True)


def told() -> dict[str, str]:
    rows = ExceptionItem.objects.filter(kind=kinds.DRIFT, status="open")
    return dict(rows.values_list("subject_id", "cause"))


def there(crm, email, *, archived=False, name="Zoe Zorn"):
    crm.call("POST", "/control/owners", {"email": email, "name": name, "archived": archived})


def test_an_owner_whom_nobody_there_has_the_address_of_is_told_before_a_lead_is_pushed(crm, connection):
    make.lead(to=make.owner("zoe@acme.test"))
    make.owner("idle@acme.test")  # Gets no leads, so nobody has to be told.
    read_properties()
    assert told() == {
        "hubspot zoe@acme.test": (
            "Nobody in HubSpot has the address zoe@acme.test. Leads of Zoe stand there without an owner. "
            "Zoe has 1 open lead."
        )
    }
    make.lead(email="otto@globex.example", to=make.owner("zoe@acme.test"))
    read_properties()
    assert ExceptionItem.objects.get(kind=kinds.DRIFT).count == 1
    there(crm, "zoe@acme.test")
    read_properties()
    assert told() == {}


def test_whoever_a_queue_is_shown_as_counts_with_the_leads_of_the_queue(crm, connection):
    make.lead(to=make.queue(crm_owner=make.owner("zoe@acme.test")))
    read_properties()
    assert told()["hubspot zoe@acme.test"].endswith("Zoe has 1 open lead.")


def test_once_a_lead_stands_there_without_its_owner_that_item_tells_alone(crm, connection):
    make.lead(to=make.owner("zoe@acme.test"))
    read_properties()
    make.drain(connection)
    read_properties()
    assert [item.kind for item in ExceptionItem.objects.filter(status="open")] == [kinds.OWNER_UNKNOWN]


def test_an_owner_archived_where_another_connection_decides_is_told_too(crm, connection):
    make.lead(to=make.owner("bob@acme.test"))
    other = make.connection(crm.url, key="other", primary=False)
    owners.refresh_all()
    OwnerLink.objects.filter(connection=other, email="bob@acme.test").update(archived=True)
    other.refresh_from_db()
    drift.watch(other, now=timezone.now())
    assert list(told()) == ["other bob@acme.test"]
    assert "Bob is archived in HubSpot, and gets leads all the same" in told()["other bob@acme.test"]
    # The first connection's round leaves the other's items alone.
    connection.refresh_from_db()
    drift.watch(connection, now=timezone.now())
    assert list(told()) == ["other bob@acme.test"]


def test_two_owners_with_the_same_address_are_told_and_the_first_is_shown(crm, connection):
    make.lead(to=make.owner("bob@acme.test"))
    owners.refresh_all()
    first = OwnerLink.objects.get(email="bob@acme.test").remote_id
    OwnerLink.objects.create(
        connection=connection, email="bob@acme.test", remote_id="99999999", seen_at=timezone.now()
    )
    connection.refresh_from_db()
    drift.watch(connection, now=timezone.now())
    assert told()["hubspot bob@acme.test"].startswith(
        f"2 owners in HubSpot have the address bob@acme.test: {first}, 99999999. Leads of Bob are shown to {first}."
    )
    assert owners.ids_of(connection.pk, ["bob@acme.test"]) == {"bob@acme.test": first}


def test_an_option_that_leads_have_and_that_is_gone_is_told_with_how_many(crm, connection):
    make_choice(crm)
    FieldMapping.objects.create(connection=connection, canonical="industry", property="branch", position=90)
    make.lead(industry="FINANCE")
    make.lead(email="otto@globex.example", industry="MACHINERY")
    make.drain(connection)
    read_properties()
    assert told() == {}
    crm.call(
        "PATCH",
        "/control/hubspot/properties/contacts/branch",
        {"options": [{"value": "MACHINERY", "label": "Machinery"}]},
    )
    read_properties()
    (cause,) = told().values()
    assert cause == (
        "Industry: “branch” does not take every value that leads have. "
        "1 lead there has one, like “FINANCE”: the next time they would be written without."
    )


def test_a_property_that_has_become_shorter_than_what_leads_have_is_told(crm, connection):
    make.lead(company="Globex Corporation Holding")
    make.drain(connection)
    read_properties()
    CrmProperty.objects.filter(connection=connection, name="company").update(length=10)
    drift.watch(connection, now=timezone.now())
    (cause,) = told().values()
    assert "“company” does not take every value that leads have. 1 lead there has one" in cause


def test_a_property_that_was_made_in_place_of_a_gone_one_is_named(crm, connection):
    make_choice(crm)
    FieldMapping.objects.create(connection=connection, canonical="industry", property="branch", position=90)
    read_properties()
    before = CrmProperty.objects.get(connection=connection, name="branch")
    label, group = before.label, crm.call("GET", "/hubspot/crm/v3/properties/contacts/branch")["groupName"]
    definition = {"name": "branch_2027", "label": label, "type": "string", "fieldType": "text"}
    crm.call("POST", "/hubspot/crm/v3/properties/contacts", definition | {"groupName": group})
    crm.call("PATCH", "/control/hubspot/properties/contacts/branch", {"archived": True})
    read_properties()
    (cause,) = told().values()
    assert f"“branch_2027” is called “{label}” too: it may have taken its place." in cause


@pytest.fixture
def memory(monkeypatch, transactional_db):
    """A CRM that says which properties a record must have; HubSpot does not."""
    monkeypatch.setitem(CONNECTORS, "memory", "tests.crm_sync.contract.memory.Memory")
    backstage = MemoryBackstage("2")
    names = backstage.connect().names
    connection = CrmConnection.objects.create(
        key="memory",
        kind="memory",
        base_url=backstage.base_url,
        primary=True,
        token=secrets.encrypt(TOKEN),
        system_of_record={"owner": "leadops", "default": "most_recent"},
    )
    lines = [("email", names.email), ("company", "employer"), ("owner", names.owner)]
    for position, (canonical, name) in enumerate(lines):
        FieldMapping.objects.create(
            connection=connection, canonical=canonical, property=name, position=position
        )
    return backstage, connection


def require(backstage, name):
    known = backstage.account.properties
    known[name] = replace(known.get(name) or PropertyDefinition(name, "Budget"), required=True)


def test_a_new_required_property_that_no_mapping_fills_is_told_with_the_leads_it_would_hit(memory):
    backstage, connection = memory
    make.lead(company="Globex", industry="Glass")
    make.drain(connection)
    read_properties()
    assert told() == {}
    require(backstage, "budget")
    read_properties()
    assert told() == {
        "memory budget": (
            "Memory CRM requires “budget” (Budget) now, and no mapping fills it. "
            "It refuses every new lead without it: 1 lead of the last seven days would have been."
        )
    }
    item = ExceptionItem.objects.get(kind=kinds.DRIFT)
    fails_again(item, read_properties)
    FieldMapping.objects.create(connection=connection, canonical="industry", property="budget", position=9)
    works_now(item, read_properties)


def test_a_mapped_property_that_is_required_now_counts_the_leads_without_a_value(memory):
    backstage, connection = memory
    make.lead(company="Globex")
    make.lead(email="otto@nowhere.example", company="")
    make.drain(connection)
    require(backstage, "employer")
    read_properties()
    (cause,) = told().values()
    assert cause == (
        "Company: Memory CRM requires “employer” now. "
        "1 lead there has no value for it; a new one without is refused."
    )


def test_the_item_leads_to_the_owner_or_to_the_mappings(crm, connection, admin_client):
    zoe = make.owner("zoe@acme.test")
    make.lead(to=zoe)
    read_properties()
    item = ExceptionItem.objects.get(kind=kinds.DRIFT)
    page = admin_client.get(
        reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))
    ).content.decode()
    assert reverse("admin:routing_owner_change", args=(zoe.pk,)) in page


def test_a_scope_that_the_token_has_lost_is_told_before_a_lead_is_written(crm, connection):
    read_properties()
    assert told() == {}
    crm.call("POST", "/control/hubspot/scopes", {"missing": ["crm.objects.contacts.write"]})
    make.lead()
    read_properties()
    (cause,) = told().values()
    assert cause.startswith(
        "The token lacks crm.objects.contacts.write: no lead can be written; no task is made. Mappings that"
    )
    assert cause.endswith("1 lead waits to be written there.")
    # While the CRM cannot be asked, nobody knows better.
    item = ExceptionItem.objects.get(kind=kinds.DRIFT)
    drift.watch(connection, lacking=None, now=timezone.now())
    item.refresh_from_db()
    assert (item.status, item.count) == ("open", 1)
    crm.call("POST", "/control/hubspot/scopes", {"missing": []})
    read_properties()
    assert told() == {}
