"""A search that is behind sees what was there a while ago; lists, reads and batch reads see what is there now."""

from __future__ import annotations

import time

import pytest

from tests.crm_sandbox.client import OBJECTS

EVERYBODY = {"sorts": ["lastmodifieddate"]}


@pytest.fixture
def late(bare):
    """Five minutes, which no test waits for."""
    assert bare.post("/control/search_lag", {"ms": 300_000}).json() == {"ms": 300_000}


def found(bare, body=EVERYBODY):
    answer = bare.post(f"{OBJECTS}/contacts/search", body).json()
    assert answer["total"] == len(answer["results"])
    return [each["id"] for each in answer["results"]]


def in_city(city):
    return {"filterGroups": [{"filters": [{"propertyName": "city", "operator": "EQ", "value": city}]}]}


def owned_by(number):
    filters = [{"propertyName": "hubspot_owner_id", "operator": "EQ", "value": number}]
    return {"filterGroups": [{"filters": filters}]}


def test_a_new_contact_is_not_found_yet_and_is_read(bare, late):
    id = bare.contact(email="a@example.test")
    assert found(bare) == []
    assert bare.get(f"{OBJECTS}/contacts/{id}").status_code == 200
    assert [each["id"] for each in bare.get(f"{OBJECTS}/contacts").json()["results"]] == [id]


def test_a_change_is_not_found_yet_by_a_filter_that_an_index_tells_or_by_another(bare):
    id = bare.contact(email="a@example.test", city="Bonn", hubspot_owner_id="71000101")
    bare.post("/control/search_lag", {"ms": 300_000})
    for city, owner in (("Rome", "71000108"), ("Oslo", "71000115")):
        bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": city, "hubspot_owner_id": owner}})
    assert (found(bare, in_city("Bonn")), found(bare, in_city("Rome")), found(bare, in_city("Oslo"))) == (
        [id],
        [],
        [],
    )
    assert (found(bare, owned_by("71000101")), found(bare, owned_by("71000115"))) == ([id], [])
    assert bare.call("DELETE", "/control/search_lag").status_code == 204
    assert (found(bare, in_city("Bonn")), found(bare, in_city("Oslo"))) == ([], [id])
    assert found(bare, owned_by("71000115")) == [id]


def test_an_archived_contact_is_still_found(bare):
    id = bare.contact(email="a@example.test")
    bare.post("/control/search_lag", {"ms": 300_000})
    bare.call("DELETE", f"{OBJECTS}/contacts/{id}")
    assert found(bare) == [id]
    assert bare.get(f"{OBJECTS}/contacts/{id}").status_code == 404


def test_what_is_old_enough_is_found(bare):
    id = bare.contact(email="a@example.test", city="Bonn")
    bare.post("/control/search_lag", {"ms": 300})
    bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": "Rome"}})
    until = time.monotonic() + 10
    while not found(bare, in_city("Rome")) and time.monotonic() < until:
        time.sleep(0.05)
    assert (found(bare, in_city("Rome")), found(bare, in_city("Bonn"))) == ([id], [])


def test_it_is_told_taken_back_and_reset(bare):
    bare.post("/control/search_lag", {"ms": 500})
    assert bare.get("/control/search_lag").json() == {"ms": 500}
    assert "searches are 0.5 s behind" in bare.get("/").text
    bare.post("/control/reset", {})
    assert bare.get("/control/search_lag").json() == {"ms": 0}
    for wrong in ({}, {"ms": -1}, {"ms": "soon"}, {"ms": True}):
        assert bare.post("/control/search_lag", wrong).status_code == 400
