"""A search tells the same with its indexes as without, and reads no more records than it has to."""

from __future__ import annotations

import sqlite3

import pytest

from crm_sandbox.hubspot import search_plan
from crm_sandbox.hubspot.filters import groups_of
from crm_sandbox.hubspot.kinds import KINDS
from crm_sandbox.hubspot.search_plan import SearchPlan
from crm_sandbox.sandbox import FILE_NAME
from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.client import OBJECTS, Bare

OWNERS = ["71000101", "71000108", ""]
STAGES = ["lead", "customer", "opportunity"]


@pytest.fixture
def people(bare):
    """Sixty contacts whose owners, stages and cities go round; every tenth archived, every seventh changed since."""
    ids = []
    for number in range(60):
        facts = {
            "email": f"k{number}@{'globex' if number % 2 else 'initech'}.example",
            "hubspot_owner_id": OWNERS[number % 3],
            "lifecyclestage": STAGES[number % 3],
            "city": ["Bonn", "Köln"][number % 2],
        }
        ids.append(bare.contact(**facts))
    for id in ids[::10]:
        bare.call("DELETE", f"{OBJECTS}/contacts/{id}")
    for id in ids[5::7]:
        bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": "Rome"}})
    return ids


def moment(bare, id):
    return bare.get(f"{OBJECTS}/contacts/{id}").json()["updatedAt"]


def filters(bare, ids):
    since = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": moment(bare, ids[12])}
    mine = {"propertyName": "hubspot_owner_id", "operator": "EQ", "value": OWNERS[0]}
    ownerless = {"propertyName": "hubspot_owner_id", "operator": "NOT_HAS_PROPERTY"}
    owned = {"propertyName": "hubspot_owner_id", "operator": "HAS_PROPERTY"}
    stages = {"propertyName": "lifecyclestage", "operator": "IN", "values": ["Customer", "lead"]}
    domain = {"propertyName": "hs_email_domain", "operator": "EQ", "value": "GLOBEX.example"}
    exact = {"propertyName": "lastmodifieddate", "operator": "EQ", "value": moment(bare, ids[20 + 1])}
    between = {"propertyName": "hs_object_id", "operator": "BETWEEN", "value": "60", "highValue": "90"}
    numbers = {"propertyName": "hs_object_id", "operator": "IN", "values": ["61", "62", "999"]}
    made = {"propertyName": "createdate", "operator": "LT", "value": moment(bare, ids[31])}
    rome = {"propertyName": "city", "operator": "EQ", "value": "rome"}
    others = {"propertyName": "lifecyclestage", "operator": "NEQ", "value": "lead"}
    return [
        [],
        [[since]],
        [[exact]],
        [[made]],
        [[between]],
        [[numbers]],
        [[mine]],
        [[ownerless]],
        [[since, ownerless]],
        [[mine, since]],
        [[stages, domain]],
        [[rome]],
        [[rome, mine]],
        [[others, since]],
        [[mine], [rome]],
        [[mine], [domain, since], [numbers]],
        [[mine], [stages]],
        [[owned, between], [ownerless, numbers]],
    ]


def all_pages(bare, groups, sorts, *, limit=7):
    found, after, total = [], None, None
    while True:
        body = {"filterGroups": [{"filters": each} for each in groups], "sorts": sorts, "limit": limit}
        answer = bare.post(f"{OBJECTS}/contacts/search", body | ({"after": after} if after else {})).json()
        found += [each["id"] for each in answer["results"]]
        total = answer["total"]
        if "paging" not in answer:
            return found, total
        after = answer["paging"]["next"]["after"]


SORTS = [
    [],
    [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
    [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}],
    ["-hs_object_id"],
    ["createdate"],
    [{"propertyName": "city", "direction": "DESCENDING"}],
]


def without_index(kind, *, groups):
    return SearchPlan("kind = ? AND archived_at IS NULL", [kind.name], is_whole=False)


def test_it_finds_the_same_with_its_indexes_as_without(bare, people, monkeypatch):
    asked = [(groups, sorts) for groups in filters(bare, people) for sorts in SORTS]
    with_index = [all_pages(bare, *each) for each in asked]
    monkeypatch.setattr(search_plan, "plan", without_index)
    assert [all_pages(bare, *each) for each in asked] == with_index
    assert all(len(found) == total == len(set(found)) for found, total in with_index)
    assert sum(0 < total < 54 for _, total in with_index) > 60


@pytest.mark.parametrize(
    ("groups", "steps"),
    [
        ([[("lastmodifieddate", "GTE", "1700000000000")]], ["records_changed"]),
        ([[("createdate", "GTE", "1700000000000")]], ["records_created"]),
        ([[("email", "EQ", "a@example.test")]], ["search_values"]),
        (
            [[("lastmodifieddate", "GTE", "1700000000000"), ("hubspot_owner_id", "EQ", "1")]],
            ["search_values"],
        ),
        ([[("email", "EQ", "a@b.test")], [("hs_email_domain", "EQ", "b.test")]], ["search_values"]),
    ],
)
def test_it_asks_an_index_and_walks_through_nothing(sandbox, groups, steps):
    portal, kind = sandbox.sandbox.portal, KINDS["contacts"]
    asked = [
        {"filters": [dict(zip(("propertyName", "operator", "value"), each, strict=True)) for each in group]}
        for group in groups
    ]
    with portal.store.reading() as db:
        body = {"filterGroups": asked}
        plan = search_plan.plan(
            kind, groups=groups_of(body, definitions=portal.definitions(db, kind="contacts"))
        )
        explained = [
            row["detail"]
            for row in db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM records WHERE {plan.where}", plan.values)
        ]
    assert plan.is_whole
    assert all(any(step in line for line in explained) for step in steps)
    # A walk by kind alone is one through every record; "SCAN" is one through everything.
    assert not any(line.startswith("SCAN records") or line.endswith("(kind=?)") for line in explained), (
        explained
    )


def test_a_file_from_before_the_index_is_searched_as_one_with_it(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        id = bare.contact(email="a@example.test")
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("DROP TABLE search_values")
    with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "email", "operator": "EQ", "value": "a@example.test"}]}
            ]
        }
        assert [each["id"] for each in bare.post(f"{OBJECTS}/contacts/search", body).json()["results"]] == [
            id
        ]


def test_a_search_goes_ten_thousand_deep_and_no_further(bare):
    body = {"limit": 200, "after": "9800"}
    assert bare.post(f"{OBJECTS}/contacts/search", body).status_code == 200
    assert bare.post(f"{OBJECTS}/contacts/search", body | {"after": "9801"}).status_code == 400


def test_the_total_of_a_search_follows_each_write(bare):
    asked = {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "GTE", "value": "0"}]}]}

    def total():
        return bare.post(f"{OBJECTS}/contacts/search", asked).json()["total"]

    assert total() == 0
    id = bare.contact(email="a@example.test")
    assert [total(), total()] == [1, 1]
    assert bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test"}}).status_code == 409
    assert total() == 1
    bare.call("DELETE", f"{OBJECTS}/contacts/{id}")
    assert total() == 0
    bare.contact(email="b@example.test")
    bare.post("/control/reset")
    assert total() == 0
