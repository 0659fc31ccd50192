from __future__ import annotations

import pytest
import requests

from tests.crm_sandbox.client import OBJECTS


def fault(bare, kind, **more):
    answer = bare.post("/control/faults", {"target": "hubspot", "kind": kind, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_it_answers_with_the_status_it_is_told_and_writes_nothing(bare):
    fault(bare, "status", status=429, retry_after=3)
    answer = bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test"}})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3"
    assert answer.json()["errorType"] == "RATE_LIMIT"
    assert bare.call("DELETE", "/control/faults").status_code == 204
    assert bare.get(f"{OBJECTS}/contacts").json()["results"] == []


@pytest.mark.parametrize("status", [403, 423, 477, 500, 502, 503, 504, 524])
def test_it_has_a_body_for_every_status(bare, status):
    fault(bare, "status", status=status)
    answer = bare.get(f"{OBJECTS}/contacts")
    assert (answer.status_code, answer.json()["status"]) == (status, "error")


def test_it_is_slow_on_request(bare):
    fault(bare, "latency", ms=80)
    assert bare.get(f"{OBJECTS}/contacts").status_code == 200
    assert bare.get("/control/calls?target=hubspot").json()[-1]["ms"] >= 80


def test_it_commits_and_then_never_answers(bare):
    fault(bare, "timeout_after_commit", times=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        bare.call("POST", f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test"}}, timeout=0.3)
    again = bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test"}})
    assert again.status_code == 409


def test_it_closes_the_connection_when_the_client_outwaits_a_lost_answer(bare):
    fault(bare, "timeout_after_commit", ms=50, times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        bare.get(f"{OBJECTS}/contacts")
    assert bare.get("/control/calls").json()[-1]["status"] == 0


def test_it_resets_the_connection_before_it_does_anything(bare):
    fault(bare, "reset", times=1)
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        bare.post(f"{OBJECTS}/contacts", {"properties": {"email": "a@example.test"}})
    assert "reset" in str(caught.value).lower()
    assert bare.get(f"{OBJECTS}/contacts").json()["results"] == []


@pytest.mark.parametrize(("rate", "lost"), [(0.3, 3), (0.01, 1), (1, 9)])
def test_it_does_a_batch_in_part(bare, sdk, rate, lost):
    fault(bare, "partial", rate=rate)
    inputs = [
        {"objectWriteTraceId": str(number), "properties": {"email": f"u{number}@example.test"}}
        for number in range(10)
    ]
    answer = sdk.crm.contacts.batch_api.create({"inputs": inputs})
    assert (answer.num_errors, len(answer.results)) == (lost, 10 - lost)
    failed = {error.context["objectWriteTraceId"][0] for error in answer.errors}
    done = {each.object_write_trace_id for each in answer.results}
    assert failed | done == {str(number) for number in range(10)}
    assert len(bare.get(f"{OBJECTS}/contacts").json()["results"]) == 10 - lost


def test_it_does_an_upsert_in_part(bare):
    bare.make_lead_id()
    fault(bare, "partial", rate=0.5)
    answer = bare.upsert(*({"id": f"lead-{number}", "properties": {"city": "Bonn"}} for number in range(4)))
    assert answer.status_code == 207
    assert [error["context"]["ids"] for error in answer.json()["errors"]] == [["lead-0"], ["lead-2"]]


def test_it_forgets_the_token(bare):
    fault(bare, "auth")
    answer = bare.get(f"{OBJECTS}/contacts")
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_it_strikes_a_share_of_the_calls(bare):
    fault(bare, "status", status=503, rate=0.5)
    statuses = [bare.get(f"{OBJECTS}/contacts").status_code for _ in range(60)]
    assert {200, 503} == set(statuses)


def test_it_keeps_several_faults_at_once_each_for_its_path_and_number_of_calls(bare):
    fault(bare, "status", status=503, path="/owners", times=2)
    fault(bare, "latency", ms=20)
    assert len(bare.get("/control/faults").json()) == 2
    assert bare.get(f"{OBJECTS}/contacts").status_code == 200
    statuses = [bare.get("/hubspot/crm/v3/owners").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert [each["kind"] for each in bare.get("/control/faults").json()] == ["latency"]


def test_it_takes_a_list_of_faults_all_or_none(bare):
    late = {"target": "hubspot", "kind": "latency", "ms": 60}
    assert bare.post("/control/faults", [late, {"target": "hubspot", "kind": "nonsense"}]).status_code == 400
    assert bare.get("/control/faults").json() == []
    answer = bare.post("/control/faults", [late, {"target": "hubspot", "kind": "status", "status": 503}])
    assert (answer.status_code, len(answer.json())) == (201, 2)
    assert bare.get(f"{OBJECTS}/contacts").status_code == 503
    assert bare.get("/control/calls?target=hubspot").json()[-1]["ms"] >= 60


def test_a_fault_ends_by_itself(bare):
    fault(bare, "status", status=503, seconds=0)
    assert bare.get(f"{OBJECTS}/contacts").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "reset"},
        {"target": "hubspot"},
        {"target": "hubspot", "kind": "earthquake"},
        {"target": "hubspot", "kind": "status", "status": 200},
        {"target": "hubspot", "kind": "status", "rate": 2},
        {"target": "hubspot", "kind": "latency", "delay": 5},
        ["hubspot"],
    ],
)
def test_it_says_what_is_wrong_with_a_fault(bare, wrong):
    answer = bare.post("/control/faults", wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert bare.get("/control/faults").json() == []


def test_a_person_sees_a_record_whatever_fault_strikes_the_api(bare):
    number = bare.contact(email="a@example.test", city="Bonn")
    fault(bare, "status", status=503)
    for path in (number, "a@example.test?idProperty=email"):
        seen = bare.get(f"/control/hubspot/contacts/{path}").json()
        assert (seen["id"], seen["properties"]["city"]) == (number, "Bonn")
    assert bare.get("/control/hubspot/contacts/b@example.test?idProperty=email").status_code == 404
