from __future__ import annotations

import pytest

from crm_sandbox.salesforce import ids
from tests.crm_sandbox.salesforce.client import KEY, code_of, lead


def test_a_lead_is_made_read_changed_and_deleted(org):
    made = org.post("/sobjects/Lead", {"LastName": "Weiß", "FirstName": "Jana", "Company": "Globex"})
    assert made.status_code == 201
    assert set(made.json()) == {"id", "success", "errors"}
    id = made.json()["id"]
    read = org.read("Lead", id)
    assert (read["Name"], read["Status"], read["IsConverted"]) == ("Jana Weiß", "Open - Not Contacted", False)
    assert read["attributes"] == {"type": "Lead", "url": f"/services/data/v66.0/sobjects/Lead/{id}"}
    assert read["CreatedById"] == read["LastModifiedById"] == read["OwnerId"] == org.user("leadops@acme.test")
    assert read["SystemModstamp"].endswith(".000+0000")
    assert org.patch(f"/sobjects/Lead/{id}", {"City": "Bonn", "FirstName": None}).status_code == 204
    read = org.read("Lead", id)
    assert (read["City"], read["FirstName"], read["Name"]) == ("Bonn", None, "Weiß")
    assert read["Address"]["city"] == "Bonn"
    assert org.get(f"/sobjects/Lead/{id}?fields=City,Email").json() == {
        "attributes": read["attributes"],
        "City": "Bonn",
        "Email": None,
    }
    assert org.call("DELETE", f"/sobjects/Lead/{id}").status_code == 204
    assert (org.get(f"/sobjects/Lead/{id}").status_code, code_of(org.get(f"/sobjects/Lead/{id}"))) == (
        404,
        "ENTITY_IS_DELETED",
    )
    assert code_of(org.patch(f"/sobjects/Lead/{id}", {"City": "Bonn"})) == "ENTITY_IS_DELETED"


def test_ids_of_15_characters_have_case_and_those_of_18_need_none(org):
    id = org.make()
    assert len(id) == 18
    for same in (id[:15], id, id.swapcase()[:15] + id[15:]):
        assert org.read("Lead", same)["Id"] == id
    assert org.ids(f"Id = '{id[:15]}'") == [id]
    assert code_of(org.get("/sobjects/Lead/short")) == "MALFORMED_ID"
    assert org.get(f"/sobjects/Lead/{id[:15].swapcase()}").status_code == 404


def test_the_last_three_characters_are_those_that_salesforce_gives():
    # From the vendor's documentation of record types, and a recorded describe.
    assert ids.whole("012000000000000") == "012000000000000AAA"
    assert ids.whole("01254000001upcK") == "01254000001upcKAAQ"
    assert ids.read("01254000001upckaaq") == "01254000001upcKAAQ"
    assert ids.read("01254000001upcKAA9") is None


def test_a_key_finds_makes_and_changes_one(org):
    path = f"/sobjects/Lead/{KEY}/l-1"
    assert org.get(path).status_code == 404
    made = org.patch(path, {"LastName": "Weiß", "Company": "Globex"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = org.patch(path, {"City": "Bonn"})
    assert (again.status_code, again.json()) == (200, made.json() | {"created": False})
    assert org.get(path).json()["City"] == "Bonn"
    assert org.get(f"/sobjects/Lead/{KEY}/L-1").json()["Id"] == made.json()["id"]
    assert code_of(org.patch(path, {KEY: "other"})) == "INVALID_FIELD"
    assert org.patch("/sobjects/Lead/City/Bonn", {}).status_code == 404


def test_a_key_that_several_have_is_300_with_their_addresses(org):
    org.control(f"fields/Lead/{KEY}", {"unique": False})
    several = [org.make(**{KEY: "l-1"}) for _ in range(2)]
    for answer in (
        org.get(f"/sobjects/Lead/{KEY}/l-1"),
        org.patch(f"/sobjects/Lead/{KEY}/l-1", {"City": "Bonn"}),
    ):
        assert answer.status_code == 300
        assert answer.json() == [f"/services/data/v66.0/sobjects/Lead/{id}" for id in several]
    (result,) = org.upsert(lead("l-1"))
    assert result["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert "more than one record found" in result["errors"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "code", "words", "named"),
    [
        (
            {"LastName": None},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            ["LastName"],
        ),
        ({"Company": ""}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", ["Company"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", "(max length=80)", ["LastName"]),
        ({"Email": "jana@"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: jana@", ["Email"]),
        (
            {"NumberOfEmployees": 2**31},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "outside of valid range",
            ["NumberOfEmployees"],
        ),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", "id value of incorrect type: nobody", ["OwnerId"]),
        ({"OwnerId": "005000000000001"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []),
        (
            {"CreatedDate": "2020-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create",
            ["CreatedDate"],
        ),
        ({"Address": None}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create", ["Address"]),
    ],
)
def test_values_that_the_org_does_not_take(org, fields, code, words, named):
    for answer in (
        org.post("/sobjects/Lead", {"LastName": "Weiß", "Company": "Globex"} | fields),
        org.patch(f"/sobjects/Lead/{org.make()}", fields),
    ):
        assert answer.status_code == 400
        (error,) = answer.json()
        assert (error["errorCode"], error["fields"]) == (code, named)
        assert words in error["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("LastName", 5),
        ("AnnualRevenue", "much"),
        ("IsUnreadByOwner", "maybe"),
        ("EmailBouncedDate", "yesterday"),
        ("Email", {"a": 1}),
        ("Email", ["a"]),
        ("NumberOfEmployees", True),
    ],
)
def test_json_of_another_type_is_refused(org, field, value):
    answer = org.patch(f"/sobjects/Lead/{org.make()}", {field: value})
    assert (answer.status_code, code_of(answer)) == (400, "JSON_PARSER_ERROR")
    assert "Cannot deserialize instance of" in answer.text


def test_lists_of_values_may_be_closed_or_open(org):
    id = org.make(LeadSource="Somewhere else")
    assert org.read("Lead", id)["LeadSource"] == "Somewhere else"
    org.control("fields/Lead/LeadSource", {"restrictedPicklist": True})
    answer = org.patch(f"/sobjects/Lead/{id}", {"LeadSource": "Nowhere"})
    assert code_of(answer) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert "bad value for restricted picklist field: Nowhere" in answer.text
    # What stands there already is no matter of another field's change.
    assert org.patch(f"/sobjects/Lead/{id}", {"City": "Bonn"}).status_code == 204
    org.control(
        "fields/Lead/Topics__c",
        {"type": "multipicklist", "restrictedPicklist": True, "picklistValues": ["a", "b"]},
    )
    assert org.read("Lead", org.make(Topics__c="a;b"))["Topics__c"] == "a;b"
    assert (
        code_of(org.post("/sobjects/Lead", lead(Topics__c="a;c")))
        == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )


def test_times_come_with_any_offset_and_go_in_utc(org):
    id = org.make(
        "Task", Subject="Call", ReminderDateTime="2026-11-22T14:00:00+01:00", ActivityDate="2026-11-22"
    )
    read = org.read("Task", id)
    assert read["ReminderDateTime"] == "2026-11-22T13:00:00.000+0000"
    assert read["ActivityDate"] == "2026-11-22"


def test_an_owner_is_somebody_who_is_there_or_a_queue_for_leads(org):
    queues = {
        each["Name"]: each["Id"] for each in org.soql("SELECT Id, Name FROM Group WHERE Type = 'Queue'")
    }
    id = org.make()
    assert org.patch(f"/sobjects/Lead/{id}", {"OwnerId": queues["Triage"]}).status_code == 204
    org.control("users", {"username": "portal@acme.test", "user_type": "PowerPartner"})
    contact = org.make("Contact", LastName="Weiß")
    for path, owner, code in (
        (f"Lead/{id}", org.user("frank@acme.test"), "INACTIVE_OWNER_OR_USER"),
        (f"Lead/{id}", queues["Support"], "INVALID_CROSS_REFERENCE_KEY"),
        (f"Lead/{id}", org.user("portal@acme.test"), "OP_WITH_INVALID_USER_TYPE_EXCEPTION"),
        (f"Contact/{contact}", queues["Triage"], "MALFORMED_ID"),
    ):
        assert code_of(org.patch(f"/sobjects/{path}", {"OwnerId": owner})) == code


def test_another_owner_for_what_is_not_ones_own_needs_a_permission(org):
    bob = org.user("bob@acme.test")
    mine, other = org.make(), org.make(OwnerId=bob)
    org.control("permissions", {"transfer": False})
    assert org.patch(f"/sobjects/Lead/{mine}", {"OwnerId": bob}).status_code == 204
    answer = org.patch(f"/sobjects/Lead/{other}", {"OwnerId": org.user("eva@acme.test")})
    assert (answer.status_code, code_of(answer)) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


def test_a_task_knows_whether_it_is_done_and_belongs_to_one(org):
    account = org.make("Account", Name="Globex")
    contact = org.make("Contact", LastName="Weiß", AccountId=account)
    task = org.make("Task", Subject="Call", WhoId=contact)
    read = org.read("Task", task)
    assert (read["Status"], read["Priority"], read["IsClosed"], read["AccountId"]) == (
        "Not Started",
        "Normal",
        False,
        account,
    )
    assert org.patch(f"/sobjects/Task/{task}", {"Status": "Completed"}).status_code == 204
    assert org.read("Task", task)["IsClosed"] is True
    closed = [
        each["MasterLabel"] for each in org.soql("SELECT MasterLabel FROM TaskStatus WHERE IsClosed = true")
    ]
    assert closed == ["Completed"]
    assert (
        code_of(org.patch(f"/sobjects/Task/{task}", {"TaskSubtype": "Call"}))
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    both = {"Subject": "Call", "WhoId": org.make(), "WhatId": account}
    assert code_of(org.post("/sobjects/Task", both)) == "FIELD_INTEGRITY_EXCEPTION"
    queue = org.soql("SELECT QueueId FROM QueueSobject WHERE SobjectType = 'Task'")[0]["QueueId"]
    assert org.patch(f"/sobjects/Task/{task}", {"OwnerId": queue}).status_code == 204
    org.call("DELETE", f"/sobjects/Contact/{contact}")
    assert code_of(org.post("/sobjects/Task", {"Subject": "Call", "WhoId": contact})) == "ENTITY_IS_DELETED"


def test_a_stage_says_whether_a_deal_is_won(org):
    deal = {"Name": "Rollout", "StageName": "Closed Won", "CloseDate": "2026-12-01", "Amount": 9}
    read = org.read("Opportunity", org.make("Opportunity", **deal))
    assert (read["IsClosed"], read["IsWon"], read["Probability"], read["ForecastCategoryName"]) == (
        True,
        True,
        100.0,
        "Closed",
    )
    assert code_of(org.post("/sobjects/Opportunity", {"Name": "x"})) == "REQUIRED_FIELD_MISSING"


def test_what_is_no_call_is_said_in_the_vendors_form(org):
    assert org.get("/nothing").status_code == 404
    assert code_of(org.call("DELETE", "/sobjects/Lead")) == "METHOD_NOT_ALLOWED"
    assert code_of(org.get("/sobjects/Unicorn/describe")) == "NOT_FOUND"
    broken = org.session.post(f"{org.instance}/services/data/v66.0/sobjects/Lead", data="{no", timeout=5)
    assert (broken.status_code, broken.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert code_of(org.post("/sobjects/Lead", [1])) == "JSON_PARSER_ERROR"
    assert code_of(org.post("/sobjects/User", {"LastName": "x"})) == "INVALID_TYPE_FOR_OPERATION"
    assert (
        org.get(
            "/query", q="SELECT Id FROM Lead WHERE Id IN (" + "'00QgK00008dxImg'," * 1000 + "'x')"
        ).status_code
        == 414
    )
