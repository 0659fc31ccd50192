"""What people do with whole contacts: delete, erase, restore and merge them."""

from __future__ import annotations

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
