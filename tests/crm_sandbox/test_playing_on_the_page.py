"""A person plays the user of the CRM: forms that a browser sends without JavaScript."""

from __future__ import annotations

import re

import pytest
import requests

from crm_sandbox.playing_forms import DONE, LOGGED
from tests.crm_sandbox.client import OBJECTS

CONTROL = "/control/hubspot"


@pytest.fixture
def jana(bare):
    body = {"properties": {"email": "jana@example.test", "firstname": "Jana"}}
    return bare.post(f"{CONTROL}/contacts", body).json()["id"]


def send(sandbox, do, *, origin="", **fields):
    """As a browser does from the sandbox's own page."""
    headers = {"Origin": origin or sandbox.url}
    return requests.post(
        f"{sandbox.url}/play", data={"do": do, **fields}, headers=headers, allow_redirects=False, timeout=10
    )


def done(sandbox, do, **fields):
    """The page that it leads to, and where."""
    answer = send(sandbox, do, **fields)
    assert answer.status_code == 303, answer.text
    shown = requests.get(sandbox.url + answer.headers["Location"], timeout=10)
    assert 'class="alert good"' in shown.text
    return answer.headers["Location"].partition("?")[0], shown.text


def values(bare, id, *names):
    found = bare.get(f"{OBJECTS}/contacts/{id}?properties={','.join(names)}").json()["properties"]
    return [found[name] for name in names]


def test_every_form_on_the_pages_is_one_that_can_be_sent(sandbox, bare, jana):
    bare.post(f"{CONTROL}/deals", {"properties": {"dealname": "Big", "dealstage": "closedwon"}})
    bare.post(f"{CONTROL}/deals", {"properties": {"dealname": "Small", "dealstage": "contractsent"}})
    pages = [requests.get(sandbox.url + path, timeout=10).text for path in ("/", f"/contacts/{jana}")]
    assert set(re.findall(r'name="do" value="([a-z]+)"', "".join(pages))) == set(DONE)


def test_a_person_makes_a_contact_and_is_led_to_it(sandbox, bare):
    fields = {
        "email": "new@example.test",
        "firstname": "Neo",
        "owner": "bob@acme.test",
        "lifecyclestage": "lead",
    }
    where, shown = done(sandbox, "make", **fields)
    assert "Neo" in shown
    id = where.removeprefix("/contacts/")
    names = ("email", "hubspot_owner_id", "lifecyclestage", "hs_object_source")
    assert values(bare, id, *names) == ["new@example.test", "71000108", "lead", "CRM_UI"]


def test_a_person_changes_owner_lifecycle_and_status(sandbox, bare, jana):
    back = f"/contacts/{jana}"
    assert done(sandbox, "owner", id=jana, back=back, owner="eva@acme.test")[0] == back
    done(sandbox, "lifecycle", id=jana, back=back, value="customer")
    done(sandbox, "status", id=jana, back=back, value="OPEN_DEAL")
    names = ("hubspot_owner_id", "lifecyclestage", "hs_lead_status")
    assert values(bare, jana, *names) == ["71000136", "customer", "OPEN_DEAL"]


def test_a_person_logs_what_was_done(sandbox, bare, jana):
    for what in LOGGED:
        done(sandbox, "log", id=jana, what=what, owner="bob@acme.test", text="Well", back=f"/contacts/{jana}")
    assert values(bare, jana, "num_contacted_notes", "num_notes") == ["7", "8"]
    shown = requests.get(f"{sandbox.url}/contacts/{jana}", timeout=10).text
    for words in ("No answer", "Incoming Email", "No Show", "Bob Burke"):
        assert words in shown


def test_a_person_makes_a_deal_and_wins_loses_and_reopens_it(sandbox, bare, jana):
    done(sandbox, "deal", id=jana, dealname="Big", amount="9", dealstage="contractsent", back="/")
    (deal,) = bare.get(f"{OBJECTS}/deals?properties=dealname&associations=contacts").json()["results"]
    assert deal["associations"]["contacts"]["results"][0]["id"] == jana
    for what, stage in (("won", "closedwon"), ("reopened", "appointmentscheduled"), ("lost", "closedlost")):
        done(sandbox, what, id=deal["id"], back="/")
        found = bare.get(f"{OBJECTS}/deals/{deal['id']}?properties=dealstage").json()["properties"]
        assert found["dealstage"] == stage


def test_a_person_merges_two_by_number_or_address(sandbox, bare, jana):
    other = bare.contact(email="omar@example.test", city="Bonn")
    where, _ = done(sandbox, "merge", primary=f"#{jana}", other="OMAR@example.test")
    assert where not in (f"/contacts/{jana}", f"/contacts/{other}")
    assert values(bare, jana, "email", "city") == ["jana@example.test", "Bonn"]
    # An address that somebody kept leads to the third one.
    assert where.removeprefix("/contacts/") in requests.get(f"{sandbox.url}/contacts/{jana}", timeout=10).text


def test_a_person_imports_twice_and_deletes_and_erases(sandbox, bare, jana):
    for count in ("3", "2"):
        done(sandbox, "import", count=count, domain="imported.example", back="/")
    found = bare.get(f"{OBJECTS}/contacts").json()["results"]
    assert len(found) == 6
    assert done(sandbox, "delete", id=jana, back=f"/contacts/{jana}")[0] == "/"
    assert bare.get(f"{OBJECTS}/contacts/{jana}?archived=true").status_code == 200
    done(sandbox, "erase", id=found[1]["id"], back="/")
    assert len(bare.get(f"{OBJECTS}/contacts").json()["results"]) == 4


@pytest.mark.parametrize(
    ("do", "fields", "words"),
    [
        ("make", {"email": "jana@example.test"}, "Contact already exists"),
        ("make", {"email": "nobody"}, "is invalid"),
        ("import", {"count": "many"}, "count must be a whole number"),
        ("merge", {"primary": "#9999", "other": "#51"}, "There is no contact #9999."),
        ("merge", {"primary": "#51", "other": "&lt;b&gt;"}, "There is no contact"),
        ("log", {"id": "51", "what": "nothing"}, "kind must be one of"),
        ("won", {"id": "9"}, "There is no deal 9"),
        ("dance", {}, "There is no such form."),
    ],
)
def test_what_is_wrong_with_a_form_is_said_on_its_page(sandbox, jana, do, fields, words):
    answer = send(sandbox, do, back=f"/contacts/{jana}", **fields)
    assert answer.status_code == 400
    assert 'class="alert bad"' in answer.text
    assert words in answer.text
    assert f"Contact #{jana}" in answer.text


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_page_from_elsewhere_can_send_no_form(sandbox, bare, jana, headers):
    fields = {"do": "erase", "id": jana}
    answer = requests.post(f"{sandbox.url}/play", data=fields, headers=headers, timeout=10)
    assert answer.status_code == 403
    named = {"Origin": "http://evil.example", "Host": "evil.example"}
    assert requests.post(f"{sandbox.url}/play", data=fields, headers=named, timeout=10).status_code == 403
    assert bare.get(f"{OBJECTS}/contacts/{jana}").status_code == 200


def test_a_form_leads_nowhere_else_and_the_pages_stand_in_no_frame(sandbox, jana):
    answer = send(sandbox, "status", id=jana, value="NEW", back="//evil.example/")
    assert answer.headers["Location"] == "/?done=status"
    shown = requests.get(sandbox.url, timeout=10)
    assert shown.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
