"""HubSpot tells inputs of one batch apart (207): each error means what it would mean for that input alone."""

import json
from contextlib import contextmanager

import pytest

from crm_sync.connectors.access import Access
from crm_sync.connectors.base import Need, Outgoing
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.hubspot import errors
from crm_sync.connectors.hubspot.connector import HubSpot
from plumbing.http import Permanent, Transient
from tests.plumbing.server import serve

ITEMS = {
    "k1": {"category": "VALIDATION_ERROR", "message": "Email address is invalid"},
    "k2": {"category": "INTERNAL_ERROR", "message": "internal error"},
    "k3": {"category": "SOMETHING_NEW", "message": "try later"},
    "k4": {"category": "CONFLICT", "message": "Contact already exists. Existing ID: 77"},
    "k5": {"category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects"},
    "k6": {
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid",
        "errors": [{"message": "m", "code": errors.UNKNOWN_PROPERTY, "context": {"propertyName": ["town"]}}],
    },
}


def result(key):
    return {"id": f"1{key[1:]}", "properties": {"leadops_lead_id": key}, "new": False}


@contextmanager
def hubspot():
    """Says of the first batch what `ITEMS` says, of k7 nothing, and takes everything afterwards."""
    batches = []

    def answer(request):
        asked = json.loads(request.seen.body or b"{}")
        keys = [each.get("objectWriteTraceId") or each["id"] for each in asked.get("inputs", ())]
        if request.seen.path.endswith("/read"):
            found = [{"id": "77", "properties": {"email": "k4@acme.test", "leadops_lead_id": ""}}]
            body = {"results": found if "77" in keys else []}
            request.answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})
            return
        batches.append(keys)
        first = len(batches) == 1
        wrong = [key for key in keys if first and key in ITEMS]
        told = [ITEMS[key] | {"context": {"objectWriteTraceId": [key]}} for key in wrong]
        done = [result(key) for key in keys if key not in wrong and not (first and key == "k7")]
        body = {"status": "COMPLETE", "results": done, "numErrors": len(told), "errors": told}
        request.answer(207 if told else 200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    with serve(answer) as server:
        access = Access(server.url, "v3", "token", Budget({}))
        yield HubSpot(access, needs=[Need("email", "E-mail"), Need("town", "Town")]), batches


@pytest.mark.parametrize("exists", [False, True])
def test_each_error_of_a_batch_means_what_it_means_for_its_input_alone(exists):
    records = [
        Outgoing(f"k{number}", {"email": f"k{number}@acme.test", "town": "Bonn"}, exists=exists)
        for number in range(9)
    ]
    with hubspot() as (connector, batches):
        report = connector.write(records)
    assert set(report.refused) == {"k1"}
    assert report.refused["k1"].message == "Email address is invalid"
    assert set(report.again) >= {"k2", "k3", "k7"}
    assert report.taken["k4"].remote_id == "77"
    assert report.gone == ({"k5"} if exists else set())
    assert ("k5" in report.again) == (not exists)
    assert report.unknown == {"town": {"k6"}}
    assert set(report.written) == {"k0", "k6", "k8"}
    assert batches == [[each.key for each in records], ["k6"]]


def test_what_passes_is_no_refusal_whatever_the_status_that_it_comes_with():
    body = {"category": "INTERNAL_ERROR", "message": "internal error"}
    assert isinstance(errors.judged(Permanent("x", status=400, body=body)), Transient)
    assert errors.of_item(body) is None
    final = errors.of_item({"category": "VALIDATION_ERROR", "message": "no"})
    assert final is not None
    assert final.status == 400
