"""What people do with whole contacts: delete, erase, restore and merge them."""

from __future__ import annotations

import pytest
from hubspot.crm import companies, contacts

from tests.crm_sandbox.client import OBJECTS

CONTACTS = "/control/hubspot/contacts"


def read(sandbox, *ids):
    asked = {"inputs": [{"id": id} for id in ids], "properties": ["email", "city", "hs_merged_object_ids"]}
    return sandbox.post(f"{OBJECTS}/contacts/batch/read", asked).json()["results"]


def merge(sandbox, primary, other):
    return sandbox.post(f"{CONTACTS}/merge", {"primary": primary, "other": other})


def test_a_merge_makes_a_third_contact_that_both_old_ids_find(bare):
    one, two = bare.contact(email="a@example.test"), bare.contact(email="b@example.test", city="Bonn")
    new = merge(bare, one, two).json()["id"]
    assert new not in (one, two)
    (only,) = read(bare, one, two)
    assert (only["id"], only["properties"]["email"], only["properties"]["city"]) == (
        new,
        "a@example.test",
        "Bonn",
    )
    assert only["properties"]["hs_merged_object_ids"] == f"{one};{two}"
    assert bare.get(f"{OBJECTS}/contacts/{two}").json()["id"] == new
    assert [each["id"] for each in bare.get(f"{OBJECTS}/contacts").json()["results"]] == [new]


def test_a_contact_that_was_merged_twice_is_found_by_all_its_ids(bare):
    one, two, three = (bare.contact(email=f"{name}@example.test") for name in "abc")
    new = merge(bare, merge(bare, one, two).json()["id"], three).json()["id"]
    assert {each["id"] for id in (one, two, three) for each in read(bare, id)} == {new}


def test_a_contact_cannot_be_merged_with_itself_or_with_nobody(bare):
    one = bare.contact(email="a@example.test")
    assert merge(bare, one, one).status_code == 400
    assert merge(bare, one, "999").status_code == 404


def test_a_deleted_contact_can_be_restored_and_an_erased_one_cannot(bare):
    one, two = bare.contact(email="a@example.test"), bare.contact(email="b@example.test")
    assert bare.call("DELETE", f"{CONTACTS}/{one}").status_code == 204
    assert bare.call("DELETE", f"{CONTACTS}/{two}?privacy=true").status_code == 204
    assert read(bare, one, two) == []
    assert bare.post(f"{CONTACTS}/{one}/restore", {}).status_code == 200
    assert bare.post(f"{CONTACTS}/{two}/restore", {}).status_code == 404
    assert [each["properties"]["email"] for each in read(bare, one)] == ["a@example.test"]


def test_a_contact_whose_address_somebody_else_has_now_is_not_restored(bare):
    one = bare.contact(email="a@example.test")
    bare.call("DELETE", f"{CONTACTS}/{one}")
    bare.contact(email="a@example.test")
    assert bare.post(f"{CONTACTS}/{one}/restore", {}).status_code == 409


def test_a_merged_contact_has_the_others_address_tasks_and_deals_and_the_primarys_company(bare):
    one_company, two_company = (
        bare.post("/control/hubspot/companies", {"properties": {"name": name}}).json()["id"]
        for name in ("Globex", "Initech")
    )
    one = bare.contact(email="a@example.test", hs_additional_emails="c@example.test")
    two = bare.contact(email="b@example.test")
    for id, company in ((two, two_company), (one, one_company)):
        body = {"from": ["contacts", id], "to": ["companies", company]}
        assert bare.post("/control/hubspot/associations", body).status_code == 201
    deal = bare.post("/control/hubspot/deals", {"properties": {"dealname": "Big"}, "contact": two}).json()[
        "id"
    ]
    new = merge(bare, one, two).json()["id"]
    names = "email,hs_additional_emails,associatedcompanyid"
    asked = f"{OBJECTS}/contacts/{one}?properties={names}&associations=companies,deals"
    found = bare.get(asked).json()
    assert (found["id"], found["properties"]["email"]) == (new, "a@example.test")
    assert found["properties"]["hs_additional_emails"] == "b@example.test;c@example.test"
    assert found["properties"]["associatedcompanyid"] == one_company
    assert [each["id"] for each in found["associations"]["deals"]["results"]] == [deal]
    assert {each["id"] for each in found["associations"]["companies"]["results"]} == {
        one_company,
        two_company,
    }
    body = {"idProperty": "email", "inputs": [{"id": "b@example.test"}]}
    assert [each["id"] for each in bare.post(f"{OBJECTS}/contacts/batch/read", body).json()["results"]] == [
        new
    ]


def test_a_merge_of_companies_makes_a_third_one_with_both_domains_contacts_and_children(bare):
    def company(**body):
        return bare.post("/control/hubspot/companies", body).json()["id"]

    one = company(properties={"name": "Globex", "domain": "globex.example"})
    two = company(properties={"name": "Globex Inc", "domain": "globex.test", "city": "Bonn"})
    child = company(properties={"name": "Globex GmbH"}, parent=two)
    body = {"properties": {"email": "a@example.test"}, "company": two}
    contact = bare.post("/control/hubspot/contacts", body).json()["id"]
    answer = bare.post("/control/hubspot/companies/merge", {"primary": one, "other": two})
    assert answer.status_code == 201, answer.text
    new = answer.json()["id"]
    assert new not in (one, two)
    names = "name,domain,city,hs_additional_domains,hs_merged_object_ids"
    for old in (one, two):
        found = bare.get(f"{OBJECTS}/companies/{old}?properties={names}").json()
        assert found["id"] == new
    values = found["properties"]
    assert [values[name] for name in names.split(",")] == [
        "Globex",
        "globex.example",
        "Bonn",
        "globex.test",
        f"{one};{two}",
    ]
    read = bare.get(f"{OBJECTS}/contacts/{contact}?properties=associatedcompanyid").json()
    assert read["properties"]["associatedcompanyid"] == new
    read = bare.get(f"{OBJECTS}/companies/{child}?properties=hs_parent_company_id").json()
    assert read["properties"]["hs_parent_company_id"] == new


def test_companies_and_deals_are_deleted_and_restored_too_and_only_some_records_merge(bare):
    for kind in ("companies", "deals"):
        ids = [bare.post(f"/control/hubspot/{kind}", {"properties": {}}).json()["id"] for _ in range(2)]
        body = {"primary": ids[0], "other": ids[1]}
        if kind == "deals":
            assert bare.post(f"/control/hubspot/{kind}/merge", body).status_code == 400
        assert bare.call("DELETE", f"/control/hubspot/{kind}/{ids[0]}").status_code == 204
        assert bare.get(f"{OBJECTS}/{kind}/{ids[0]}").status_code == 404
        assert bare.post(f"/control/hubspot/{kind}/{ids[0]}/restore", {}).status_code == 200
        assert bare.get(f"{OBJECTS}/{kind}/{ids[0]}").status_code == 200


def test_a_contact_that_was_merged_away_cannot_be_restored(bare):
    one, two = bare.contact(email="a@example.test"), bare.contact(email="b@example.test")
    merge(bare, one, two)
    assert bare.post(f"{CONTACTS}/{two}/restore", {}).status_code == 404


def test_the_vendors_client_merges_and_erases(sdk, bare):
    one, two = bare.contact(email="a@example.test"), bare.contact(email="b@example.test")
    asked = contacts.PublicMergeInput(primary_object_id=one, object_id_to_merge=two)
    new = sdk.crm.contacts.basic_api.merge(asked).id
    assert {each["id"] for id in (one, two) for each in read(bare, id)} == {new}
    by_address = contacts.PublicGdprDeleteInput(object_id="A@example.test", id_property="email")
    sdk.crm.contacts.basic_api.purge(by_address)
    assert read(bare, new) == []
    assert bare.post(f"{CONTACTS}/{new}/restore", {}).status_code == 404
    sdk.crm.contacts.basic_api.purge(by_address)
    ids = [bare.post("/control/hubspot/companies", {"properties": {}}).json()["id"] for _ in range(2)]
    asked = companies.PublicMergeInput(primary_object_id=ids[0], object_id_to_merge=ids[1])
    assert sdk.crm.companies.basic_api.merge(asked).id not in ids


@pytest.mark.parametrize("version", [OBJECTS, "/hubspot/crm/objects/2026-09"])
def test_a_program_merges_in_both_versions_and_cannot_merge_what_is_no_pair(bare, version):
    one, two = bare.contact(email="a@example.test"), bare.contact(email="b@example.test")
    path = f"{version}/contacts/merge"
    assert bare.post(path, {"primaryObjectId": one, "objectIdToMerge": one}).status_code == 400
    assert bare.post(path, {"primaryObjectId": one}).status_code == 404
    assert bare.post(f"{version}/deals/merge", {"primaryObjectId": "1"}).status_code == 400
    assert bare.post(path, {"primaryObjectId": one, "objectIdToMerge": two}).status_code == 200
    assert bare.post(f"{version}/contacts/gdpr-delete", {"objectId": one}).status_code == 204
    assert read(bare, two) == []
