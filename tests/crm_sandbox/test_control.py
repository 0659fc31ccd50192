from __future__ import annotations

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.crm_sandbox.client import OBJECTS


def test_it_logs_every_call_to_the_crm_but_none_of_its_own_controls(bare):
    bare.make_lead_id()
    bare.upsert(*({"id": str(number), "properties": {"city": "Bonn"}} for number in range(3)))
    bare.get(f"{OBJECTS}/contacts/999")
    calls = bare.get("/control/calls?target=hubspot").json()
    assert [(call["method"], call["path"], call["status"], call["records"]) for call in calls] == [
        ("POST", "/crm/v3/properties/contacts", 201, 1),
        ("POST", "/crm/v3/objects/contacts/batch/upsert", 200, 3),
        ("GET", "/crm/v3/objects/contacts/999", 404, 0),
    ]
    assert all(set(call) == {"at", "method", "path", "status", "ms", "records"} for call in calls)
    assert bare.get("/control/calls?target=salesforce").json() == []
    for what in ("limits", "webhooks"):
        answer = bare.post(f"/control/{what}", {"target": "salesforce", "calls": 1, "per_seconds": 1})
        assert (answer.status_code, "/control/salesforce/org" in answer.text) == (400, True)


def test_it_resets_to_the_first_start(bare):
    bare.make_lead_id()
    bare.contact(email="a@example.test")
    bare.post("/control/owners", {"email": "gina@acme.test", "name": "Gina Gold"})
    bare.post("/control/faults", {"target": "hubspot", "kind": "auth"})
    bare.post("/control/limits", {"target": "hubspot", "calls": 1, "per_seconds": 600})
    assert bare.post("/control/reset").status_code == 204
    assert bare.get("/control/calls").json() == []
    assert bare.get(f"{OBJECTS}/contacts").json()["results"] == []
    assert bare.get("/hubspot/crm/v3/properties/contacts/leadops_lead_id").status_code == 404
    assert len(bare.get("/hubspot/crm/v3/owners").json()["results"]) == 6


def test_it_names_the_controls_there_are_when_asked_for_another(bare):
    answer = bare.get("/control/nothing")
    assert answer.status_code == 404
    assert "/control/faults" in answer.json()["error"]


def test_a_person_may_set_what_the_crm_sets_when_people_work(bare):
    id = bare.contact(email="a@example.test")
    edit = {"properties": {"notes_last_contacted": "2026-03-01T10:00:00Z", "lifecyclestage": "customer"}}
    shown = bare.patch(f"/control/hubspot/contacts/{id}", edit)
    assert shown.json()["properties"]["notes_last_contacted"] == "2026-03-01T10:00:00.000Z"
    back = bare.patch(f"/control/hubspot/contacts/{id}", {"properties": {"lifecyclestage": "lead"}})
    assert back.json()["properties"]["lifecyclestage"] == "lead"


def test_a_person_cannot_set_what_does_not_exist(bare):
    id = bare.contact(email="a@example.test")
    path = f"/control/hubspot/contacts/{id}"
    assert bare.patch(path, {"properties": {"leadops_x": "1"}}).status_code == 400
    assert bare.patch(path, {"properties": {"hubspot_owner_id": "4400101"}}).status_code == 400
    assert bare.patch("/control/hubspot/contacts/999", {"properties": {}}).status_code == 404


def raw(bare, method, path, body=None, **headers):
    """As anything on this machine sends it: with these headers and no other."""
    connection = HTTPConnection(urlsplit(bare.url).netloc, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test", "Content_Type": "text/plain"},
        {"Origin": "null", "Content_Type": "application/x-www-form-urlencoded"},
        {"Origin": "https://evil.test", "Content_Type": "application/json"},
        {"Sec_Fetch_Site": "cross-site", "Content_Type": "application/json"},
        {"Sec_Fetch_Site": "same-site", "Content_Type": "text/plain"},
        {"Sec_Fetch_Site": "same-origin", "Content_Type": "text/plain"},
        {"Origin": "http://evil.test:80", "Host": "evil.test:80", "Content_Type": "application/json"},
    ],
)
def test_a_page_of_another_site_cannot_use_the_controls(bare, headers):
    bare.make_lead_id()
    id = bare.contact(email="a@example.test")
    assert raw(bare, "POST", "/control/reset", "{}", **headers) == 403
    assert bare.get(f"{OBJECTS}/contacts/{id}").status_code == 200


def test_a_program_may_post_controls_with_any_content_type_or_none(bare):
    fault = json.dumps({"target": "hubspot", "kind": "auth"})
    assert raw(bare, "POST", "/control/faults", fault) == 201
    assert (
        raw(bare, "POST", "/control/faults", fault, Content_Type="application/x-www-form-urlencoded") == 201
    )
    assert raw(bare, "POST", "/control/reset") == 204


def test_its_own_pages_may_send_json(bare):
    own = {"Origin": bare.url, "Sec_Fetch_Site": "same-origin"}
    assert raw(bare, "POST", "/control/reset", "{}", **own, Content_Type="application/json") == 204
