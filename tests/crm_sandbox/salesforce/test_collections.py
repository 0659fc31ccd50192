from __future__ import annotations

import threading

import pytest
import requests

from tests.crm_sandbox.salesforce.client import KEY, Bare, code_of, codes, lead

COLLECTION = f"/composite/sobjects/Lead/{KEY}"


def test_each_record_is_answered_in_its_place(org):
    org.upsert(lead("b"))
    results = org.upsert(lead("a"), lead("b", City="Bonn"), lead("c", Email="no"), lead("d"))
    assert codes(results) == ["", "", "INVALID_EMAIL_ADDRESS", ""]
    assert [each["created"] for each in results] == [True, False, False, True]
    assert results[0] == {"id": results[0]["id"], "success": True, "errors": [], "created": True}
    assert set(results[2]) == {"success", "errors", "created"}
    assert results[2]["errors"] == [
        {
            "statusCode": "INVALID_EMAIL_ADDRESS",
            "message": "Email: invalid email address: no",
            "fields": ["Email"],
        }
    ]
    assert org.read("Lead", results[1]["id"])["City"] == "Bonn"
    assert len(org.soql("SELECT Id FROM Lead")) == 3


def test_all_or_none_belongs_in_the_body(org):
    results = org.upsert(lead("a"), lead("b", Email="no"), all_or_none=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMAIL_ADDRESS"]
    assert org.soql("SELECT Id FROM Lead") == []
    org.patch(f"{COLLECTION}?allOrNone=true", {"records": [lead("a"), lead("b", Email="no")]})
    assert len(org.soql("SELECT Id FROM Lead")) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [lead("a"), lead("b", Nothing="x")]}, "INVALID_FIELD"),
        ({"records": [lead("a"), lead("b", City=5)]}, "JSON_PARSER_ERROR"),
        ({"records": [lead("a"), lead("b", Id="00QgK00008dxImg")]}, "INVALID_FIELD"),
        ({"records": [lead("a"), {"LastName": "b"}]}, "INVALID_TYPE"),
        ({"records": [lead("a"), lead("b") | {"attributes": {"type": "Contact"}}]}, "INVALID_TYPE"),
        ({"records": [lead(f"k{number}") for number in range(201)]}, "EXCEEDED_ID_LIMIT"),
        ({"records": []}, "MISSING_ARGUMENT"),
        ({"records": [lead("a")], "allornone": True}, "JSON_PARSER_ERROR"),
        ([lead("a")], "JSON_PARSER_ERROR"),
    ],
)
def test_one_fault_of_form_fails_the_whole_call(org, body, code):
    answer = org.patch(COLLECTION, body)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert org.soql("SELECT Id FROM Lead") == []


def test_a_key_twice_in_a_call_fails_both_and_none_fails_that_one(org):
    results = org.upsert(lead("a"), lead("b"), lead("A"), lead(""))
    assert codes(results) == ["DUPLICATE_EXTERNAL_ID", "", "DUPLICATE_EXTERNAL_ID", "MISSING_ARGUMENT"]
    assert "Duplicate external id specified" in results[0]["errors"][0]["message"]


def test_of_two_calls_that_race_one_makes_the_record_and_the_other_hears_of_it(org, sandbox):
    org.org(write_ms=300)
    answers = []

    def write():
        with Bare(sandbox.url) as other:
            answers.append(other.log_in().upsert(lead("a"), lead("b")))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes(each)[0] for each in answers) == ["", "DUPLICATE_VALUE"]
    (lost,) = [each for each in answers if not each[0]["success"]]
    (won,) = [each for each in answers if each[0]["success"]]
    words = f"duplicate value found: {KEY} duplicates value on record with id: {won[0]['id'][:15]}"
    assert lost[0]["errors"] == [{"statusCode": "DUPLICATE_VALUE", "message": words, "fields": []}]
    assert [each["created"] for each in org.upsert(lead("a"), lead("b"))] == [False, False]
    assert len(org.soql("SELECT Id FROM Lead")) == 2


def test_records_are_made_and_changed_by_id_too(org):
    contact = {"attributes": {"type": "Contact"}, "LastName": "Weiß"}
    made = org.post("/composite/sobjects", {"records": [lead(), contact, lead(Email="no")]}).json()
    assert codes(made) == ["", "", "INVALID_EMAIL_ADDRESS"]
    assert "created" not in made[0]
    changes = [
        lead(Id=made[0]["id"], City="Bonn"),
        contact | {"Id": made[1]["id"], "Title": "CTO"},
        lead(City="Bonn"),
        lead(Id="00QgK00008dxAAA"),
        lead(Id="wrong"),
    ]
    changed = org.patch("/composite/sobjects", {"records": changes}).json()
    assert codes(changed) == ["", "", "MISSING_ARGUMENT", "NOT_FOUND", "MALFORMED_ID"]
    assert org.read("Contact", made[1]["id"])["Title"] == "CTO"


def test_many_are_read_by_id_and_those_that_are_not_there_are_null(org):
    first, second = org.make(City="Bonn"), org.make()
    org.call("DELETE", f"/sobjects/Lead/{second}")
    body = {"ids": [second, first[:15], "00QgK00008dxAAA", "nonsense"], "fields": ["City"]}
    expected = [None, {"Id": first, "City": "Bonn"}, None, None]
    found = org.post("/composite/sobjects/Lead", body).json()
    assert [each and {"Id": each["Id"], "City": each["City"]} for each in found] == expected
    answer = org.get("/composite/sobjects/Lead", ids=f"{first},{second}", fields="City")
    assert [each and each["City"] for each in answer.json()] == ["Bonn", None]
    assert code_of(org.post("/composite/sobjects/Lead", body | {"fields": ["Nothing"]})) == "INVALID_FIELD"
    too_many = {"ids": ["00QgK00008dxAAA"] * 2001, "fields": ["City"]}
    assert org.post("/composite/sobjects/Lead", too_many).status_code == 400


def test_many_are_deleted_and_all_or_none_is_a_parameter_there(org):
    several = [org.make() for _ in range(3)]
    path = "/composite/sobjects"
    wrong = org.call(
        "DELETE", path, params={"ids": f"{several[0]},00QgK00008dxAAA", "allOrNone": "true"}
    ).json()
    assert codes(wrong) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY"]
    right = org.call("DELETE", path, params={"ids": ",".join(several[:2])}).json()
    assert codes(right) == ["", ""]
    assert [each["Id"] for each in org.soql("SELECT Id FROM Lead")] == several[2:]


def test_full_storage_lets_changes_through(org):
    org.upsert(lead("a"))
    org.org(storage_full=True)
    assert codes(org.upsert(lead("a", City="Bonn"), lead("b"))) == ["", "STORAGE_LIMIT_EXCEEDED"]
    assert org.get("/limits").json()["DataStorageMB"]["Remaining"] == 0


def test_a_share_of_the_records_fails_where_that_is_asked_for(org):
    fault = {"target": "salesforce", "kind": "partial", "rate": 1, "times": 1}
    requests.post(f"{org.url}/control/faults", json=fault, timeout=10)
    assert codes(org.upsert(lead("a"), lead("b"))) == ["UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW"]
    assert codes(org.upsert(lead("a"), lead("b"))) == ["", ""]


def test_two_hundred_at_once(org):
    records = [lead(f"k{number}", Email=f"p{number}@globex.example") for number in range(200)]
    assert codes(org.upsert(*records)) == [""] * 200
    assert [each["created"] for each in org.upsert(*records)] == [False] * 200
