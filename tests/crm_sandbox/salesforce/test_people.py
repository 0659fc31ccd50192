"""What people do in the org, by control."""

from __future__ import annotations

import pytest
import requests

from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.salesforce.client import KEY, Bare, code_of, codes, lead


def test_a_person_makes_changes_and_owns(org):
    fields = {"LastName": "Weiß", "Company": "Globex", "Email": "jana@globex.example"}
    id = org.control("Lead", {"fields": fields, "owner": "bob@acme.test", "by": "eva@acme.test"})["id"]
    read = org.read("Lead", id)
    assert (read["CreatedById"], read["OwnerId"]) == (org.user("eva@acme.test"), org.user("bob@acme.test"))
    org.control(f"Lead/{id}", {"fields": {"City": "Bonn"}}, method="PATCH")
    assert org.read("Lead", id)["LastModifiedById"] == org.user("admin@acme.test")
    org.control(f"Lead/{id}/owner", {"owner": "Triage", "by": "bob@acme.test"})
    assert org.read("Lead", id)["OwnerId"].startswith("00G")
    several = org.control("Lead", [{"fields": fields}, {"fields": fields}])["ids"]
    assert len(set(several)) == 2


def test_conversion_makes_a_contact_that_has_the_tasks(org):
    (made,) = org.upsert(lead("a", Email="jana@globex.example", FirstName="Jana", City="Bonn"))
    task = org.make("Task", Subject="Call", WhoId=made["id"])
    ends = org.control(f"Lead/{made['id']}/convert", {"opportunity": "Rollout", "by": "bob@acme.test"})
    read = org.read("Lead", made["id"])
    assert read["IsConverted"] is True
    assert (read["ConvertedAccountId"], read["ConvertedContactId"], read["ConvertedOpportunityId"]) == (
        ends["accountId"],
        ends["contactId"],
        ends["opportunityId"],
    )
    assert (read["Status"], len(read["ConvertedDate"])) == ("Closed - Converted", 10)
    contact = org.read("Contact", ends["contactId"])
    assert (contact["Email"], contact["MailingCity"], contact["AccountId"]) == (
        "jana@globex.example",
        "Bonn",
        ends["accountId"],
    )
    assert org.read("Account", ends["accountId"])["Name"] == "Globex"
    (role,) = org.soql("SELECT OpportunityId, ContactId, IsPrimary FROM OpportunityContactRole")
    assert [role[name] for name in ("OpportunityId", "ContactId", "IsPrimary")] == [
        ends["opportunityId"],
        ends["contactId"],
        True,
    ]
    assert org.read("Task", task)["WhoId"] == ends["contactId"]
    assert org.ids(f"IsConverted = true AND ConvertedContactId = '{ends['contactId']}'") == [made["id"]]
    assert codes(org.upsert(lead("a", City="Berlin"))) == ["CANNOT_UPDATE_CONVERTED_LEAD"]
    assert (
        code_of(org.post("/sobjects/Task", {"Subject": "x", "WhoId": made["id"]}))
        == "CANNOT_UPDATE_CONVERTED_LEAD"
    )
    org.control("permissions", {"edit_converted": True})
    assert codes(org.upsert(lead("a", City="Berlin"))) == [""]
    converted = org.soql("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true")
    assert [each["MasterLabel"] for each in converted] == ["Closed - Converted"]


def test_conversion_into_what_is_there(org):
    account = org.make("Account", Name="Globex")
    contact = org.make("Contact", LastName="Weiß", AccountId=account)
    id = org.make()
    ends = org.control(f"Lead/{id}/convert", {"account": account, "contact": contact})
    assert ends == {"accountId": account, "contactId": contact, "opportunityId": None}
    assert org.soql("SELECT Id FROM Opportunity") == []


def test_a_merge_leaves_the_winner_and_frees_the_losers_key(org):
    winner, loser = (each["id"] for each in org.upsert(lead("a"), lead("b", City="Bonn", Phone="1")))
    task = org.make("Task", Subject="Call", WhoId=loser)
    org.control("Lead/merge", {"master": winner, "others": [loser]})
    read = org.read("Lead", winner)
    assert (read[KEY], read["City"], read["Phone"]) == ("a", "Bonn", "1")
    (gone,) = org.soql("SELECT Id, IsDeleted, MasterRecordId FROM Lead WHERE IsDeleted = true", deleted=True)
    assert (gone["Id"], gone["MasterRecordId"]) == (loser, winner)
    assert org.read("Task", task)["WhoId"] == winner
    (again,) = org.upsert(lead("b"))
    assert again["created"] is True
    assert again["id"] not in (winner, loser)
    answer = requests.post(f"{org.url}/control/salesforce/Lead/{loser}/undelete", json={}, timeout=10)
    assert answer.status_code == 404


def test_what_is_deleted_comes_back_unless_its_key_is_taken(org):
    (made,) = org.upsert(lead("a"))
    org.control(f"Lead/{made['id']}", method="DELETE")
    assert org.ids("Id != null") == []
    org.control(f"Lead/{made['id']}/undelete")
    assert org.ids("Id != null") == [made["id"]]
    org.control(f"Lead/{made['id']}", method="DELETE")
    org.upsert(lead("a"))
    answer = requests.post(f"{org.url}/control/salesforce/Lead/{made['id']}/undelete", json={}, timeout=10)
    assert (answer.status_code, "DUPLICATE_VALUE" in answer.text) == (400, True)


def test_what_was_done_is_a_completed_task(org):
    id = org.make()
    org.control("activities", {"kind": "call", "who": id, "owner": "bob@acme.test", "text": "Nobody there"})
    org.control("activities", {"kind": "email", "who": id})
    tasks = org.soql(
        f"SELECT Subject, TaskSubtype, IsClosed, Owner.Name, CallType FROM Task WHERE WhoId = '{id}'"
    )
    shown = [
        (each["Subject"], each["TaskSubtype"], each["IsClosed"], each["Owner"]["Name"]) for each in tasks
    ]
    assert shown == [("Call", "Call", True, "Bob Burke"), ("Email", "Email", True, "System Administrator")]
    read = org.read("Lead", id)
    assert len(read["LastActivityDate"]) == 10
    # It moves no stamp.
    assert read["LastModifiedById"] == org.user("leadops@acme.test")
    contact = org.make("Contact", LastName="Weiß")
    met = {"kind": "meeting", "who": contact, "owner": "bob@acme.test", "at": "2026-03-01T10:00:00+01:00"}
    org.control("activities", met)
    (event,) = org.soql("SELECT StartDateTime, DurationInMinutes, Owner.Name FROM Event")
    assert (event["StartDateTime"], event["DurationInMinutes"]) == ("2026-03-01T09:00:00.000+0000", 30)
    assert org.read("Contact", contact)["LastActivityDate"] == "2026-03-01"


def test_a_deal_is_won_and_lost(org):
    fields = {"Name": "Rollout", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    id = org.control("Opportunity", {"fields": fields, "owner": "bob@acme.test"})["id"]
    org.control(f"Opportunity/{id}/won")
    assert [org.read("Opportunity", id)[name] for name in ("StageName", "IsWon")] == ["Closed Won", True]
    org.control(f"Opportunity/{id}/lost")
    assert [org.read("Opportunity", id)[name] for name in ("IsClosed", "IsWon")] == [True, False]


def test_users_share_addresses_and_queues_have_members(org):
    org.control(
        "users",
        {"username": "bob@acme.test.eu", "email": "bob@acme.test", "name": "Bob Burke", "federation": "bb"},
    )
    found = org.soql(
        "SELECT Username, FederationIdentifier FROM User WHERE Email = 'bob@acme.test' ORDER BY Username"
    )
    assert [(each["Username"], each["FederationIdentifier"]) for each in found] == [
        ("bob@acme.test", None),
        ("bob@acme.test.eu", "bb"),
    ]
    org.control("users", {"username": "bob@acme.test", "active": False})
    (left,) = org.soql("SELECT Name, IsActive FROM User WHERE Username = 'bob@acme.test'")
    assert (left["Name"], left["IsActive"]) == ("Bob Burke", False)
    org.control("queues", {"name": "Fast lane", "objects": ["Lead"], "members": ["eva@acme.test"]})
    members = org.soql("SELECT UserOrGroup.Name FROM GroupMember WHERE Group.Name = 'Fast lane'")
    assert [each["UserOrGroup"]["Name"] for each in members] == ["Eva Ernst"]
    queues = org.soql("SELECT Queue.Name FROM QueueSobject WHERE SobjectType = 'Lead' ORDER BY Queue.Name")
    assert [each["Queue"]["Name"] for each in queues] == ["Fast lane", "Nurture", "Partner desk", "Triage"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Lead", {"fields": {"LastName": "x"}}),
        ("Lead", {"fields": {"Nothing": "x"}}),
        ("Lead", {"fields": {"LastName": "x", "Company": "y"}, "owner": "nobody"}),
        ("Lead", {"fields": {"LastName": "x", "Company": "y"}, "by": "nobody"}),
        ("Unicorn", {"fields": {}}),
        ("Lead/00QgK00008dxAAA/owner", {"owner": "Triage"}),
        ("Lead/merge", {"master": "x", "others": "y"}),
        ("Lead/x/convert", {}),
        ("activities", {"kind": "fax"}),
    ],
)
def test_it_says_what_a_person_cannot_do(org, path, body):
    answer = requests.post(f"{org.url}/control/salesforce/{path}", json=body, timeout=10)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


def test_everything_but_sessions_outlives_a_restart_and_nothing_a_reset(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as org:
        org.log_in().upsert(lead("a"))
        org.control("assignment_rule", {"owner": "Triage"})
        org.control("fields/Lead/Score__c", {"type": "double"})
        before = org.session.headers["Authorization"]
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as org:
        org.log_in()
        assert org.session.headers["Authorization"] != before
        (result,) = org.upsert(lead("a", Score__c=3), headers={})
        assert result["created"] is False
        assert org.read("Lead", result["id"])["OwnerId"].startswith("00G")
        requests.post(f"{server.url}/control/reset", timeout=10)
        assert org.get("/limits").status_code == 401
        org.log_in()
        assert org.soql("SELECT Id FROM Lead") == []
        assert org.control("assignment_rule", method="GET") == {"owner": ""}
        assert code_of(org.get("/query", q="SELECT Score__c FROM Lead")) == "INVALID_FIELD"
