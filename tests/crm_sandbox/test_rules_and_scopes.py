"""What an admin of the account asks of writes from 2026-09 on, and what a token may do."""

from __future__ import annotations

import pytest

OLD, NEW = "/hubspot/crm/v3/objects", "/hubspot/crm/objects/2026-09"
RULES, SCOPES = "/control/hubspot/rules", "/control/hubspot/scopes"


def rule(bare, **body):
    answer = bare.post(RULES, {"kind": "contacts", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def complaints(answer):
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["category"], body["message"]) == (
        "VALIDATION_ERROR",
        "The property values provided are invalid",
    )
    return [(each["code"], each["message"], each["context"]["propertyName"]) for each in body["errors"]]


def make(bare, at, **properties):
    return bare.post(f"{at}/contacts", {"properties": {"email": "a@example.test", **properties}})


def test_what_is_required_of_a_new_record_is_asked_on_the_dated_paths_only(bare):
    rule(bare, property="firstname")
    assert complaints(make(bare, NEW)) == [
        ("MISSING_REQUIRED_PROPERTY", "A value for firstname must be provided", ["firstname"])
    ]
    id = make(bare, OLD).json()["id"]
    answer = bare.patch(f"{NEW}/contacts/{id}", {"properties": {"city": "Bonn"}})
    assert answer.status_code == 200


def test_one_value_asks_for_another_when_either_is_written(bare):
    rule(bare, property="state", when={"property": "country", "values": ["US", "CA"]})
    words = "state is required because of a conditional property rule based on [country]"
    expected = [("MISSING_CONDITIONAL_REQUIRED_PROPERTY", words, ["state"])]
    assert complaints(make(bare, NEW, country="US")) == expected
    id = make(bare, NEW, country="DE").json()["id"]
    path = f"{NEW}/contacts/{id}"
    assert complaints(bare.patch(path, {"properties": {"country": "CA"}})) == expected
    assert bare.patch(path, {"properties": {"country": "CA", "state": "Ontario"}}).status_code == 200
    assert complaints(bare.patch(path, {"properties": {"state": ""}})) == expected
    assert bare.patch(path, {"properties": {"city": "Toronto"}}).status_code == 200
    old = f"{OLD}/contacts/{id}"
    assert bare.patch(old, {"properties": {"state": ""}}).status_code == 200


@pytest.mark.parametrize("call", ["create", "upsert", "update"])
def test_a_batch_with_one_record_that_breaks_a_rule_is_refused_whole(bare, call):
    bare.make_lead_id()
    make(bare, OLD, leadops_lead_id="1")
    rule(bare, property="firstname")
    rule(bare, property="state", when={"property": "country", "values": ["US"]})
    good = {"email": "b@example.test", "firstname": "B", "leadops_lead_id": "2"}
    bad = {"country": "US", "firstname": "C"}
    inputs = {
        "create": [{"properties": good, "objectWriteTraceId": "x"}, {"properties": bad}],
        "upsert": [
            {"id": "2", "idProperty": "leadops_lead_id", "properties": good},
            {"id": "1", "idProperty": "leadops_lead_id", "properties": bad},
        ],
        "update": [{"id": "1", "idProperty": "leadops_lead_id", "properties": bad}],
    }[call]
    answer = bare.post(f"{NEW}/contacts/batch/{call}", {"inputs": inputs})
    assert [code for code, _, _ in complaints(answer)] == ["MISSING_CONDITIONAL_REQUIRED_PROPERTY"]
    assert len(bare.get(f"{OLD}/contacts").json()["results"]) == 1


def test_people_and_imports_are_not_bound_and_rules_end(bare):
    first, second = rule(bare, property="firstname"), rule(bare, property="lastname")
    assert bare.post("/control/hubspot/contacts", {"properties": {"city": "Bonn"}}).status_code == 201
    assert bare.get(RULES).json() == [first, second]
    bare.call("DELETE", f"{RULES}?id={first['id']}")
    assert bare.get(RULES).json() == [second]
    bare.call("DELETE", RULES)
    assert make(bare, NEW).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "contacts"},
        {"kind": "letters", "property": "firstname"},
        {"kind": "contacts", "property": "nothing"},
        {"kind": "contacts", "property": "state", "when": {"property": "country"}},
        {"kind": "contacts", "property": "state", "when": {"property": "nothing", "values": ["1"]}},
    ],
)
def test_a_rule_that_could_never_be_kept_is_refused(bare, body):
    assert bare.post(RULES, body).status_code == 400


def refused(answer):
    assert answer.status_code == 403, answer.text
    body = answer.json()
    assert body["category"] == "MISSING_SCOPES"
    assert body["message"].startswith("This app hasn't been granted all required scopes to make this call.")
    assert body["links"] == {"scopes": "https://developers.hubspot.com/scopes"}
    (error,) = body["errors"]
    assert error["message"] == "One or more of the following scopes are required."
    return error["context"]["requiredGranularScopes"]


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("crm.objects.contacts.read", "GET", f"{OLD}/contacts"),
        ("crm.objects.contacts.read", "GET", f"{NEW}/calls"),
        ("crm.objects.contacts.read", "POST", f"{NEW}/contacts/search"),
        ("crm.objects.contacts.write", "POST", f"{NEW}/contacts/batch/upsert"),
        ("crm.objects.contacts.write", "PATCH", f"{OLD}/contacts/51"),
        ("crm.objects.contacts.write", "POST", f"{OLD}/tasks"),
        ("crm.objects.deals.read", "GET", f"{NEW}/0-3/3001"),
        (
            "crm.objects.companies.read",
            "POST",
            "/hubspot/crm/associations/2026-09/deals/companies/batch/read",
        ),
        (
            "crm.objects.companies.write",
            "PUT",
            "/hubspot/crm/v4/objects/contacts/51/associations/default/companies/7001",
        ),
        ("crm.schemas.contacts.write", "POST", "/hubspot/crm/properties/2026-09/contacts"),
        ("crm.objects.owners.read", "GET", "/hubspot/crm/v3/owners"),
        ("sales-email-read", "GET", f"{OLD}/emails"),
    ],
)
def test_a_call_without_its_scope_is_refused_and_the_scope_is_named(bare, scope, method, path):
    assert bare.post(SCOPES, {"missing": [scope]}).status_code == 201
    assert scope in refused(bare.call(method, path, {}))
    bare.call("DELETE", SCOPES)
    assert bare.call(method, path, {}).status_code != 403


def test_definitions_are_read_with_either_of_two_scopes(bare):
    path = "/hubspot/crm/v3/properties/deals"
    bare.post(SCOPES, {"missing": ["crm.schemas.deals.read"]})
    assert bare.get(path).status_code == 200
    bare.post(SCOPES, {"missing": ["crm.schemas.deals.read", "crm.objects.deals.read"]})
    assert refused(bare.get(path)) == ["crm.schemas.deals.read", "crm.objects.deals.read"]
    shown = bare.get(SCOPES).json()
    assert "crm.objects.contacts.read" in shown["granted"]
    assert shown["missing"] == ["crm.objects.deals.read", "crm.schemas.deals.read"]


def test_a_token_with_other_scopes_goes_on_working(bare):
    bare.post(SCOPES, {"missing": ["crm.objects.deals.read", "sales-email-read"]})
    assert make(bare, NEW).status_code == 201
    assert bare.get("/hubspot/account-info/v3/details").status_code == 200
    assert bare.post(SCOPES, {"missing": ["everything"]}).status_code == 400
