from __future__ import annotations

import pytest

from tests.crm_sandbox.salesforce.client import KEY, code_of, lead


@pytest.fixture
def people(org):
    """Three leads by key: their ids."""
    bob = org.user("bob@acme.test")
    results = org.upsert(
        lead("jana", FirstName="Jana", Email="jana@globex.example", NumberOfEmployees=5, OwnerId=bob),
        lead("omar", FirstName="Omar", LastName="O'Hara", Company="50% \\ off_er", NumberOfEmployees=50),
        lead("ines", FirstName="Inês", Email="INES@initech.example", IsUnreadByOwner=True),
    )
    return {key: each["id"] for key, each in zip(("jana", "omar", "ines"), results, strict=True)}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Email = 'JANA@globex.example'", "jana"),
        ("Email != 'jana@globex.example'", "omar ines"),
        ("Email <> null", "jana ines"),
        ("Email = null", "omar"),
        ("NumberOfEmployees > 5", "omar"),
        ("NumberOfEmployees <= 50 AND NumberOfEmployees >= 5", "jana omar"),
        ("NumberOfEmployees NOT IN (5)", "omar ines"),
        ("IsUnreadByOwner = true", "ines"),
        ("IsConverted = false", "jana omar ines"),
        ("LastName = 'O\\'Hara'", "omar"),
        ("Company = '50% \\\\ off_er'", "omar"),
        ("Company LIKE '50\\% \\\\%'", "omar"),
        ("Company LIKE '%off\\_er'", "omar"),
        ("Company LIKE '%off\\%er'", ""),
        ("Email LIKE '%@GLOBEX.%'", "jana"),
        ("NOT Email LIKE '%@globex.%'", "omar ines"),
        ("Email IN ('ines@initech.example', 'x')", "ines"),
        ("Owner.Name = 'bob burke'", "jana"),
        ("Owner.Username LIKE 'BOB%' OR FirstName = 'Omar'", "jana omar"),
        ("(FirstName = 'Jana' OR FirstName = 'Omar') AND Email = null", "omar"),
        ("OwnerId IN (SELECT Id FROM User WHERE Email = 'bob@acme.test')", "jana"),
        ("Id NOT IN (SELECT WhoId FROM Task)", "jana omar ines"),
        ("CreatedDate > 2020-01-01T00:00:00Z", "jana omar ines"),
        ("CreatedDate < 2020-01-01T00:00:00.000+02:00", ""),
        ("leadops_id__c IN ('jana','OMAR') and lastname = 'weiß'", "jana"),
    ],
)
def test_conditions(org, people, where, found):
    assert sorted(org.ids(where)) == sorted(people[key] for key in found.split())


def test_an_offset_moves_the_moment(org, people):
    at = org.read("Lead", people["jana"])["SystemModstamp"]
    hour = int(at[11:13])
    if hour < 23:
        east = f"{at[:11]}{hour + 1:02}{at[13:19]}+01:00"
        assert people["jana"] in org.ids(f"SystemModstamp = {east}")
    assert people["jana"] in org.ids(f"SystemModstamp >= {at}")
    # A plus that was not escaped in the address arrives as a blank.
    raw = org.session.get(
        f"{org.instance}/services/data/v66.0/query?q=SELECT+Id+FROM+Lead+WHERE+CreatedDate>2020-01-01T00:00:00+01:00",
        timeout=10,
    )
    assert code_of(raw) == "MALFORMED_QUERY"


def test_order_limit_and_offset(org, people):
    query = "SELECT FirstName FROM Lead ORDER BY FirstName DESC"
    assert [each["FirstName"] for each in org.soql(query)] == ["Omar", "Jana", "Inês"]
    assert [each["FirstName"] for each in org.soql(f"{query} LIMIT 1 OFFSET 1")] == ["Jana"]
    nulls = [each["Email"] for each in org.soql("SELECT Email FROM Lead ORDER BY Email NULLS LAST, Id")]
    assert nulls == ["INES@initech.example", "jana@globex.example", None]
    assert org.soql("SELECT Email FROM Lead ORDER BY Email")[0]["Email"] is None


def test_relationships_of_one_step(org, people):
    triage = org.soql("SELECT QueueId, Queue.Name FROM QueueSobject WHERE SobjectType = 'Lead'")[0]
    assert triage["Queue"]["Name"] == "Triage"
    org.patch(f"/sobjects/Lead/{people['omar']}", {"OwnerId": triage["QueueId"]})
    found = org.soql(
        "SELECT Lead.Id, Owner.Name, Owner.Type, MasterRecord.Name FROM Lead ORDER BY CreatedDate, Id"
    )
    assert [(each["Owner"]["Name"], each["Owner"]["Type"]) for each in found] == [
        ("Bob Burke", "User"),
        ("Triage", "Group"),
        ("leadops Integration", "User"),
    ]
    assert found[0]["MasterRecord"] is None


def test_counting(org, people):
    answer = org.get("/query", q="SELECT COUNT() FROM Lead WHERE Email != null").json()
    assert answer == {"totalSize": 2, "done": True, "records": []}
    (row,) = org.soql("SELECT COUNT(Id) FROM Lead")
    assert row["expr0"] == 3


def test_pages(org):
    for start in range(0, 450, 150):
        org.upsert(*(lead(f"k{number}") for number in range(start, start + 150)))
    answer = org.get(
        "/query", q="SELECT Id FROM Lead ORDER BY Id", headers={"Sforce-Query-Options": "batchSize=200"}
    )
    page = answer.json()
    pages = [page]
    while not page["done"]:
        page = org.session.get(org.instance + page["nextRecordsUrl"], timeout=10).json()
        pages.append(page)
    assert [len(each["records"]) for each in pages] == [200, 200, 50]
    assert {each["totalSize"] for each in pages} == {450}
    ids = [each["Id"] for page in pages for each in page["records"]]
    assert ids == sorted(set(ids))
    assert code_of(org.get("/query/01gnothing-200")) == "INVALID_QUERY_LOCATOR"


def test_deleted_ones_are_seen_by_query_all_only(org, people):
    org.call("DELETE", f"/sobjects/Lead/{people['omar']}")
    assert len(org.soql("SELECT Id FROM Lead")) == 2
    assert org.ids("IsDeleted = true") == []
    assert org.ids("IsDeleted = true", deleted=True) == [people["omar"]]
    assert len(org.ids(f"{KEY} != null", deleted=True)) == 3


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("SELECT Nothing FROM Lead", "INVALID_FIELD", "No such column 'Nothing' on entity 'Lead'"),
        ("SELECT Id FROM Unicorn", "INVALID_TYPE", "sObject type 'Unicorn' is not supported"),
        (
            "SELECT Id FROM Lead WHERE Email = 'a' AND City = 'b' OR City = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Lead WHERE Email = 'a", "MALFORMED_QUERY", "mismatched character"),
        ("SELECT Id FROM Lead WHERE Email = 'a\\x'", "MALFORMED_QUERY", "Illegal string literal"),
        ('SELECT Id FROM Lead WHERE Email = "a"', "MALFORMED_QUERY", "no viable alternative"),
        ("SELECT Id, FROM Lead", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead LIMIT many", "MALFORMED_QUERY", "unexpected token: 'many'"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime",
        ),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE Email = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        (
            "SELECT Id FROM Lead WHERE OwnerId = 'bob'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: bob",
        ),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Owner.Salary FROM Lead", "INVALID_FIELD", "No such column 'Salary'"),
        ("", "MALFORMED_QUERY", "missing"),
    ],
)
def test_what_is_no_query_is_refused_in_the_vendors_words(org, query, code, words):
    answer = org.get("/query", q=query)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert words in answer.json()[0]["message"]


def test_updated_and_deleted_in_a_span(org, people):
    today = org.read("Lead", people["jana"])["SystemModstamp"][:10]
    span = {"start": f"{today}T00:00:00Z", "end": f"{today}T23:59:59Z"}
    org.call("DELETE", f"/sobjects/Lead/{people['omar']}")
    updated = org.get("/sobjects/Lead/updated", **span).json()
    assert set(updated["ids"]) == {people["jana"], people["ines"]}
    assert updated["latestDateCovered"] <= f"{today}T23:59:00.000+0000"
    deleted = org.get("/sobjects/Lead/deleted", **span).json()
    assert [each["id"] for each in deleted["deletedRecords"]] == [people["omar"]]
    assert set(deleted) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    for wrong in (
        {"start": span["end"], "end": span["start"]},
        {"start": f"{today}T10:00:01Z", "end": f"{today}T10:00:59Z"},
        {"start": "2020-01-01T00:00:00Z", "end": span["end"]},
        {"start": "soon", "end": span["end"]},
    ):
        assert code_of(org.get("/sobjects/Lead/updated", **wrong)) == "INVALID_REPLICATION_DATE"
