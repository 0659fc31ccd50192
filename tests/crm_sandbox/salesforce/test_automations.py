"""What the org does by itself, and what stands in the way of writes."""

from __future__ import annotations

import time

import pytest
import requests

from tests.crm_sandbox.salesforce.client import KEY, NO_RULE, code_of, codes, lead

ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true; runAsCurrentUser=false"}
DETAILS = {"Sforce-Duplicate-Rule-Header": "allowSave=false;includeRecordDetails=true;runAsCurrentUser=true"}


def owner(org, id):
    return org.soql(f"SELECT Owner.Name FROM Lead WHERE Id = '{id}'")[0]["Owner"]["Name"]


def until(check, *, seconds=8):
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def test_the_assignment_rule_takes_each_write_that_does_not_say_false(org):
    bob = org.user("bob@acme.test")
    assert owner(org, org.make(OwnerId=bob)) == "Bob Burke"
    org.control("assignment_rule", {"owner": "Triage"})
    id = org.make(OwnerId=bob)
    assert owner(org, id) == "Triage"
    for headers, expected in (
        ({"Sforce-Auto-Assign": "false"}, "Bob Burke"),
        ({"Sforce-Auto-Assign": "TRUE"}, "Triage"),
        (NO_RULE, "Bob Burke"),
        ({}, "Triage"),
    ):
        org.patch(f"/sobjects/Lead/{id}", {"OwnerId": bob}, headers=headers)
        assert owner(org, id) == expected
    (made,) = org.upsert(lead("a", OwnerId=bob), headers={})
    assert owner(org, made["id"]) == "Triage"
    (made,) = org.upsert(lead("b", OwnerId=bob))
    assert owner(org, made["id"]) == "Bob Burke"
    org.control("assignment_rule", method="DELETE")
    (made,) = org.upsert(lead("c", OwnerId=bob), headers={})
    assert owner(org, made["id"]) == "Bob Burke"


def test_a_flow_changes_a_lead_some_time_after_it_was_written(org):
    org.control(
        "flows", {"owner": "eva@acme.test", "set": {"Rating": "Hot"}, "on": ["create"], "after_ms": 300}
    )
    id = org.make()
    assert owner(org, id) == "leadops Integration"
    until(lambda: owner(org, id) == "Eva Ernst")
    read = org.read("Lead", id)
    assert (read["Rating"], read["LastModifiedById"]) == ("Hot", org.user("leadops@acme.test"))
    org.patch(f"/sobjects/Lead/{id}", {"OwnerId": org.user("bob@acme.test")})
    time.sleep(0.6)
    assert owner(org, id) == "Bob Burke"


def test_a_flow_may_run_in_the_name_of_another(org):
    org.control("flows", {"set": {"Rating": "Hot"}, "after_ms": 0, "by": "autoproc@acme.test"})
    id = org.make()
    until(lambda: org.read("Lead", id)["Rating"] == "Hot")
    assert org.read("Lead", id)["LastModifiedById"] == org.user("autoproc@acme.test")
    org.control("flows", method="DELETE")
    assert org.control("flows", method="GET") == []


def test_an_alert_is_passed_by_the_header_and_a_block_is_not(org):
    org.make(Email="jana@globex.example")
    body = {"LastName": "Weiß", "Company": "Globex", "Email": "JANA@globex.example"}
    for action, passed in (("alert", 201), ("block", 400)):
        org.control("duplicate_rules", method="DELETE")
        org.control("duplicate_rules", {"action": action})
        answer = org.post("/sobjects/Lead", body)
        assert (answer.status_code, code_of(answer)) == (400, "DUPLICATES_DETECTED")
        assert answer.json()[0]["duplicateResut"]["allowSave"] is (action == "alert")
        assert org.post("/sobjects/Lead", body, headers=ALLOW).status_code == passed


def test_a_duplicate_is_told_in_the_form_of_recorded_answers(org):
    first = org.make(Email="jana@globex.example", City="Bonn")
    org.control("duplicate_rules", {"name": "Leads by e-mail", "message": "Is it one of these?"})
    body = {"LastName": "Weiß", "Company": "Globex", "Email": "jana@globex.example"}
    (error,) = org.post("/sobjects/Lead", body).json()
    assert (error["errorCode"], error["message"]) == ("DUPLICATES_DETECTED", "Is it one of these?")
    found = error["duplicateResut"]
    assert (found["duplicateRule"], found["duplicateRuleEntityType"]) == ("Leads_by_e-mail", "Lead")
    (match,) = found["matchResults"]
    (record,) = match["matchRecords"]
    assert record["record"]["Id"] == first
    assert set(record["record"]) == {"attributes", "Id"}
    (error,) = org.post("/sobjects/Lead", body, headers=DETAILS).json()
    record = error["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]
    assert (record["City"], record["attributes"]["type"]) == ("Bonn", "Lead")
    # Within a collection nothing says which one it is; written again alone it does.
    (result,) = org.upsert(lead("a", Email="jana@globex.example"), headers=DETAILS)
    expected = {"statusCode": "DUPLICATES_DETECTED", "message": "Is it one of these?", "fields": []}
    assert result["errors"] == [expected]
    alone = org.patch(f"/sobjects/Lead/{KEY}/a", body, headers=DETAILS)
    assert alone.json()[0]["duplicateResut"]["matchResults"][0]["size"] == 1


def test_a_rule_looks_across_objects_and_at_changes_of_what_it_compares(org):
    contact = org.make("Contact", LastName="Weiß", Email="jana@globex.example")
    match = [{"object": "Lead", "fields": ["Email", "LastName"]}, {"object": "Contact", "fields": ["Email"]}]
    org.control("duplicate_rules", {"action": "block", "match": match})
    assert org.upsert(lead("other", Email="omar@globex.example"))[0]["success"]
    (error,) = org.post("/sobjects/Lead", lead(Email="jana@globex.example")).json()
    (result,) = error["duplicateResut"]["matchResults"]
    assert (result["entityType"], result["matchRecords"][0]["record"]["Id"]) == ("Contact", contact)
    (made,) = org.upsert(lead("other", City="Bonn"))
    assert made["success"]
    (refused,) = org.upsert(lead("other", Email="jana@globex.example"))
    assert refused["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
    # Another name with the same address is no duplicate of the first kind.
    assert org.upsert(lead("third", Email="omar@globex.example", LastName="Omar"))[0]["success"]


def test_run_as_the_user_a_rule_does_not_see_what_the_user_does_not(org):
    fields = {"LastName": "Weiß", "Company": "Globex", "Email": "jana@globex.example"}
    org.control("Lead", {"fields": fields, "owner": "bob@acme.test"})
    org.control("duplicate_rules", {"action": "block"})
    org.control("permissions", {"denied": {"Lead": ["view_all"]}})
    assert org.post("/sobjects/Lead", fields).status_code == 400
    assert org.post("/sobjects/Lead", fields, headers=DETAILS).status_code == 201


def test_a_validation_rule_speaks_in_the_admins_words(org):
    org.control("rules", {"when": {"field": "Country", "values": [None]}, "message": "Where do they live?"})
    expected = {
        "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "Where do they live?",
        "fields": [],
    }
    results = org.upsert(lead("a"), lead("b", Country="Germany"))
    assert results[0]["errors"] == [expected]
    assert results[1]["success"]
    org.control("rules", method="DELETE")
    assert org.upsert(lead("a"))[0]["success"]


def test_a_trigger_may_fail_for_large_calls_only(org):
    org.control("rules", {"code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "batch_over": 2})
    results = org.upsert(lead("a"), lead("b"), lead("c"))
    assert codes(results) == ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"] * 3
    assert "System.NullPointerException" in results[0]["errors"][0]["message"]
    assert codes(org.upsert(lead("a"), lead("b"))) == ["", ""]


def test_a_record_that_others_hold_locks_all_that_lead_to_it(org):
    account = org.make("Account", Name="Globex")
    held = org.make("Contact", LastName="Weiß", AccountId=account)
    free = org.make("Contact", LastName="Amado")
    org.control(
        "rules", {"object": "Contact", "when": {"record": account}, "code": "UNABLE_TO_LOCK_ROW", "times": 1}
    )
    answer = org.patch(f"/sobjects/Contact/{free}", {"Title": "CTO"})
    assert answer.status_code == 204
    answer = org.patch(f"/sobjects/Contact/{held}", {"Title": "CTO"})
    assert (code_of(answer), account in answer.text) == ("UNABLE_TO_LOCK_ROW", True)
    assert org.patch(f"/sobjects/Contact/{held}", {"Title": "CTO"}).status_code == 204


def test_a_rule_may_hold_for_a_while(org):
    id = org.make()
    rule = {"when": {"record": id[:15]}, "code": "ENTITY_IS_LOCKED", "seconds": 0.5, "on": ["update"]}
    org.control("rules", rule)
    assert code_of(org.patch(f"/sobjects/Lead/{id}", {"City": "Bonn"})) == "ENTITY_IS_LOCKED"
    time.sleep(0.6)
    assert org.patch(f"/sobjects/Lead/{id}", {"City": "Bonn"}).status_code == 204


def test_the_other_records_of_a_call_and_a_lost_count_are_not_taken_back(org):
    """How often a rule has held is counted though the call was taken back."""
    org.control("rules", {"when": {"field": "City", "values": ["Bonn"]}, "times": 1})
    results = org.upsert(lead("a"), lead("b", City="Bonn"), all_or_none=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert codes(org.upsert(lead("a"), lead("b", City="Bonn"), all_or_none=True)) == ["", ""]


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("rules", {"when": {"values": []}}),
        ("rules", {"on": ["delete"]}),
        ("rules", {"object": "Unicorn"}),
        ("rules", {"times": 0}),
        ("flows", {}),
        ("flows", {"owner": "nobody"}),
        ("flows", {"set": {"Nothing": 1}}),
        ("flows", {"set": {"Email": "no"}}),
        ("duplicate_rules", {"action": "shout"}),
        ("duplicate_rules", {"match": [{"object": "Lead"}]}),
        ("outbound_messages", {"url": "ftp://here"}),
        ("outbound_messages", {"url": "http://127.0.0.1/", "fields": ["Nothing"]}),
        ("assignment_rule", {"owner": "nobody"}),
        ("queues", {"name": "New", "members": ["nobody@acme.test"]}),
        ("users", {"name": "Nobody"}),
    ],
)
def test_it_says_what_is_wrong_with_a_control(org, what, wrong):
    answer = requests.post(f"{org.url}/control/salesforce/{what}", json=wrong, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_answers_with_the_code_it_names(org):
    faults = f"{org.url}/control/faults"
    fault = {
        "target": "salesforce",
        "kind": "status",
        "status": 400,
        "code": "QUERY_TIMEOUT",
        "message": "Too slow",
    }
    shown = requests.post(faults, json=fault | {"times": 1}, timeout=10).json()
    assert (shown["code"], shown["message"]) == ("QUERY_TIMEOUT", "Too slow")
    answer = org.get("/query", q="SELECT Id FROM Lead")
    assert (answer.status_code, answer.json()) == (
        400,
        [{"message": "Too slow", "errorCode": "QUERY_TIMEOUT"}],
    )
    requests.post(faults, json={"target": "salesforce", "kind": "auth", "times": 1}, timeout=10)
    assert code_of(org.get("/limits")) == "INVALID_SESSION_ID"
    assert requests.post(faults, json=fault | {"target": "hubspot"}, timeout=10).status_code == 400


def test_maintenance_is_a_page_for_people(org):
    fault = {"target": "salesforce", "kind": "html", "times": 1}
    requests.post(f"{org.url}/control/faults", json=fault, timeout=10)
    answer = org.get("/limits")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "maintenance" in answer.text
    assert org.get("/limits").status_code == 200


def test_calls_are_logged_with_their_records(org):
    org.upsert(lead("a"), lead("b"))
    calls = requests.get(f"{org.url}/control/calls?target=salesforce", timeout=10).json()
    assert (calls[-1]["method"], calls[-1]["records"], calls[-1]["status"]) == ("PATCH", 2, 200)
    assert calls[-1]["path"].endswith(f"/composite/sobjects/Lead/{KEY}")
