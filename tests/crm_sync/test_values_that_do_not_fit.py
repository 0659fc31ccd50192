"""A value that does not fit its property costs only itself: the lead goes, one item per mapping says so, and it follows later."""

from datetime import UTC, datetime

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmProperty, FieldMapping, LeftOutValue, OutboxEntry
from crm_sync.outbound import left_out
from crm_sync.schema import fitting, reading
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from tests.exception_queue.trying import fails_again
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

MACHINES = [("MACHINERY", "Machinery"), ("FINANCE", "Finance")]


def make_choice(crm, name="branch", options=MACHINES, **more):
    group = {"name": "own", "label": "Own"}
    if not any(each["name"] == "own" for each in crm.call("GET", f"{PATH}/groups")["results"]):
        crm.call("POST", f"{PATH}/groups", group)
    listed = [{"value": value, "label": label} for value, label in options]
    definition = {
        "name": name,
        "label": "Branch",
        "type": "enumeration",
        "fieldType": "select",
        "options": listed,
    }
    crm.call("POST", PATH, definition | {"groupName": "own"} | more)


PATH = "/hubspot/crm/v3/properties/contacts"


@pytest.fixture
def mapping(crm, connection):
    make_choice(crm)
    return FieldMapping.objects.create(
        connection=connection, canonical="industry", property="branch", position=90
    )


def open_item():
    return ExceptionItem.objects.get(status="open")


def value_of(crm, lead, name="branch"):
    number = make.link_of(lead).remote_id
    found = crm.call("GET", f"/hubspot/crm/v3/objects/contacts/{number}?properties={name}")
    return found["properties"].get(name)


def leads(number, industry="Maschinenbau"):
    return [
        make.lead(email=f"p{each}-{industry}@globex.example".lower(), industry=industry)
        for each in range(number)
    ]


def test_a_value_that_is_no_option_is_left_out_with_one_item_and_the_lead_goes(crm, connection, mapping):
    found = leads(3)
    fits = make.lead(email="fits@globex.example", industry="FINANCE")
    before = len(crm.calls("/batch/upsert"))
    make.drain(connection)
    assert len(crm.calls("/batch/upsert")) == before + 1, "Nothing that cannot fit is tried."
    assert len(crm.contacts()) == 4
    assert not OutboxEntry.objects.exists()
    item = open_item()
    assert (item.kind, item.subject_id, item.count) == (kinds.VALUE_LEFT_OUT, str(mapping.pk), 3)
    assert item.cause == "Industry: “Maschinenbau” is no option of HubSpot’s “branch”; 3 leads."
    assert value_of(crm, fits) == "FINANCE"
    assert value_of(crm, found[0]) is None


def test_the_count_grows_with_the_leads_and_not_with_their_pushes(crm, connection, mapping):
    found = leads(2)
    make.drain(connection)
    make.push(*found)
    make.drain(connection)
    assert open_item().count == 2
    make.lead(email="late@globex.example", industry="Bergbau")
    make.drain(connection)
    item = open_item()
    assert item.count == 3
    assert item.cause == "Industry: “Maschinenbau”, “Bergbau” are no options of HubSpot’s “branch”; 3 leads."


def test_a_translation_sends_the_value_to_the_leads_that_lack_it_and_closes_the_item(
    crm, connection, mapping
):
    found = leads(2)
    other = make.lead(email="other@globex.example", industry="FINANCE")
    make.drain(connection)
    mapping.values = {"Maschinenbau": "MACHINERY"}
    mapping.save()
    left_out.replay(connection, now=make.timezone.now(), changed=True)
    make.drain(connection)
    assert [value_of(crm, lead) for lead in found] == ["MACHINERY", "MACHINERY"]
    assert value_of(crm, other) == "FINANCE"
    assert not ExceptionItem.objects.filter(status="open").exists()
    assert not LeftOutValue.objects.exists()
    # What has no translation and is an option goes on as it is.
    more = make.lead(email="more@globex.example", industry="FINANCE")
    make.drain(connection)
    assert value_of(crm, more) == "FINANCE"


def test_a_mapping_that_is_switched_off_closes_its_item(crm, connection, mapping):
    leads(2)
    make.drain(connection)
    mapping.active = False
    mapping.save()
    left_out.replay(connection, now=make.timezone.now(), changed=True)
    make.drain(connection)
    assert not ExceptionItem.objects.filter(status="open").exists()
    assert not LeftOutValue.objects.exists()


def test_saving_the_connection_sends_what_its_new_mapping_takes(crm, connection, mapping):
    (lead,) = leads(1)
    make.drain(connection)
    mapping.property = "industry"
    mapping.save()
    type(connection).objects.update(prepared_at=None)
    make.push(make.lead(email="any@globex.example"))
    make.drain(connection)
    assert value_of(crm, lead, "industry") == "Maschinenbau"
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_an_option_that_is_added_there_is_found_within_the_hour(crm, connection, mapping):
    (lead,) = leads(1)
    make.drain(connection)
    read_properties()
    make.drain(connection)
    assert open_item().count == 1
    listed = [{"value": value, "label": value} for value in ("MACHINERY", "FINANCE", "Maschinenbau")]
    crm.call("PATCH", f"{PATH}/branch", {"options": listed})
    read_properties()
    make.drain(connection)
    assert value_of(crm, lead) == "Maschinenbau"
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_what_the_crm_refuses_although_it_fitted_is_left_out_and_the_properties_are_read_again(
    crm, connection, mapping
):
    make.lead(email="first@globex.example", industry="FINANCE")
    make.drain(connection)
    crm.call("PATCH", f"{PATH}/branch", {"options": [{"value": "FINANCE", "label": "Finance"}]})
    CrmProperty.objects.update(seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    found = [make.lead(email=f"m{each}@globex.example", industry="MACHINERY") for each in range(3)]
    make.drain(connection)
    assert len(crm.contacts()) == 4
    assert not OutboxEntry.objects.exists()
    item = open_item()
    assert (item.kind, item.count) == (kinds.VALUE_LEFT_OUT, 3)
    assert "MACHINERY was not one of the allowed options" in item.cause
    assert reading.known(connection.pk, ["branch"])["branch"].options == (("FINANCE", "Finance"),)
    assert value_of(crm, found[0]) is None


def test_a_read_only_property_is_not_written(crm, connection):
    FieldMapping.objects.create(
        connection=connection, canonical="created_at", property="createdate", position=90
    )
    make.lead()
    make.drain(connection)
    assert len(crm.contacts()) == 1
    assert open_item().cause == "Created at: HubSpot’s “createdate” is read-only; 1 lead."


def test_a_value_of_another_type_is_not_written(crm, connection):
    FieldMapping.objects.create(
        connection=connection, canonical="job_title", property="closedate", position=90
    )
    make.lead(job_title="Head of Sales")
    make.drain(connection)
    assert len(crm.contacts()) == 1
    assert "not of the type" in open_item().cause


def test_trying_again_without_a_change_says_that_it_fails_again(crm, connection, mapping):
    leads(1)
    make.drain(connection)
    fails_again(open_item(), lambda: make.drain(connection))


def test_a_mode_that_writes_new_records_only_still_sends_what_was_left_out(crm, connection, mapping):
    mapping.mode = "if_new"
    mapping.save()
    (lead,) = leads(1)
    make.drain(connection)
    mapping.values = {"Maschinenbau": "MACHINERY"}
    mapping.save()
    left_out.replay(connection, now=make.timezone.now(), changed=True)
    make.drain(connection)
    assert value_of(crm, lead) == "MACHINERY"


def test_before_the_properties_were_ever_read_nothing_is_left_out(crm, connection, mapping):
    assert fitting.misfit("x", None, list_separator=";") == "missing"
    (lead,) = leads(1, "FINANCE")
    make.drain(connection)
    assert value_of(crm, lead) == "FINANCE"


@pytest.mark.parametrize(
    ("type_", "value", "why"),
    [
        ("choice", "A", ""),
        ("choice", "A;B", "option"),
        ("choices", "A;B", ""),
        ("choices", "A;C", "option"),
        ("number", "4.5", ""),
        ("number", "nan", "type"),
        ("number", "many", "type"),
        ("date", "2026-11-26", ""),
        ("date", "2026-11-26T10:00:00.000Z", "type"),
        ("datetime", "2026-11-26T10:00:00.000Z", ""),
        ("datetime", "1790000000000", ""),
        ("datetime", "soon", "type"),
        ("text", "1234567890", ""),
        ("text", "12345678901", "length"),
        ("reference", "whatever it is", ""),
        ("choice", "", ""),
    ],
)
def test_each_type_takes_what_is_of_it(type_, value, why):
    options = (("A", "a"), ("B", "b")) if type_ in ("choice", "choices") else ()
    length = 10 if type_ == "text" else None
    definition = reading.PropertyDefinition("p", "P", type_, options, length)
    assert fitting.misfit(value, definition, list_separator=";") == why
