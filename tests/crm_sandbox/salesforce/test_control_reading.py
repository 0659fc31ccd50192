"""What stands in the org and what was written to it, read by control."""

from __future__ import annotations

import pytest
import requests

from crm_sandbox.salesforce import control_reading
from tests.crm_sandbox.salesforce.client import lead


def test_a_record_is_read_by_id_and_by_a_value_while_the_api_is_out_of_order(org):
    (made,) = org.upsert(lead("a", Email="jana@globex.example"))
    fault = {"target": "salesforce", "kind": "status", "status": 503}
    requests.post(f"{org.url}/control/faults", json=fault, timeout=10).raise_for_status()
    assert org.get("/query", q="SELECT Id FROM Lead").status_code == 503
    read = org.control(f"Lead/{made['id']}", method="GET")
    assert (read["id"], read["deleted"], read["fields"]["leadops_id__c"]) == (made["id"], False, "a")
    assert org.control("Lead/JANA@globex.example?field=email", method="GET") == read
    org.control(f"Lead/{made['id']}", method="DELETE")
    assert org.control(f"Lead/{made['id'][:15]}", method="GET")["deleted"] is True
    gone = requests.get(f"{org.url}/control/salesforce/Lead/jana@globex.example?field=Email", timeout=10)
    assert gone.status_code == 404


def test_all_records_come_page_by_page(org, monkeypatch):
    monkeypatch.setattr(control_reading, "MOST", 2)
    made = [each["id"] for each in org.upsert(lead("a"), lead("b"), lead("c"))]
    org.control(f"Lead/{made[0]}", method="DELETE")
    first = org.control("Lead", method="GET")
    last = org.control(f"Lead?after={first['after']}", method="GET")
    assert [each["id"] for each in first["records"] + last["records"]] == made
    assert [each["deleted"] for each in first["records"]] == [True, False]
    assert last["after"] is None


def test_every_write_is_told_with_whose_it_is_and_what_is_another_value_since(org):
    (made,) = org.upsert(lead("a", Phone="1"))
    org.control(f"Lead/{made['id']}/owner", {"owner": "bob@acme.test", "by": "eva@acme.test"})
    org.control(f"Lead/{made['id']}", {"fields": {"Phone": None}}, method="PATCH")
    org.make("Task", WhoId=made["id"], Status="Completed", Subject="Call")
    org.control(f"Lead/{made['id']}", method="DELETE")
    told = org.control("Lead/changes", method="GET")["changes"]
    assert {each["id"] for each in told} == {made["id"]}
    assert [each["by"] for each in told] == ["leadops@acme.test", "eva@acme.test", *["admin@acme.test"] * 2]
    assert (told[0]["fields"]["Phone"], told[0]["fields"]["leadops_id__c"]) == ("1", "a")
    assert [each["fields"] for each in told[1:]] == [
        {"OwnerId": org.user("bob@acme.test")},
        {"Phone": None},
        {"IsDeleted": True},
    ]


def test_what_a_refused_call_would_have_written_is_not_told(org):
    org.upsert(lead("a"), lead("b", Email="no address"), all_or_none=True)
    assert org.control("Lead/changes", method="GET") == {"changes": [], "after": None}


def test_changes_come_page_by_page_and_of_known_objects(org, monkeypatch):
    monkeypatch.setattr(control_reading, "MOST", 2)
    org.upsert(lead("a"), lead("b"), lead("c"))
    first = org.control("Lead/changes", method="GET")
    last = org.control(f"Lead/changes?after={first['after']}", method="GET")
    keys = [each["fields"]["leadops_id__c"] for each in first["changes"] + last["changes"]]
    assert (keys, last["after"]) == (["a", "b", "c"], None)


@pytest.mark.parametrize("path", ["User/changes", "Lead/changes?after=x", "Lead/a?field=Nothing"])
def test_what_cannot_be_read_is_said(org, path):
    answer = requests.get(f"{org.url}/control/salesforce/{path}", timeout=10)
    assert (answer.status_code, "error" in answer.json()) == (400, True)
