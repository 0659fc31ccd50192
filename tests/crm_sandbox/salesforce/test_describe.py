from __future__ import annotations

from pathlib import Path

import pytest

from crm_sandbox.salesforce import describe_shapes
from crm_sandbox.salesforce.ids import PREFIXES
from tests.crm_sandbox.salesforce.client import KEY, code_of, lead

DATA = Path(describe_shapes.__file__).parent / "data"


def fields(org, type="Lead"):
    return {each["name"]: each for each in org.get(f"/sobjects/{type}/describe").json()["fields"]}


def test_a_describe_has_what_a_recorded_one_has(org):
    found = fields(org)
    assert (found["LastName"]["length"], found["LastName"]["nillable"], found["LastName"]["byteLength"]) == (
        80,
        False,
        240,
    )
    assert found["OwnerId"]["referenceTo"] == ["Group", "User"]
    status = found["Status"]
    assert [each["value"] for each in status["picklistValues"] if each["defaultValue"]] == [
        "Open - Not Contacted"
    ]
    assert (status["restrictedPicklist"], status["defaultedOnCreate"]) == (False, True)
    required = {
        name
        for name, each in found.items()
        if each["createable"] and not each["nillable"] and not each["defaultedOnCreate"]
    }
    assert required == {"LastName", "Company"}
    key = found[KEY]
    assert (key["externalId"], key["unique"], key["idLookup"], key["custom"]) == (True, True, True, True)


def test_every_object_is_listed_and_described_in_one_form(org):
    listed = org.get("/sobjects").json()["sobjects"]
    assert {each["name"]: each["keyPrefix"] for each in listed} == PREFIXES
    whole = org.get("/sobjects/Lead/describe").json()
    for each in listed:
        described = org.get(each["urls"]["describe"].partition("v66.0")[2]).json()
        assert set(described) == set(whole)
        for field in described["fields"]:
            assert set(field) == set(whole["fields"][0]), field["name"]
            assert set(field["referenceTo"]) <= {*PREFIXES, "Group"}
    assert (DATA / "LICENSE").exists()
    assert {path.stem for path in DATA.glob("*.json")} == {*PREFIXES, "countries"}


def test_nothing_is_sent_again_while_nothing_has_changed(org):
    for path in ("/sobjects", "/sobjects/Lead/describe"):
        first = org.get(path)
        seen = {"If-Modified-Since": first.headers["Last-Modified"]}
        again = org.get(path, headers=seen)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Last-Modified"] == first.headers["Last-Modified"]
        # A permission of the user is a change too.
        org.control("permissions", {"hidden": {"Lead": ["Phone"]}})
        assert org.get(path, headers=seen).status_code == 200
        assert org.get(path, headers={"If-Modified-Since": "never"}).status_code == 200


def test_a_hidden_field_does_not_exist_for_the_user(org):
    id = org.make(Phone="123")
    org.control("permissions", {"hidden": {"Lead": ["Phone"]}})
    assert "Phone" not in fields(org)
    assert "Phone" not in org.read("Lead", id)
    answer = org.patch(f"/sobjects/Lead/{id}", {"Phone": "456"})
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_FIELD")
    assert "No such column 'Phone'" in answer.text
    assert code_of(org.get("/query", q="SELECT Phone FROM Lead")) == "INVALID_FIELD"


def test_an_object_that_may_not_be_read_does_not_exist(org):
    org.control("permissions", {"denied": {"Task": ["read"], "Lead": ["create"]}})
    assert "Task" not in [each["name"] for each in org.get("/sobjects").json()["sobjects"]]
    assert code_of(org.get("/sobjects/Task/describe")) == "INVALID_TYPE"
    assert code_of(org.get("/query", q="SELECT Id FROM Task")) == "INVALID_TYPE"
    described = org.get("/sobjects/Lead/describe").json()
    assert (described["createable"], described["updateable"]) == (False, True)
    assert (
        code_of(org.post("/sobjects/Lead", {"LastName": "a", "Company": "b"}))
        == "INSUFFICIENT_ACCESS_OR_READONLY"
    )


def test_without_view_all_only_own_records_are_seen(org):
    mine, other = org.make(), org.make(OwnerId=org.user("bob@acme.test"))
    org.control("permissions", {"denied": {"Lead": ["view_all"]}})
    assert [each["Id"] for each in org.soql("SELECT Id FROM Lead")] == [mine]
    assert org.get("/query", q="SELECT COUNT() FROM Lead").json()["totalSize"] == 1
    assert org.get(f"/sobjects/Lead/{other}").status_code == 404


def test_an_admin_makes_changes_and_drops_fields(org):
    org.control("fields/Lead/Score__c", {"type": "double", "precision": 5, "scale": 0, "label": "Score"})
    assert org.read("Lead", org.make(Score__c=12))["Score__c"] == 12.0
    org.control("fields/Lead/Rating", {"restrictedPicklist": True, "picklistValues": ["Hot", "Cold"]})
    assert [each["value"] for each in fields(org)["Rating"]["picklistValues"]] == ["Hot", "Cold"]
    org.control("fields/Lead/Score__c", method="DELETE")
    assert "Score__c" not in fields(org)
    org.control(f"fields/Lead/{KEY}", method="DELETE")
    answer = org.patch(f"/composite/sobjects/Lead/{KEY}", {"records": [{"attributes": {"type": "Lead"}}]})
    assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")


def test_a_key_on_another_object_is_made_like_any_field(org):
    assert KEY not in fields(org, "Task")
    org.control(f"fields/Task/{KEY}", {"type": "string", "length": 36, "externalId": True, "unique": True})
    path = f"/sobjects/Task/{KEY}/t-1"
    assert org.patch(path, {"Subject": "Call"}).status_code == 201
    assert org.patch(path, {"Subject": "Call again"}).status_code == 200
    assert [each["Subject"] for each in org.soql("SELECT Subject FROM Task")] == ["Call again"]


def test_countries_and_states_are_lists_where_the_admin_has_made_them_so(org):
    assert "CountryCode" not in fields(org)
    assert org.upsert(lead("a", Country="Nowhere"))[0]["success"]
    org.org(state_country_picklists=True)
    found = fields(org)
    assert len(found["CountryCode"]["picklistValues"]) == 235
    assert found["StateCode"]["restrictedPicklist"]
    results = org.upsert(
        lead("b", CountryCode="US", StateCode="CA"),
        lead("c", Country="United States", State="California"),
        lead("d", Country="Nowhere"),
        lead("e", State="California"),
        lead("f", CountryCode="DE", StateCode="CA"),
        lead("g", CountryCode="XX"),
        lead("h", Country="Germany"),
    )
    words = [each["errors"][0]["message"] if each["errors"] else "" for each in results]
    assert [each["success"] for each in results] == [True, True, False, False, False, False, True]
    assert "There's a problem with this country" in words[2]
    assert "must be specified before specifying a state" in words[3]
    assert "There's a problem with this state" in words[4]
    assert results[5]["errors"][0]["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    for key in "bc":
        read = org.get(f"/sobjects/Lead/{KEY}/{key}").json()
        assert [read[name] for name in ("Country", "CountryCode", "State", "StateCode")] == [
            "United States",
            "US",
            "California",
            "CA",
        ]
        assert read["Address"]["countryCode"] == "US"


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("fields/Lead/New", {"type": "string"}),
        ("fields/Lead/New__c", {"type": "poem"}),
        ("fields/Lead/New__c", {"type": "string", "colour": "red"}),
        ("fields/Unicorn/New__c", {"type": "string"}),
        ("permissions", {"denied": {"Lead": ["fly"]}}),
        ("permissions", {"hidden": {"Unicorn": []}}),
        ("permissions", {"user": "nobody@acme.test"}),
    ],
)
def test_it_says_what_an_admin_cannot_do(org, path, wrong):
    answer = org.session.post(f"{org.url}/control/salesforce/{path}", json=wrong, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
