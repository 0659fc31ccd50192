from __future__ import annotations

import pytest

from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.client import OBJECTS, Bare
from tests.crm_sandbox.receiver import Receiver


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def subscribe(bare, receiver, **more):
    body = {"target": "hubspot", "url": receiver.url, "secret": receiver.secret, **more}
    assert bare.post("/control/webhooks", body).status_code == 201


def edit(bare, id, **properties):
    answer = bare.patch(f"/control/hubspot/contacts/{id}", {"properties": properties})
    assert answer.status_code == 200, answer.text


def test_it_tells_of_a_persons_change_signed_with_the_secret(bare, receiver):
    id = bare.contact(email="a@example.test")
    subscribe(bare, receiver)
    edit(bare, id, hubspot_owner_id="71000108")
    (event,) = receiver.next()
    assert receiver.forged == 0
    assert event["subscriptionType"] == "contact.propertyChange"
    assert (event["objectId"], event["propertyName"], event["propertyValue"]) == (
        int(id),
        "hubspot_owner_id",
        "71000108",
    )
    assert event["changeSource"] == "CRM_UI"
    assert event["sourceId"].startswith("userId:")
    assert event["attemptNumber"] == 0
    assert {"eventId", "subscriptionId", "portalId", "appId", "occurredAt"} < set(event)


def test_it_tells_of_several_properties_in_one_call_and_of_nothing_that_stays(bare, receiver):
    id = bare.contact(email="a@example.test", city="Bonn")
    subscribe(bare, receiver)
    edit(bare, id, city="Bonn")
    edit(bare, id, city="Bonn", hs_lead_status="CONNECTED", phone="1")
    assert {event["propertyName"] for event in receiver.next()} == {"hs_lead_status", "phone"}


def test_it_tells_of_a_contact_that_a_person_deletes(bare, receiver):
    id = bare.contact(email="a@example.test")
    subscribe(bare, receiver)
    assert bare.call("DELETE", f"/control/hubspot/contacts/{id}").status_code == 204
    (event,) = receiver.next()
    assert (event["subscriptionType"], event["objectId"]) == ("contact.deletion", int(id))


def test_it_keeps_quiet_about_the_apis_own_writes_unless_asked(bare, receiver):
    id = bare.contact(email="a@example.test")
    subscribe(bare, receiver)
    bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": "Bonn"}})
    edit(bare, id, city="Berlin")
    assert [event["propertyValue"] for event in receiver.next()] == ["Berlin"]
    subscribe(bare, receiver, own_writes=True)
    bare.patch(f"{OBJECTS}/contacts/{id}", {"properties": {"city": "Rome"}})
    (event,) = receiver.next()
    assert (event["changeSource"], event["sourceId"]) == ("INTEGRATION", str(event["appId"]))


def test_it_tries_again_when_the_receiver_refuses(bare):
    with Receiver(statuses=(500,)) as receiver:
        id = bare.contact(email="a@example.test")
        subscribe(bare, receiver)
        edit(bare, id, city="Bonn")
        first, second = receiver.next(), receiver.next()
        assert [event["attemptNumber"] for event in (*first, *second)] == [0, 1]
        assert first[0]["occurredAt"] == second[0]["occurredAt"]
        assert receiver.forged == 0


def test_it_sends_at_most_a_hundred_events_at_a_time(bare, receiver):
    subscribe(bare, receiver, own_writes=True)
    definitions = [
        {
            "name": f"leadops_{number}",
            "label": "x",
            "type": "string",
            "fieldType": "text",
            "groupName": "contactinformation",
        }
        for number in range(100)
    ]
    bare.post("/hubspot/crm/v3/properties/contacts/batch/create", {"inputs": definitions})
    bare.contact(email="a@example.test", **{each["name"]: "1" for each in definitions})
    assert sorted([len(receiver.next()), len(receiver.next())]) == [2, 100]


def test_a_waiting_delivery_outlives_a_restart(tmp_path):
    with Receiver(statuses=(500,)) as receiver:
        with SandboxServer(data_dir=tmp_path) as server, Bare(server.url) as bare:
            id = bare.contact(email="a@example.test")
            subscribe(bare, receiver)
            edit(bare, id, city="Bonn")
            assert receiver.next()[0]["attemptNumber"] == 0
        with SandboxServer(data_dir=tmp_path):
            assert receiver.next()[0]["propertyValue"] == "Bonn"


def test_it_stops_when_told_and_refuses_an_address_that_is_none(bare, receiver):
    id = bare.contact(email="a@example.test")
    subscribe(bare, receiver)
    bare.call("DELETE", "/control/webhooks?target=hubspot")
    edit(bare, id, city="Bonn")
    subscribe(bare, receiver)
    edit(bare, id, city="Berlin")
    assert [event["propertyValue"] for event in receiver.next()] == ["Berlin"]
    assert bare.post("/control/webhooks", {"target": "hubspot", "url": "nowhere"}).status_code == 400
