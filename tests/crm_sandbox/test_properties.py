from __future__ import annotations

import pytest
from hubspot.crm.properties import (
    ApiException,
    BatchInputPropertyCreate,
    BatchReadInputPropertyName,
    PropertyCreate,
    PropertyGroupCreate,
    PropertyUpdate,
)

from tests.crm_sandbox.client import LEAD_ID

LEADS_STATUSES = {
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "OPEN_DEAL",
    "UNQUALIFIED",
    "ATTEMPTED_TO_CONTACT",
    "CONNECTED",
    "BAD_TIMING",
}


def wanted(name, **more):
    return {
        "name": name,
        "label": name,
        "type": "string",
        "field_type": "text",
        "group_name": "contactinformation",
    } | more


def create(sdk, name, **more):
    return sdk.crm.properties.core_api.create("contacts", PropertyCreate(**wanted(name, **more)))


def status_of(call):
    with pytest.raises(ApiException) as caught:
        call()
    return caught.value.status


@pytest.mark.parametrize("object_type", ["contacts", "companies", "tasks", "deals"])
def test_it_has_the_vendors_own_properties_and_none_of_ours(sdk, object_type):
    found = {each.name: each for each in sdk.crm.properties.core_api.get_all(object_type).results}
    assert {"hubspot_owner_id", "hs_object_id"} < set(found)
    assert not [name for name in found if name.startswith("leadops")]
    assert found["hs_object_id"].modification_metadata.read_only_value is True


def test_it_defines_the_lead_status_as_an_enumeration(sdk):
    status = sdk.crm.properties.core_api.get_by_name("contacts", "hs_lead_status")
    assert status.type == "enumeration"
    assert {option.value for option in status.options} == LEADS_STATUSES


def test_it_makes_a_property_in_a_group_of_ours(sdk, bare):
    groups = sdk.crm.properties.groups_api
    groups.create("contacts", PropertyGroupCreate(name="leadops", label="leadops"))
    assert groups.get_by_name("contacts", "leadops").label == "leadops"
    assert "leadops" in [each.name for each in groups.get_all("contacts").results]
    made = create(sdk, "leadops_score", type="number", field_type="number", group_name="leadops")
    assert (made.type, made.group_name, made.hubspot_defined) == ("number", "leadops", False)
    assert sdk.crm.properties.core_api.get_by_name("contacts", "leadops_score").label == "leadops_score"
    bare.contact(email="a@example.test", leadops_score="90")


def test_it_makes_a_batch_of_properties_and_tells_the_bad_ones_apart(sdk):
    names = [PropertyCreate(**wanted(name)) for name in ("leadops_a", "leadops_b", "email")]
    answer = sdk.crm.properties.batch_api.create("contacts", BatchInputPropertyCreate(inputs=names))
    assert [each.name for each in answer.results] == ["leadops_a", "leadops_b"]
    assert [error.context for error in answer.errors] == [{"name": ["email"]}]
    read = sdk.crm.properties.batch_api.read(
        "contacts",
        BatchReadInputPropertyName(archived=False, inputs=[{"name": "leadops_a"}, {"name": "leadops_z"}]),
    )
    assert [each.name for each in read.results] == ["leadops_a"]


@pytest.mark.parametrize(
    ("type", "field_type", "good", "bad"),
    [
        ("number", "number", "12.5", "twelve"),
        ("number", "number", "-3", " 3"),
        ("bool", "booleancheckbox", "true", "yes"),
        ("date", "date", "2026-03-01", "2026-03-01T10:00:00Z"),
        ("date", "date", "1772323200000", "1772323200001"),
        ("datetime", "date", "2026-03-01T10:00:00+01:00", "tomorrow"),
        ("enumeration", "select", "b", "c"),
        ("enumeration", "checkbox", "a;b", "a;c"),
        ("phone_number", "phonenumber", "+49 30 901820", None),
        ("string", "textarea", "x" * 65_536, "x" * 65_537),
    ],
)
def test_it_checks_values_by_type(sdk, bare, type, field_type, good, bad):
    options = [{"label": each.upper(), "value": each, "hidden": False} for each in "ab"]
    create(
        sdk, "leadops_x", type=type, field_type=field_type, options=options if type == "enumeration" else None
    )
    id = bare.contact(leadops_x=good)
    path = f"/hubspot/crm/v3/objects/contacts/{id}"
    assert bare.patch(path, {"properties": {"leadops_x": ""}}).status_code == 200
    if bad is not None:
        assert bare.patch(path, {"properties": {"leadops_x": bad}}).status_code == 400


def test_it_gives_dates_back_as_iso_text(sdk, bare):
    create(sdk, "leadops_routed_at", type="datetime", field_type="date")
    id = bare.contact(leadops_routed_at="2026-03-01T10:00:00+01:00")
    read = sdk.crm.contacts.basic_api.get_by_id(id, properties=["leadops_routed_at"])
    assert read.properties["leadops_routed_at"] == "2026-03-01T09:00:00.000Z"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"name": "email"}, 409),
        ({"name": "Leadops Score"}, 400),
        ({"name": "hs_ours"}, 400),
        ({"group_name": "leadops"}, 400),
        ({"type": "number"}, 400),
    ],
)
def test_it_refuses_a_property_that_cannot_be(sdk, more, status):
    assert status_of(lambda: create(sdk, **{"name": "leadops_x"} | more)) == status


def test_it_refuses_a_property_without_its_required_fields(bare):
    answer = bare.post("/hubspot/crm/v3/properties/contacts", {"name": "leadops_x"})
    assert answer.status_code == 400
    assert {each["context"]["propertyName"][0] for each in answer.json()["errors"]} == {
        "label",
        "type",
        "fieldType",
        "groupName",
    }


def test_it_keeps_unique_values_unique(sdk, bare):
    bare.make_lead_id()
    assert sdk.crm.properties.core_api.get_by_name("contacts", "leadops_lead_id").has_unique_value is True
    first = bare.contact(leadops_lead_id="lead-1")
    answer = bare.post("/hubspot/crm/v3/objects/contacts", {"properties": {"leadops_lead_id": "lead-1"}})
    assert answer.status_code == 400
    assert answer.json()["message"].endswith(f"{first} already has that value.")
    found = sdk.crm.contacts.basic_api.get_by_id("lead-1", id_property="leadops_lead_id")
    assert found.id == first


def test_it_has_at_most_ten_unique_properties(sdk):
    for number in range(10):
        create(sdk, f"leadops_unique_{number}", has_unique_value=True)
    assert status_of(lambda: create(sdk, "leadops_unique_10", has_unique_value=True)) == 400
    create(sdk, "leadops_ordinary")


def test_it_updates_a_definition_but_not_the_vendors(sdk):
    create(sdk, "leadops_x")
    core = sdk.crm.properties.core_api
    assert core.update("contacts", "leadops_x", PropertyUpdate(label="Better")).label == "Better"
    assert core.get_by_name("contacts", "leadops_x").label == "Better"
    assert status_of(lambda: core.update("contacts", "email", PropertyUpdate(label="Mine"))) == 400


def test_it_refuses_values_of_an_archived_property_until_it_is_made_again(sdk, bare):
    bare.make_lead_id()
    id = bare.contact(leadops_lead_id="lead-1")
    core = sdk.crm.properties.core_api
    core.archive("contacts", "leadops_lead_id")
    assert [each.name for each in core.get_all("contacts", archived=True).results] == ["leadops_lead_id"]
    answer = bare.patch(
        f"/hubspot/crm/v3/objects/contacts/{id}", {"properties": {"leadops_lead_id": "lead-2"}}
    )
    assert "PROPERTY_DOESNT_EXIST" in answer.json()["message"]
    bare.post("/hubspot/crm/v3/properties/contacts", LEAD_ID)
    assert bare.upsert({"id": "lead-1", "properties": {"city": "Bonn"}}).json()["results"][0]["id"] == id
