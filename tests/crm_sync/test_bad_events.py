"""What no column can hold, and what names no record, costs none of the events that come with it."""

import json

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.inbound import webhook_events
from crm_sync.models import InboundEvent
from exception_queue.models import ExceptionItem
from tests.crm_sync.test_inbound import event
from tests.crm_sync.test_webhook_address import post
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = json.loads('{"a":' * 200 + "1" + "}" * 200)
STORABLE = [
    {"subscriptionType": "x\u0000"},
    {"propertyName": "\ud800"},
    {"propertyValue": float("nan")},
    {"propertyValue": float("inf"), "occurredAt": 10**30},
    {"changeSource": "\udfff\u0000", "sourceId": "\u0000", "appId": "\ud83d"},
    {"propertyValue": DEEP, "ke\u0000y\ud800": 1},
    {"propertyName": "x" * 5000, "occurredAt": float("nan"), "sourceId": [1]},
    {"propertyValue": 10**500},
]
UNREADABLE = [
    7,
    None,
    "text",
    [],
    {"no": "id"},
    {"objectId": None},
    {"objectId": "x\u0000"},
    {"objectId": 1e400},
    {"objectId": True},
]


@pytest.mark.parametrize("bad", STORABLE, ids=str)
def test_an_event_with_what_no_column_holds_is_kept_with_the_others(client, crm, connection, bad):
    lead = make.lead()
    make.drain(connection)
    number = crm.contact()["id"]
    make.owner("bob@acme.test")
    crm.person_changes(number, hubspot_owner_id=crm.owner_id("bob@acme.test"))
    good = event(crm, "hubspot_owner_id")
    assert post(client, [event(crm, "firstname") | bad, good]).status_code == 204
    assert post(client, [event(crm, "firstname") | bad, good]).status_code == 204
    webhook_events.work_all()
    assert {one.status for one in InboundEvent.objects.all()} <= {"done", "ignored"}
    assert make.link_of(lead).shown_owner == "bob@acme.test"
    assert not ExceptionItem.objects.exists()


def test_events_that_name_no_record_are_counted_in_one_item_and_cost_no_other(client, crm, connection):
    make.lead()
    make.drain(connection)
    goods = [event(crm, f"property{number}") for number in range(90)]
    assert post(client, [*goods[:50], *UNREADABLE, *goods[50:]]).status_code == 204
    assert InboundEvent.objects.count() == 90
    item = ExceptionItem.objects.get()
    assert (item.kind, item.subject_id, item.count) == (kinds.EVENTS_UNREADABLE, "hubspot", len(UNREADABLE))


def test_a_number_of_thousands_of_digits_is_no_reason_to_read_nothing(client, crm, connection):
    make.lead()
    make.drain(connection)
    found = InboundEvent.objects.all()
    raw = json.dumps([event(crm, "firstname")])[:-1] + ', {"objectId": ' + "9" * 5000 + "}]"
    parsed = webhook_events.connector_class("hubspot").parse_events(raw.encode())
    assert (len(parsed.changes), len(parsed.unreadable)) == (1, 1)
    assert not found.exists()
