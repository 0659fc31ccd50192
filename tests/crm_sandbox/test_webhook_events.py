"""Which event HubSpot sends for what, and what is in it."""

from __future__ import annotations

import pytest

from tests.crm_sandbox.client import OBJECTS
from tests.crm_sandbox.receiver import Receiver

CONTROL = "/control/hubspot"
EVERY = {"eventId", "subscriptionId", "portalId", "appId", "occurredAt", "subscriptionType", "attemptNumber"}


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def subscribe(bare, receiver, **more):
    body = {"target": "hubspot", "url": receiver.url, "secret": receiver.secret, **more}
    assert bare.post("/control/webhooks", body).status_code == 201


def made(bare, kind, **body):
    return bare.post(f"{CONTROL}/{kind}", body).json()["id"]


def told(bare, receiver, do, *, until):
    """All events that come of it, up to the first of the type that closes them."""
    do()
    found = []
    while not any(each["subscriptionType"] == until for each in found):
        found += receiver.next()
    return found


def only(events, subscription):
    (event,) = [each for each in events if each["subscriptionType"] == subscription]
    assert set(event) > EVERY
    return event


@pytest.mark.parametrize("kind", ["contact", "company", "deal"])
def test_making_changing_deleting_and_restoring_are_told_of_each_kind_by_its_name(bare, receiver, kind):
    plural = {"company": "companies"}.get(kind, f"{kind}s")
    subscribe(bare, receiver)
    events = told(
        bare,
        receiver,
        lambda: made(bare, plural, owner="bob@acme.test", by="eva@acme.test"),
        until=f"{kind}.propertyChange",
    )
    creation = only(events, f"{kind}.creation")
    id = creation["objectId"]
    assert (creation["changeFlag"], creation["changeSource"]) == ("NEW", "CRM_UI")
    change = only(events, f"{kind}.propertyChange")
    assert (change["propertyName"], change["propertyValue"], change["objectId"]) == (
        "hubspot_owner_id",
        "71000108",
        id,
    )
    path = f"{CONTROL}/{plural}/{id}"
    events = told(bare, receiver, lambda: bare.call("DELETE", path), until=f"{kind}.deletion")
    assert (events[0]["objectId"], events[0]["changeFlag"]) == (id, "DELETED")
    events = told(bare, receiver, lambda: bare.post(f"{path}/restore", {}), until=f"{kind}.restore")
    assert events[0]["objectId"] == id
    erased = f"{kind}.privacyDeletion"
    events = told(bare, receiver, lambda: bare.call("DELETE", f"{path}?privacy=true"), until=erased)
    assert events[0]["objectId"] == id


@pytest.mark.parametrize("kind", ["contact", "company"])
def test_a_merge_names_the_new_record_and_those_that_it_was_made_of(bare, receiver, kind):
    plural = {"contact": "contacts", "company": "companies"}[kind]
    one, two = (made(bare, plural, properties={"city": city}) for city in ("Bonn", "Rome"))
    subscribe(bare, receiver)
    new = []
    body = {"primary": one, "other": two}
    events = told(
        bare,
        receiver,
        lambda: new.append(bare.post(f"{CONTROL}/{plural}/merge", body).json()["id"]),
        until=f"{kind}.merge",
    )
    merge = only(events, f"{kind}.merge")
    assert (merge["primaryObjectId"], merge["mergedObjectIds"], merge["newObjectId"]) == (
        int(one),
        [int(two)],
        int(new[0]),
    )
    assert isinstance(merge["numberOfPropertiesMoved"], int)
    assert not [each for each in events if each["subscriptionType"].endswith((".creation", ".deletion"))]


def test_an_association_is_told_at_both_its_ends_and_again_when_it_goes(bare, receiver):
    contact, company = made(bare, "contacts"), made(bare, "companies")
    subscribe(bare, receiver, events=["contact.associationChange", "company.associationChange"])
    body = {"from": ["contacts", contact], "to": ["companies", company], "by": "bob@acme.test"}
    bare.post(f"{CONTROL}/associations", body)
    bare.post(f"{CONTROL}/associations", body)
    bare.call("DELETE", f"{CONTROL}/associations", body)
    for removed in (False, True):
        there, back = receiver.next()
        assert (there["subscriptionType"], back["subscriptionType"]) == (
            "contact.associationChange",
            "company.associationChange",
        )
        assert (there["fromObjectId"], there["toObjectId"]) == (int(contact), int(company))
        assert (back["fromObjectId"], back["toObjectId"]) == (int(company), int(contact))
        assert (there["associationType"], back["associationType"]) == (
            "CONTACT_TO_COMPANY",
            "COMPANY_TO_CONTACT",
        )
        assert [each["associationRemoved"] for each in (there, back)] == [removed, removed]
        assert there["isPrimaryAssociation"] is True
        assert (there["changeSource"], there["sourceId"]) == ("USER", "userId:4400102")
        assert "objectId" not in there


def test_engagements_and_tasks_are_told_in_the_form_that_names_the_type_of_object(bare, receiver):
    contact = made(bare, "contacts")
    subscribe(bare, receiver, events=["object.*"])
    bare.post(f"{CONTROL}/engagements", {"kind": "call", "contact": contact})
    bare.post(f"{CONTROL}/tasks", {"properties": {"hs_timestamp": "2026-03-02T14:30:00Z"}})
    for type_id in ("0-48", "0-27"):
        events = receiver.next()
        assert events[0]["subscriptionType"] == "object.creation"
        assert {each["subscriptionType"] for each in events[1:]} == {"object.propertyChange"}
        assert {each["objectTypeId"] for each in events} == {type_id}


def test_an_import_is_told_in_batches_and_a_refused_one_not_at_all(bare, receiver):
    subscribe(bare, receiver, events=["contact.creation"])
    body = {"contacts": [{"email": "a@example.test"}, {"email": "not an address"}]}
    assert bare.post(f"{CONTROL}/imports", body).status_code == 400
    assert bare.post(f"{CONTROL}/imports", {"count": 250}).status_code == 201
    deliveries = [receiver.next() for _ in range(3)]
    assert [len(each) for each in deliveries] == [100, 100, 50]
    assert len({event["objectId"] for each in deliveries for event in each}) == 250


def test_only_what_is_subscribed_is_told(bare, receiver):
    subscribe(bare, receiver, events=["deal.creation", "company.*"])
    made(bare, "contacts")
    deal = made(bare, "deals", properties={"dealname": "Big"})
    company = made(bare, "companies")
    assert [each["subscriptionType"] for each in receiver.next()] == ["deal.creation"]
    assert [each["objectId"] for each in receiver.next()] == [int(company)]
    subscribe(bare, receiver)
    bare.call("DELETE", f"{CONTROL}/deals/{deal}")
    assert [each["subscriptionType"] for each in receiver.next()] == ["deal.deletion"]
    assert (
        bare.post(
            "/control/webhooks", {"target": "hubspot", "url": "http://x", "events": ["all"]}
        ).status_code
        == 400
    )


def test_what_the_api_makes_and_deletes_is_told_where_own_writes_are(bare, receiver):
    subscribe(bare, receiver, own_writes=True, events=["contact.creation", "contact.deletion"])
    id = bare.contact(email="a@example.test")
    other = bare.contact(email="b@example.test")
    bare.call("DELETE", f"{OBJECTS}/contacts/{id}")
    bare.post(f"{OBJECTS}/contacts/batch/archive", {"inputs": [{"id": other}]})
    events = [event for _ in range(4) for event in receiver.next()]
    assert [(each["subscriptionType"], each["objectId"]) for each in events] == [
        ("contact.creation", int(id)),
        ("contact.creation", int(other)),
        ("contact.deletion", int(id)),
        ("contact.deletion", int(other)),
    ]
    assert {each["changeSource"] for each in events} == {"INTEGRATION"}
