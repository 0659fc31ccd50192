"""Files of contacts that people import, and owners who leave."""

from __future__ import annotations

from tests.crm_sandbox.client import OBJECTS

OWNERS = "/hubspot/crm/v3/owners"


def test_an_import_makes_contacts_that_say_so_and_changes_those_whose_address_is_known(bare):
    known = bare.contact(email="a@example.test", city="Bonn")
    rows = [{"email": "A@example.test", "city": "Rome"}, {"email": "b@example.test"}, {"firstname": "Cy"}]
    answer = bare.post("/control/hubspot/imports", {"contacts": rows, "owner": "bob@acme.test"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["changed"] == [known]
    asked = f"{OBJECTS}/contacts?properties=city,hs_object_source,hubspot_owner_id"
    found = [each["properties"] for each in bare.get(asked).json()["results"]]
    assert [each["hs_object_source"] for each in found] == ["INTEGRATION", "IMPORT", "IMPORT"]
    assert found[0]["city"] == "Rome"
    assert {each["hubspot_owner_id"] for each in found} == {"71000108"}


def test_an_import_finds_a_contact_by_an_additional_address_and_leaves_the_first(bare):
    known = bare.contact(email="a@example.test", hs_additional_emails="b@example.test")
    rows = [{"email": "b@example.test", "city": "Rome"}]
    assert bare.post("/control/hubspot/imports", {"contacts": rows}).json() == {
        "made": [],
        "changed": [known],
    }
    assert bare.get(f"{OBJECTS}/contacts/{known}").json()["properties"]["email"] == "a@example.test"


def test_an_import_of_any_size_is_one_call(bare):
    body = {"count": 300, "domain": "globex.example", "properties": {"lifecyclestage": "lead"}}
    assert len(bare.post("/control/hubspot/imports", body).json()["made"]) == 300
    again = bare.post("/control/hubspot/imports", body | {"start": 200}).json()
    assert (len(again["made"]), len(again["changed"])) == (200, 100)


def test_an_import_with_a_bad_row_makes_nobody(bare):
    rows = [{"email": "a@example.test"}, {"email": "b@example.test", "leadops_x": "1"}]
    assert bare.post("/control/hubspot/imports", {"contacts": rows}).status_code == 400
    for wrong in ({}, {"contacts": []}, {"contacts": "all"}, {"count": 0}):
        assert bare.post("/control/hubspot/imports", wrong).status_code == 400
    assert bare.get(f"{OBJECTS}/contacts").json()["results"] == []


def test_an_owner_who_leaves_keeps_records_gets_no_new_ones_and_can_come_back(bare):
    id = bare.contact(email="a@example.test", hubspot_owner_id="71000108")
    bob = bare.post("/control/owners", {"email": "bob@acme.test", "archived": True}).json()
    assert (bob["id"], bob["firstName"], bob["archived"]) == ("71000108", "Bob", True)
    assert bare.get(f"{OWNERS}?email=bob@acme.test").json()["results"] == []
    (archived,) = bare.get(f"{OWNERS}?email=bob@acme.test&archived=true").json()["results"]
    assert "userId" not in archived
    assert bare.get(f"{OWNERS}/71000108").status_code == 404
    assert bare.get(f"{OWNERS}/71000108?archived=true").status_code == 200
    kept = {"properties": {"hubspot_owner_id": "71000108", "city": "Bonn"}}
    assert bare.patch(f"{OBJECTS}/contacts/{id}", kept).status_code == 200
    assert bare.post(f"{OBJECTS}/contacts", kept).status_code == 400
    bare.post("/control/owners", {"email": "bob@acme.test"})
    assert bare.post(f"{OBJECTS}/contacts", kept).status_code == 201
    assert bare.post("/control/owners", {"email": "new@acme.test"}).status_code == 400
