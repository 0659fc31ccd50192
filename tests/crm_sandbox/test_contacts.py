from __future__ import annotations

import json

import pytest
from hubspot.crm.contacts import (
    ApiException,
    PublicAssociationsForObject,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)

from tests.crm_sandbox.client import OBJECTS


def create(sdk, **properties):
    return sdk.crm.contacts.basic_api.create(SimplePublicObjectInputForCreate(properties=properties))


def change(sdk, id, **properties):
    return sdk.crm.contacts.basic_api.update(id, SimplePublicObjectInput(properties=properties))


def refused(call):
    """Status and body of the error answer that the vendor's client raises."""
    with pytest.raises(ApiException) as caught:
        call()
    return caught.value.status, json.loads(caught.value.body)


def test_it_creates_a_contact_and_gives_back_what_was_written(sdk):
    made = create(sdk, email="Jana@Example.test", firstname="Jana", lastname="Weiß")
    assert made.properties["email"] == "jana@example.test"
    assert made.properties["lastname"] == "Weiß"
    assert made.properties["hs_object_id"] == made.id
    assert made.archived is False
    assert made.created_at == made.updated_at


def test_it_reads_the_default_properties_and_the_named_ones_with_null_for_what_is_not_set(sdk):
    id = create(sdk, email="a@example.test", company="Globex").id
    default = sdk.crm.contacts.basic_api.get_by_id(id)
    assert set(default.properties) == {
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    }
    named = sdk.crm.contacts.basic_api.get_by_id(id, properties=["company", "phone"])
    assert named.properties["company"] == "Globex"
    assert named.properties["phone"] is None


def test_it_updates_by_id_and_by_email_and_moves_the_modified_date(sdk):
    made = create(sdk, email="a@example.test", city="Bonn")
    changed = change(sdk, made.id, city="Berlin")
    assert changed.properties["city"] == "Berlin"
    assert changed.updated_at > made.updated_at
    by_email = sdk.crm.contacts.basic_api.update(
        "a@example.test", SimplePublicObjectInput(properties={"city": ""}), id_property="email"
    )
    assert by_email.id == made.id
    assert sdk.crm.contacts.basic_api.get_by_id(made.id, properties=["city"]).properties["city"] is None


def test_it_keeps_who_changed_a_property_and_when(sdk, bare):
    id = create(sdk, email="a@example.test", hubspot_owner_id="71000101").id
    bare.patch(f"/control/hubspot/contacts/{id}", {"properties": {"hubspot_owner_id": "71000108"}})
    history = sdk.crm.contacts.basic_api.get_by_id(
        id, properties_with_history=["hubspot_owner_id"]
    ).properties_with_history["hubspot_owner_id"]
    assert [(entry.value, entry.source_type) for entry in history] == [
        ("71000108", "CRM_UI"),
        ("71000101", "INTEGRATION"),
    ]


def test_it_refuses_a_second_contact_with_the_same_address_and_names_the_first(sdk):
    first = create(sdk, email="a@example.test")
    status, body = refused(lambda: create(sdk, email="A@EXAMPLE.test"))
    assert status == 409
    assert body["message"] == f"Contact already exists. Existing ID: {first.id}"
    assert body["category"] == "CONFLICT"


def test_it_refuses_to_give_a_contact_the_address_of_another(sdk):
    create(sdk, email="a@example.test")
    other = create(sdk, email="b@example.test")
    status, body = refused(lambda: change(sdk, other.id, email="a@example.test"))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert body["message"].endswith("already has that value.")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("leadops_score", "90", "PROPERTY_DOESNT_EXIST"),
        ("hs_lead_status", "SOMETHING", "INVALID_OPTION"),
        ("hs_buying_role", "CHAMPION;NOBODY", "INVALID_OPTION"),
        ("email", "not-an-address", "INVALID_EMAIL"),
        ("closedate", "yesterday", "INVALID_DATE"),
        ("createdate", "2026-01-01", "READ_ONLY_VALUE"),
        ("hubspot_owner_id", "4400101", "INVALID_OWNER_ID"),
        ("hubspot_owner_id", "alice@acme.test", "INVALID_INTEGER"),
    ],
)
def test_it_refuses_a_bad_value_and_embeds_why_as_json_in_the_message(sdk, name, value, code):
    status, body = refused(lambda: create(sdk, **{name: value}))
    assert (status, body["status"], body["category"]) == (400, "error", "VALIDATION_ERROR")
    assert body["correlationId"]
    (why,) = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert (why["isValid"], why["error"], why["name"]) == (False, code, name)
    assert body["errors"][0]["context"] == {"propertyName": [name]}


def test_it_names_every_bad_property_of_a_call_and_writes_nothing(sdk):
    id = create(sdk, email="a@example.test", city="Bonn").id
    _, body = refused(lambda: change(sdk, id, city="Berlin", leadops_a="1", leadops_b="2"))
    assert [each["context"]["propertyName"] for each in body["errors"]] == [["leadops_a"], ["leadops_b"]]
    assert sdk.crm.contacts.basic_api.get_by_id(id, properties=["city"]).properties["city"] == "Bonn"


@pytest.mark.parametrize("value", [90, 1.5, True, None, ["a"]])
def test_it_takes_text_only(bare, value):
    answer = bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test", "industry": value}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["context"] == {"propertyName": ["industry"]}


def test_it_takes_the_id_of_an_owner_but_not_of_one_who_has_left(sdk):
    gone = sdk.crm.owners.owners_api.get_page(email="frank@acme.test", archived=True).results[0]
    here = sdk.crm.owners.owners_api.get_page(email="eva@acme.test").results[0]
    id = create(sdk, email="a@example.test", hubspot_owner_id=here.id).id
    assert refused(lambda: change(sdk, id, hubspot_owner_id=gone.id))[0] == 400


def test_it_keeps_values_of_an_owner_who_leaves_later(sdk, bare):
    id = create(sdk, email="a@example.test", hubspot_owner_id="71000101").id
    left = {"email": "alice@acme.test", "name": "Alice Ames", "archived": True}
    assert bare.post("/control/owners", left).status_code == 201
    assert change(sdk, id, hubspot_owner_id="71000101", city="Bonn").properties["city"] == "Bonn"


def test_it_moves_the_lifecycle_stage_forward_only_until_it_is_cleared(sdk):
    id = create(sdk, email="a@example.test", lifecyclestage="opportunity").id
    assert change(sdk, id, lifecyclestage="lead").properties["lifecyclestage"] == "opportunity"
    change(sdk, id, lifecyclestage="")
    assert change(sdk, id, lifecyclestage="lead").properties["lifecyclestage"] == "lead"
    assert change(sdk, id, lifecyclestage="customer").properties["lifecyclestage"] == "customer"


def test_it_archives_a_contact_and_frees_its_address(sdk):
    id = create(sdk, email="a@example.test").id
    sdk.crm.contacts.basic_api.archive(id)
    status, body = refused(lambda: sdk.crm.contacts.basic_api.get_by_id(id))
    assert (status, body["category"]) == (404, "OBJECT_NOT_FOUND")
    archived = sdk.crm.contacts.basic_api.get_by_id(id, archived=True)
    assert archived.archived is True
    assert archived.archived_at is not None
    assert create(sdk, email="a@example.test").id != id


def test_it_lists_in_pages(sdk):
    made = [create(sdk, email=f"u{number}@example.test").id for number in range(5)]
    first = sdk.crm.contacts.basic_api.get_page(limit=2)
    second = sdk.crm.contacts.basic_api.get_page(limit=2, after=first.paging.next.after)
    last = sdk.crm.contacts.basic_api.get_page(limit=2, after=second.paging.next.after)
    assert [each.id for page in (first, second, last) for each in page.results] == made
    assert last.paging is None
    assert [each.id for each in sdk.crm.contacts.get_all()] == made


def test_it_creates_a_contact_together_with_its_company(sdk):
    company = sdk.crm.companies.basic_api.create(
        SimplePublicObjectInputForCreate(properties={"name": "Globex", "domain": "globex.example"})
    )
    made = sdk.crm.contacts.basic_api.create(
        SimplePublicObjectInputForCreate(
            properties={"email": "a@example.test"},
            associations=[
                PublicAssociationsForObject(
                    to={"id": company.id},
                    types=[{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
                )
            ],
        )
    )
    read = sdk.crm.contacts.basic_api.get_by_id(made.id, associations=["companies"])
    assert [(each.id, each.type) for each in read.associations["companies"].results] == [
        (company.id, "contact_to_company_unlabeled"),
        (company.id, "contact_to_company"),
    ]


def test_it_makes_no_contact_when_the_record_to_associate_with_does_not_exist(sdk, bare):
    body = {
        "properties": {"email": "a@example.test"},
        "associations": [
            {
                "to": {"id": "1"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
            }
        ],
    }
    assert bare.post(f"{OBJECTS}/contacts", body).status_code == 400
    assert sdk.crm.contacts.get_all() == []


def test_it_answers_401_without_the_right_token(sandbox, bare):
    bare.session.headers["Authorization"] = "Bearer somebody-elses"
    answer = bare.get(f"{OBJECTS}/contacts")
    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_it_answers_404_405_and_400_as_json(bare):
    assert bare.get(f"{OBJECTS}/contacts/999").json()["category"] == "OBJECT_NOT_FOUND"
    assert bare.get("/hubspot/crm/v3/nothing").status_code == 404
    assert bare.call("DELETE", f"{OBJECTS}/contacts").status_code == 405
    assert bare.get(f"{OBJECTS}/unicorns").status_code == 400
    assert bare.get(f"{OBJECTS}/contacts?limit=101").status_code == 400
    broken = bare.session.post(f"{bare.url}{OBJECTS}/contacts", data="{no json", timeout=5)
    assert (broken.status_code, broken.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_body_may_come_in_chunks(bare):
    address = f"{bare.url}{OBJECTS}/contacts"
    whole = b'{"properties": {"email": "jana@example.test"}}'
    for _ in range(2):
        # The second one is refused for its content: the connection is where it should be after the first.
        answer = bare.session.post(address, data=iter([whole[:10], whole[10:]]), timeout=5)
    assert (answer.status_code, "Contact already exists" in answer.text) == (409, True)
    wrong = bare.session.post(address, data=b"zz\r\n", headers={"Transfer-Encoding": "chunked"}, timeout=5)
    assert wrong.status_code == 413


@pytest.mark.parametrize("digits", ["²", "٣", "9" * 5000])
def test_it_takes_no_digits_of_other_scripts_for_a_number(bare, digits):
    assert bare.get(f"{OBJECTS}/contacts/{digits}").status_code == 404
    assert bare.get(f"{OBJECTS}/contacts?limit={digits}").status_code == 400
    assert bare.get(f"{OBJECTS}/contacts?after={digits}").status_code == 400
    moment = {"propertyName": "createdate", "operator": "GT", "value": digits}
    search = {"filterGroups": [{"filters": [moment]}]}
    assert bare.post(f"{OBJECTS}/contacts/search", search).status_code == 400
    length = {"Content-Length": digits.encode("latin-1", "replace")}
    unread = bare.session.post(f"{bare.url}{OBJECTS}/contacts", headers=length, timeout=5)
    assert (unread.status_code, unread.headers["Connection"]) == (413, "close")
    deep = bare.session.post(f"{bare.url}{OBJECTS}/contacts", data="[" * 100_000, timeout=5)
    assert deep.status_code == 400
