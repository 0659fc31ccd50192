"""The org's pages, on which a person plays the user of it: forms that a browser sends without JavaScript."""

from __future__ import annotations

import re

import pytest
import requests

from crm_sandbox.org_playing import DONE
from tests.crm_sandbox.salesforce.client import lead


@pytest.fixture
def jana(org):
    return org.make(FirstName="Jana", Email="jana@globex.example")


def page(org, path="/org"):
    answer = requests.get(org.url + path, timeout=10)
    return answer.status_code, answer.text


def send(org, do, *, origin="", **fields):
    """As a browser does from the sandbox's own page."""
    headers = {"Origin": origin or org.url}
    return requests.post(
        f"{org.url}/org/play", data={"do": do, **fields}, headers=headers, allow_redirects=False, timeout=10
    )


def done(org, do, **fields):
    """The page that it leads to, and where."""
    answer = send(org, do, **fields)
    assert answer.status_code == 303, answer.text
    status, text = page(org, answer.headers["Location"])
    assert (status, 'class="alert good"' in text) == (200, True)
    return answer.headers["Location"].partition("?")[0], text


def test_it_invites_when_there_is_nothing_yet(org):
    status, text = page(org)
    assert status == 200
    for words in ("No leads yet", "No contacts", "No opportunities", "No tasks", "/services/oauth2/token"):
        assert words in text
    assert 'href="/org" aria-current=page>Salesforce' in text
    assert 'href="/" aria-current=page>HubSpot' in page(org, "/")[1]


def test_it_shows_records_with_their_owners_and_calls(org, jana):
    org.upsert(lead("l-1", LastName="O'Hara", OwnerId=org.user("bob@acme.test")))
    org.make("Task", Subject="Call Jana", WhoId=jana)
    org.control("assignment_rule", {"owner": "Triage"})
    fault = {"target": "salesforce", "kind": "html", "rate": 0.5}
    requests.post(f"{org.url}/control/faults", json=fault, timeout=10)
    text = page(org)[1]
    for words in (
        "Jana Weiß",
        "O&#x27;Hara",
        "Bob Burke",
        "l-1",
        "Call Jana",
        "/composite/sobjects/Lead",
        "Triage",
        "html 503 (50%)",
    ):
        assert words in text
    found = page(org, "/org?q=bob+burke")[1]
    assert ("O&#x27;Hara" in found, "Jana Weiß</a></td>" in found) == (True, False)
    assert "No lead matches" in page(org, "/org?q=nobody")[1]
    status, text = page(org, f"/org/{jana}")
    assert (status, "leadops Integration" in text, "Call Jana" in text) == (200, True, True)
    assert page(org, "/org/00QgK00008dxAAA")[0] == 404
    account = org.control("Account", {"fields": {"Name": "Globex"}, "owner": "bob@acme.test"})["id"]
    status, text = page(org, f"/org/{account}")
    assert (status, "Globex" in text, f"Account {account}" in text, "Bob Burke" in text) == (
        200,
        True,
        True,
        True,
    )


def test_every_form_on_the_pages_is_one_that_can_be_sent(org, jana):
    ends = org.control(f"Lead/{org.make()}/convert", {"opportunity": "Rollout"})
    gone = org.make()
    org.control(f"Lead/{gone}", method="DELETE")
    paths = ("/org", f"/org/{jana}", f"/org/{ends['contactId']}", f"/org/{gone}")
    pages = [page(org, path)[1] for path in paths]
    assert set(re.findall(r'name="do" value="([a-z]+)"', "".join(pages))) == set(DONE)


def test_a_person_makes_changes_and_deletes_a_lead(org):
    fields = {
        "LastName": "Hara",
        "Company": "Initech",
        "Email": "omar@initech.example",
        "owner": "bob@acme.test",
    }
    where, text = done(org, "make", back="/org", **fields)
    id = where.removeprefix("/org/")
    assert "omar@initech.example" in text
    done(org, "owner", id=id, owner="Triage", back=where)
    done(org, "status", id=id, value="Working - Contacted", back=where)
    read = org.read("Lead", id)
    assert (read["OwnerId"][:3], read["Status"]) == ("00G", "Working - Contacted")
    done(org, "log", id=id, what="call", owner="eva@acme.test", text="Nobody there", back=where)
    assert org.soql("SELECT Owner.Name FROM Task")[0]["Owner"]["Name"] == "Eva Ernst"
    _, text = done(org, "delete", id=id, back=where)
    assert "in the recycle bin" in text
    done(org, "undelete", id=id, back=where)
    assert org.ids("Id != null") == [id]


def test_a_person_converts_and_wins(org, jana):
    where, _ = done(org, "convert", id=jana, opportunity="Rollout", back=f"/org/{jana}")
    contact = where.removeprefix("/org/")
    assert org.read("Lead", jana)["ConvertedContactId"] == contact
    done(org, "opportunity", id=contact, name="More", amount="9000", back=where)
    deals = {each["Name"]: each["Id"] for each in org.soql("SELECT Id, Name FROM Opportunity")}
    done(org, "won", id=deals["Rollout"], back="/org")
    done(org, "lost", id=deals["More"], back=where)
    found = org.soql("SELECT Name, IsWon, Amount FROM Opportunity ORDER BY Name")
    assert [(each["Name"], each["IsWon"], each["Amount"]) for each in found] == [
        ("More", False, 9000.0),
        ("Rollout", True, None),
    ]


def test_a_person_merges_two_by_address_or_id(org, jana):
    other = org.make(Email="j.weiss@globex.example", City="Bonn")
    where, _ = done(org, "merge", master="jana@globex.example", other=other, back="/org")
    assert where == f"/org/{jana}"
    assert org.read("Lead", jana)["City"] == "Bonn"


def test_a_person_sets_and_ends_the_assignment_rule(org):
    done(org, "rule", owner="Triage", back="/org")
    assert org.control("assignment_rule", method="GET") == {"owner": "Triage"}
    done(org, "rule", owner="", back="/org")
    assert org.control("assignment_rule", method="GET") == {"owner": ""}


@pytest.mark.parametrize(
    ("do", "fields", "words"),
    [
        ("make", {"LastName": "x"}, "Required fields are missing: [Company]"),
        ("make", {"LastName": "x", "Company": "y", "Email": "no"}, "invalid email address"),
        ("merge", {"master": "x", "other": "y"}, "There is no lead x."),
        ("owner", {"id": "x"}, "There is no such record."),
        ("dance", {}, "There is no such form."),
    ],
)
def test_what_is_wrong_with_a_form_is_said_on_its_page(org, jana, do, fields, words):
    answer = send(org, do, back=f"/org/{jana}", **fields)
    assert answer.status_code == 400
    assert 'class="alert bad"' in answer.text
    assert words in answer.text
    assert f"Lead {jana}" in answer.text


def test_a_page_from_elsewhere_can_send_no_form_and_a_form_leads_nowhere_else(org, jana):
    assert send(org, "delete", id=jana, origin="https://evil.example").status_code == 403
    assert org.get(f"/sobjects/Lead/{jana}").status_code == 200
    answer = send(org, "rule", owner="", back="//evil.example/")
    assert answer.headers["Location"] == "/org?done=rule"
    assert (
        requests.get(f"{org.url}/org", timeout=10).headers["Content-Security-Policy"]
        == "frame-ancestors 'none'"
    )


def test_salesforces_own_addresses_of_a_record_lead_to_its_page(org, jana):
    for path in (f"/{jana}", f"/lightning/r/Lead/{jana}/view", f"/lightning/r/{jana}/view"):
        answer = requests.get(org.instance + path, timeout=10)
        assert (answer.status_code, answer.url) == (200, f"{org.url}/org/{jana}")


def test_it_escapes_what_people_typed(org):
    id = org.make(FirstName="<script>alert(1)</script>", Company='"><u>')
    for path in ("/org", f"/org/{id}", "/org?q=%3Cscript%3Ealert(1)"):
        text = page(org, path)[1]
        assert "<script>alert" not in text
        assert '"><u>' not in text
