from __future__ import annotations

from tests.crm_sandbox.client import OBJECTS


def limit(bare, calls, per_seconds):
    body = {"target": "hubspot", "calls": calls, "per_seconds": per_seconds}
    assert bare.post("/control/limits", body).status_code == 201


def test_it_has_no_limits_until_they_are_set(bare):
    assert "X-HubSpot-RateLimit-Max" not in bare.get(f"{OBJECTS}/contacts").headers


def test_it_tells_what_is_left_on_each_answer(bare):
    limit(bare, 100, 10)
    headers = bare.get(f"{OBJECTS}/contacts").headers
    assert headers["X-HubSpot-RateLimit-Max"] == "100"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "99"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "250000"
    assert int(headers["X-HubSpot-RateLimit-Daily-Remaining"]) < 250_000


def test_it_answers_429_beyond_the_limit_and_does_nothing(bare):
    limit(bare, 2, 600)
    statuses = [
        bare.post(f"{OBJECTS}/contacts", {"properties": {"email": f"u{number}@example.test"}}).status_code
        for number in range(4)
    ]
    assert statuses == [201, 201, 429, 429]
    answer = bare.get(f"{OBJECTS}/contacts")
    assert (answer.json()["errorType"], answer.json()["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    bare.call("DELETE", "/control/limits")
    assert len(bare.get(f"{OBJECTS}/contacts").json()["results"]) == 2


def test_it_names_the_policy_after_its_interval(bare):
    for seconds, policy in ((1, "SECONDLY"), (10, "TEN_SECONDLY_ROLLING"), (86_400, "DAILY")):
        limit(bare, 1, seconds)
        answers = [bare.get(f"{OBJECTS}/contacts") for _ in range(8)]
        assert policy in {answer.json().get("policyName") for answer in answers}


def test_searches_have_a_limit_of_their_own_without_headers(bare):
    limit(bare, 1, 600)
    answers = [bare.post(f"{OBJECTS}/contacts/search", {}) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all("X-HubSpot-RateLimit-Max" not in answer.headers for answer in answers)
    assert bare.get(f"{OBJECTS}/contacts").status_code == 200


def test_it_lifts_a_limit_again_and_refuses_nonsense(bare):
    limit(bare, 1, 600)
    assert bare.get("/control/limits").json() == [{"target": "hubspot", "calls": 1, "per_seconds": 600}]
    bare.call("DELETE", "/control/limits?target=hubspot")
    assert bare.get("/control/limits").json() == []
    for wrong in ({}, {"target": "hubspot", "calls": 0, "per_seconds": 1}, {"target": "hubspot", "calls": 1}):
        assert bare.post("/control/limits", wrong).status_code == 400
