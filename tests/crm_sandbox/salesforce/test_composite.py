from __future__ import annotations

import pytest

from tests.crm_sandbox.salesforce.client import BASE, KEY, code_of, lead


def part(name, method, path, body=None, **more):
    return {"referenceId": name, "method": method, "url": BASE + path, "body": body} | more


def run(org, *parts, all_or_none=False, headers=None):
    body = {"compositeRequest": list(parts), "allOrNone": all_or_none}
    answer = org.post("/composite", body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["compositeResponse"]


def statuses(answers):
    return [each["httpStatusCode"] for each in answers]


def test_a_part_refers_to_the_answers_before_it(org):
    answers = run(
        org,
        part("leads", "PATCH", f"/composite/sobjects/Lead/{KEY}", {"records": [lead("a"), lead("b")]}),
        part("task", "POST", "/sobjects/Task", {"Subject": "Call", "WhoId": "@{leads[1].id}"}),
        part("found", "GET", "/query?q=SELECT+Id,WhoId+FROM+Task+WHERE+WhoId='@{leads[1].id}'"),
        part("read", "GET", "/sobjects/Lead/@{found.records[0].WhoId}"),
    )
    assert statuses(answers) == [200, 201, 200, 200]
    assert [each["referenceId"] for each in answers] == ["leads", "task", "found", "read"]
    assert answers[3]["body"][KEY] == "b"


def test_it_is_one_call_of_the_day(org):
    before = int(org.get("/limits").headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    run(org, *(part(f"r{number}", "GET", "/sobjects/Lead") for number in range(25)))
    assert org.get("/limits").headers["Sforce-Limit-Info"] == f"api-usage={before + 2}/101000"


def test_what_depends_on_a_failed_part_is_not_run(org):
    answers = run(
        org,
        part(
            "leads",
            "PATCH",
            f"/composite/sobjects/Lead/{KEY}",
            {"records": [lead("a"), lead("b", Email="no")]},
        ),
        part("first", "POST", "/sobjects/Task", {"Subject": "Call", "WhoId": "@{leads[0].id}"}),
        part("second", "POST", "/sobjects/Task", {"Subject": "Call", "WhoId": "@{leads[1].id}"}),
        part("third", "GET", "/sobjects/Task/@{second.id}"),
    )
    assert statuses(answers) == [200, 201, 400, 400]
    for each in answers[2:]:
        assert each["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_all_or_none_takes_everything_back(org):
    answers = run(
        org,
        part("made", "POST", "/sobjects/Lead", {"LastName": "a", "Company": "b"}),
        part("wrong", "POST", "/sobjects/Lead", {"LastName": "a"}),
        part("after", "GET", "/sobjects/Lead"),
        all_or_none=True,
    )
    assert statuses(answers) == [400, 400, 400]
    codes = [each["body"][0]["errorCode"] for each in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert org.soql("SELECT Id FROM Lead") == []
    (made,) = run(
        org, part("made", "POST", "/sobjects/Lead", {"LastName": "a", "Company": "b"}), all_or_none=True
    )
    assert [each["Id"] for each in org.soql("SELECT Id FROM Lead")] == [made["body"]["id"]]


def test_headers_of_the_whole_are_not_those_of_its_parts(org):
    org.control("assignment_rule", {"owner": "Triage"})
    records = {"records": [lead("a")]}
    outer = {"Sforce-Auto-Assign": "FALSE"}
    path = f"/composite/sobjects/Lead/{KEY}"
    run(org, part("leads", "PATCH", path, records), headers=outer)
    assert org.soql("SELECT Owner.Name FROM Lead")[0]["Owner"]["Name"] == "Triage"
    mine = records["records"][0] | {"OwnerId": org.user("bob@acme.test")}
    run(org, part("leads", "PATCH", path, {"records": [mine]}, httpHeaders=outer))
    assert org.soql("SELECT Owner.Name FROM Lead")[0]["Owner"]["Name"] == "Bob Burke"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([part(f"r{number}", "GET", "/sobjects/Lead") for number in range(26)], "LIMIT_EXCEEDED"),
        (
            [part(f"r{number}", "GET", "/query?q=SELECT+Id+FROM+Lead") for number in range(6)],
            "LIMIT_EXCEEDED",
        ),
        ([part("a", "GET", "/limits"), part("a", "GET", "/limits")], "INVALID_INPUT"),
        ([part("a", "GET", "/limits", httpHeaders={"Authorization": "Bearer x"})], "INVALID_INPUT"),
        ([{"method": "GET"}], "JSON_PARSER_ERROR"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_what_is_no_composite_call_is_refused_whole(org, parts, code):
    answer = org.post("/composite", {"compositeRequest": parts})
    assert (answer.status_code, code_of(answer)) == (400, code)
