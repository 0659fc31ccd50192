from __future__ import annotations

import requests

from tests.crm_sandbox.client import OBJECTS, TO_CONTACT


def page(sandbox, path="/"):
    answer = requests.get(sandbox.url + path, timeout=5)
    return answer.status_code, answer.text


def test_it_invites_when_there_is_nothing_yet(sandbox):
    status, text = page(sandbox)
    assert status == 200
    assert "No contacts yet" in text
    assert "Nobody has called yet" in text


def test_it_shows_contacts_with_their_owners_tasks_with_their_due_time_and_calls(sandbox, bare):
    id = bare.contact(
        email="jana@example.test", firstname="Jana", lastname="Weiß", hubspot_owner_id="71000136"
    )
    bare.post(
        f"{OBJECTS}/tasks",
        {
            "properties": {"hs_timestamp": "2020-01-01T00:00:00Z", "hs_task_subject": "Call Jana"},
            "associations": [{"to": {"id": id}, "types": [TO_CONTACT]}],
        },
    )
    _, text = page(sandbox)
    assert f'href="/contacts/{id}">Jana Weiß</a>' in text
    assert "Eva Ernst" in text
    assert "Call Jana" in text
    assert "01 Jan 2020 00:00:00 UTC" in text
    assert "/crm/v3/objects/tasks" in text


def test_it_searches(sandbox, bare):
    bare.contact(email="jana@example.test", firstname="Jana")
    bare.contact(email="omar@example.test", firstname="Omar", hubspot_owner_id="71000136")
    assert "omar@" not in page(sandbox, "/?q=jana")[1]
    assert "omar@" in page(sandbox, "/?q=eva+ernst")[1]
    assert "No contact matches" in page(sandbox, "/?q=nobody")[1]


def test_it_shows_a_contact_with_every_property_and_who_changed_it(sandbox, bare):
    id = bare.contact(email="jana@example.test", city="Bonn")
    bare.patch(f"/control/hubspot/contacts/{id}", {"properties": {"city": "Berlin"}})
    status, text = page(sandbox, f"/contacts/{id}")
    assert status == 200
    assert "Berlin" in text
    assert "a person" in text
    assert page(sandbox, "/contacts/999")[0] == 404


def test_it_escapes_what_people_typed(sandbox, bare):
    id = bare.contact(email="x@example.test", firstname="<script>alert(1)</script>", company='"><u>')
    for path in ("/", f"/contacts/{id}", "/?q=%3Cscript%3Ealert(1)"):
        text = page(sandbox, path)[1]
        assert "<script>alert" not in text
        assert '"><u>' not in text


def test_it_says_which_trouble_was_asked_for(sandbox, bare):
    bare.post("/control/faults", {"target": "hubspot", "kind": "status", "status": 503, "rate": 0.3})
    bare.post("/control/limits", {"target": "hubspot", "calls": 100, "per_seconds": 10})
    _, text = page(sandbox)
    assert "hubspot status 503 (30%)" in text
    assert "100 calls per 10 s" in text
