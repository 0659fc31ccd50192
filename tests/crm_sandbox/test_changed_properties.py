"""What an admin does to properties: takes them away, gives them another type or other options, makes them read-only."""

from __future__ import annotations

import pytest

from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.client import OBJECTS, Bare

PROPERTIES = "/hubspot/crm/v3/properties/contacts"


def redefine(bare, name, kind="contacts", **body):
    answer = bare.patch(f"/control/hubspot/properties/{kind}/{name}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def write(bare, **properties):
    return bare.post(f"{OBJECTS}/contacts", {"properties": properties})


def code(answer):
    assert answer.status_code == 400, answer.text
    return answer.json()["errors"][0]["code"]


def test_a_property_that_was_taken_away_does_not_exist_and_comes_back_with_its_values(sdk, bare):
    id = write(bare, email="a@example.test", jobtitle="CEO").json()["id"]
    redefine(bare, "jobtitle", archived=True)
    names = {each.name for each in sdk.crm.properties.core_api.get_all("contacts").results}
    assert "jobtitle" not in names
    assert bare.get(f"{PROPERTIES}/jobtitle").status_code == 404
    archived = sdk.crm.properties.core_api.get_all("contacts", archived=True).results
    assert [each.name for each in archived] == ["jobtitle"]
    assert code(write(bare, email="b@example.test", jobtitle="CTO")) == "PROPERTY_DOESNT_EXIST"
    redefine(bare, "jobtitle", archived=False)
    read = bare.get(f"{OBJECTS}/contacts/{id}?properties=jobtitle").json()
    assert read["properties"]["jobtitle"] == "CEO"
    assert write(bare, email="b@example.test", jobtitle="CTO").status_code == 201


def test_a_unique_property_that_comes_back_is_unique_again(bare):
    bare.make_lead_id()
    write(bare, email="a@example.test", leadops_lead_id="1")
    redefine(bare, "leadops_lead_id", archived=True)
    redefine(bare, "leadops_lead_id", archived=False)
    assert write(bare, email="b@example.test", leadops_lead_id="1").status_code == 400


def test_another_type_refuses_what_fitted_before(sdk, bare):
    redefine(bare, "numemployees", type="number")
    definition = sdk.crm.properties.core_api.get_by_name("contacts", "numemployees")
    assert (definition.type, definition.field_type) == ("number", "number")
    assert code(write(bare, email="a@example.test", numemployees="about 50")) == "INVALID_NUMBER"
    assert write(bare, email="a@example.test", numemployees="50").status_code == 201


def test_options_come_and_go_and_have_new_names(sdk, bare):
    redefine(bare, "hs_lead_status", options=["NEW", {"value": "OPEN", "label": "Being worked"}])
    definition = sdk.crm.properties.core_api.get_by_name("contacts", "hs_lead_status")
    assert [(each.value, each.label) for each in definition.options] == [
        ("NEW", "NEW"),
        ("OPEN", "Being worked"),
    ]
    assert code(write(bare, email="a@example.test", hs_lead_status="CONNECTED")) == "INVALID_OPTION"
    assert redefine(bare, "hs_lead_status", label="Sales status")["label"] == "Sales status"


def test_a_lifecycle_stage_of_ones_own_has_its_place_in_the_order(bare):
    redefine(bare, "lifecyclestage", options=["lead", "trial", "customer"])
    id = write(bare, email="a@example.test", lifecyclestage="trial").json()["id"]
    path = f"{OBJECTS}/contacts/{id}"
    for wanted, found in (("lead", "trial"), ("customer", "customer")):
        assert bare.patch(path, {"properties": {"lifecyclestage": wanted}}).status_code == 200
        read = bare.get(f"{path}?properties=lifecyclestage").json()
        assert read["properties"]["lifecyclestage"] == found


def test_a_read_only_value_is_refused_to_the_api_and_free_to_people(bare):
    redefine(bare, "city", readOnly=True)
    assert code(write(bare, email="a@example.test", city="Bonn")) == "READ_ONLY_VALUE"
    id = write(bare, email="a@example.test").json()["id"]
    answer = bare.patch(f"/control/hubspot/contacts/{id}", {"properties": {"city": "Bonn"}})
    assert answer.status_code == 200
    redefine(bare, "city", readOnly=False)
    assert bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": "Rome"}}).status_code == 200


def test_records_are_still_kept_when_what_is_worked_out_for_them_was_taken_away(bare):
    for name in ("notes_last_contacted", "hs_additional_emails"):
        redefine(bare, name, archived=True)
    id = write(bare, email="a@example.test").json()["id"]
    body = {"kind": "call", "contact": id}
    assert bare.post("/control/hubspot/engagements", body).status_code == 201
    other = write(bare, email="b@example.test").json()["id"]
    body = {"primary": id, "other": other}
    assert bare.post("/control/hubspot/contacts/merge", body).status_code == 201


def test_a_change_of_a_property_outlives_a_restart_and_ends_with_a_reset(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        redefine(bare, "jobtitle", archived=True)
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        assert bare.get(f"{PROPERTIES}/jobtitle").status_code == 404
        bare.post("/control/reset")
        assert bare.get(f"{PROPERTIES}/jobtitle").status_code == 200


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("nothing", {"archived": True}),
        ("city", {}),
        ("city", {"type": "colour"}),
        ("city", {"type": "number", "fieldType": "text"}),
        ("city", {"options": "NEW"}),
        ("city", {"hasUniqueValue": True}),
    ],
)
def test_what_is_no_definition_is_refused(bare, name, body):
    answer = bare.patch(f"/control/hubspot/properties/contacts/{name}", body)
    assert answer.status_code in (400, 404)
    assert bare.get(f"{PROPERTIES}/city").json()["type"] == "string"
