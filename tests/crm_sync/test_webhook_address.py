"""POST /api/v1/webhooks/{connection_key}, called by the sandbox itself."""

import json
import time

import pytest
from django.conf import settings

from crm_sandbox.webhooks import signature_v3
from crm_sync import tasks
from crm_sync.models import InboundEvent
from routing.models import Assignment
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/webhooks/hubspot"


def post(client, body, *, secret=make.WEBHOOK_SECRET, path=PATH):
    raw = json.dumps(body).encode()
    stamp = str(int(time.time() * 1000))
    url = settings.LEADOPS_PUBLIC_URL + path
    signature = signature_v3(secret=secret, method="POST", url=url, body=raw, timestamp=stamp)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}
    return client.post(path, raw, content_type="application/json", headers=headers)


def test_a_signed_event_is_stored_answered_and_worked(client, crm, connection):
    lead = make.lead()
    tasks.drain_outbox()
    make.owner("bob@acme.test")
    number = crm.contact()["id"]
    crm.person_changes(number, hubspot_owner_id=crm.owner_id("bob@acme.test"))
    told = {
        "subscriptionType": "contact.propertyChange",
        "objectId": int(number),
        "propertyName": "hubspot_owner_id",
        "occurredAt": int(time.time() * 1000),
        "changeSource": "CRM_UI",
        "sourceId": "userId:4400100",
    }
    assert post(client, [told]).status_code == 204
    assert InboundEvent.objects.get().status == "waiting"
    tasks.work_inbound()
    assert Assignment.objects.get(lead=lead).owner.email == "bob@acme.test"


def test_a_wrong_signature_is_401_and_stores_nothing(client, crm, connection):
    answer = post(client, [{"objectId": 1}], secret="somebody else's")
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("application/problem+json")
    assert not InboundEvent.objects.exists()


def test_an_unknown_connection_is_404(client, crm, connection):
    assert post(client, [{"objectId": 1}], path="/api/v1/webhooks/nowhere").status_code == 404


def test_a_body_that_is_no_list_is_400(client, crm, connection):
    assert post(client, {"objectId": 1}).status_code == 400
