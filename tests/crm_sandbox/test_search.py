from __future__ import annotations

import pytest
from hubspot.crm.contacts import ApiException, PublicObjectSearchRequest


@pytest.fixture
def people(bare):
    made = {}
    for name, city, owner in (("Ada", "Bonn", "71000101"), ("Bo", "Berlin", "71000108"), ("Cy", "", "")):
        facts = {"email": f"{name}@example.test", "firstname": name, "city": city, "hubspot_owner_id": owner}
        made[bare.contact(**facts)] = name
    return made


def search(sdk, people, **request):
    found = sdk.crm.contacts.search_api.do_search(PublicObjectSearchRequest(**request))
    assert found.total >= len(found.results)
    return [people[each.id] for each in found.results]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"propertyName": "email", "operator": "EQ", "value": "BO@example.test"}, ["Bo"]),
        ({"propertyName": "city", "operator": "EQ", "value": "Bonn"}, ["Ada"]),
        ({"propertyName": "city", "operator": "NEQ", "value": "Bonn"}, ["Bo"]),
        ({"propertyName": "city", "operator": "HAS_PROPERTY"}, ["Ada", "Bo"]),
        ({"propertyName": "city", "operator": "NOT_HAS_PROPERTY"}, ["Cy"]),
        ({"propertyName": "city", "operator": "IN", "values": ["bonn", "rome"]}, ["Ada"]),
        ({"propertyName": "city", "operator": "NOT_IN", "values": ["bonn", "rome"]}, ["Bo"]),
        (
            {"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@example.test"},
            ["Ada", "Bo", "Cy"],
        ),
        ({"propertyName": "email", "operator": "NOT_CONTAINS_TOKEN", "value": "bo"}, ["Ada", "Cy"]),
        ({"propertyName": "hs_object_id", "operator": "GT", "value": "52"}, ["Cy"]),
        ({"propertyName": "hs_object_id", "operator": "LTE", "value": "52"}, ["Ada", "Bo"]),
        (
            {"propertyName": "hs_object_id", "operator": "BETWEEN", "value": "52", "highValue": "100"},
            ["Bo", "Cy"],
        ),
        (
            {"propertyName": "createdate", "operator": "GTE", "value": "2026-01-01T00:00:00Z"},
            ["Ada", "Bo", "Cy"],
        ),
        ({"propertyName": "createdate", "operator": "LT", "value": "1577836800000"}, []),
    ],
)
def test_it_filters(sdk, people, filter, expected):
    assert search(sdk, people, filter_groups=[{"filters": [filter]}]) == expected


def test_it_takes_any_group_and_all_filters_of_one(sdk, people):
    bonn = {"propertyName": "city", "operator": "EQ", "value": "Bonn"}
    bob = {"propertyName": "hubspot_owner_id", "operator": "EQ", "value": "71000108"}
    assert search(sdk, people, filter_groups=[{"filters": [bonn]}, {"filters": [bob]}]) == ["Ada", "Bo"]
    assert search(sdk, people, filter_groups=[{"filters": [bonn, bob]}]) == []


def test_it_searches_text_sorts_and_pages(sdk, people):
    assert search(sdk, people, query="example") == ["Ada", "Bo", "Cy"]
    assert search(sdk, people, query="bo") == ["Bo"]
    assert search(sdk, people, sorts=["-firstname"]) == ["Cy", "Bo", "Ada"]
    first = sdk.crm.contacts.search_api.do_search(PublicObjectSearchRequest(limit=2))
    assert (first.total, len(first.results)) == (3, 2)
    rest = PublicObjectSearchRequest(limit=2, after=first.paging.next.after)
    assert [people[each.id] for each in sdk.crm.contacts.search_api.do_search(rest).results] == ["Cy"]


@pytest.mark.parametrize(
    "request_",
    [
        {"filter_groups": [{"filters": [{"propertyName": "leadops_x", "operator": "EQ", "value": "1"}]}]},
        {"filter_groups": [{"filters": [{"propertyName": "city", "operator": "EQ"}]}]},
        {"filter_groups": [{"filters": [{"propertyName": "city", "operator": "LIKE", "value": "B"}]}]},
        {"filter_groups": [{"filters": [{"propertyName": "city", "operator": "HAS_PROPERTY"}] * 7}]},
        {"limit": 201},
        {"limit": 200, "after": 9_900},
    ],
)
def test_it_refuses_what_hubspot_refuses(sdk, request_):
    with pytest.raises(ApiException) as caught:
        sdk.crm.contacts.search_api.do_search(PublicObjectSearchRequest(**request_))
    assert caught.value.status == 400
