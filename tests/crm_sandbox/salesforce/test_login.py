from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.salesforce.client import CLIENT, Bare, code_of


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leadops")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def assertion(key, *, alg="RS256", **claims):
    usual = {
        "iss": "sandbox-consumer-key",
        "sub": "leadops@acme.test",
        "aud": "https://login.salesforce.com",
        "exp": time.time() + 180,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": alg}, usual | claims)
    ]
    signed = b".".join(parts)
    signature = base64.urlsafe_b64encode(key.sign(signed, padding.PKCS1v15(), hashes.SHA256())).rstrip(b"=")
    return b".".join((signed, signature)).decode()


def by_jwt(org, text):
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": text}
    return requests.post(f"{org.url}/salesforce/services/oauth2/token", data=form, timeout=10)


def refusal(answer):
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    return body["error"], body["error_description"]


def test_a_login_says_where_the_org_lives_and_who_one_is(org):
    body = org.token().json()
    assert body["token_type"] == "Bearer"
    assert body["instance_url"].startswith(f"{org.url}/salesforce/instances/")
    assert "expires_in" not in body
    me = org.session.get(body["id"], timeout=10).json()
    assert (me["username"], me["user_type"]) == ("leadops@acme.test", "STANDARD")
    (organization,) = org.soql("SELECT Id FROM Organization")
    assert me["organization_id"] == organization["Id"]


def test_id_and_secret_may_come_as_basic_authorization(org):
    answer = requests.post(
        f"{org.url}/salesforce/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(CLIENT["client_id"], CLIENT["client_secret"]),
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("settings", "form", "error"),
    [
        ({}, {"grant_type": "password"}, ("unsupported_grant_type", "grant type not supported")),
        ({}, {"client_id": "other"}, ("invalid_client_id", "client identifier invalid")),
        ({}, {"client_secret": "other"}, ("invalid_client", "invalid client credentials")),
        ({"run_as": ""}, {}, ("invalid_grant", "no client credentials user enabled")),
        ({"run_as": "nobody@acme.test"}, {}, ("invalid_grant", "no client credentials user enabled")),
        ({"run_as": "frank@acme.test"}, {}, ("inactive_user", "user is inactive")),
        ({"org_active": False}, {}, ("inactive_org", "organization is not active")),
    ],
)
def test_a_login_is_refused_in_the_vendors_words(org, settings, form, error):
    if settings:
        org.org(**settings)
    assert refusal(org.token(**form)) == error


def test_a_user_logs_in_so_often_an_hour_and_no_more(org):
    org.org(logins_an_hour=3)
    assert [org.token().status_code for _ in range(4)] == [200, 200, 400, 400]
    assert refusal(org.token())[0] == "rate_limit_exceeded"
    org.org(run_as="alice@acme.test")
    assert org.token().status_code == 200


def test_a_signed_assertion_logs_in(org, key, certificate):
    org.org(certificate=certificate)
    for audience in ("https://login.salesforce.com", "https://test.salesforce.com", f"{org.url}/salesforce"):
        assert by_jwt(org, assertion(key, aud=audience)).status_code == 200
    body = by_jwt(org, assertion(key, sub="bob@acme.test")).json()
    assert body["id"].endswith(org.user("bob@acme.test"))


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "other"}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": "https://acme.example"}, ("invalid_grant", "audience is invalid")),
        ({"sub": "nobody@acme.test"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": "frank@acme.test"}, ("inactive_user", "user is inactive")),
        ({"exp": 1}, ("invalid_grant", "assertion is expired")),
        ({"exp": 99_999_999_999}, ("invalid_grant", "assertion expires too late")),
        ({"alg": "none"}, ("invalid_grant", "invalid assertion")),
    ],
)
def test_a_wrong_assertion_is_refused(org, key, certificate, claims, error):
    org.org(certificate=certificate)
    assert refusal(by_jwt(org, assertion(key, **claims))) == error


def test_an_assertion_by_another_key_or_without_a_certificate_is_refused(org, key, certificate):
    assert refusal(by_jwt(org, assertion(key))) == ("invalid_grant", "invalid assertion")
    org.org(certificate=certificate, approved=False)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert refusal(by_jwt(org, assertion(other))) == ("invalid_grant", "invalid assertion")
    assert refusal(by_jwt(org, assertion(key))) == ("invalid_grant", "user hasn't approved this consumer")


def test_a_certificate_given_at_the_start_outlives_a_reset(tmp_path, key, certificate):
    with (
        SandboxServer(data_dir=tmp_path, salesforce_certificate=certificate) as server,
        Bare(server.url) as org,
    ):
        requests.post(f"{server.url}/control/reset", timeout=10)
        assert by_jwt(org, assertion(key)).status_code == 200


def test_sessions_end_when_they_are_revoked_too_old_or_their_user_leaves(org):
    org.control("sessions", method="DELETE")
    assert (org.get("/limits").status_code, code_of(org.get("/limits"))) == (401, "INVALID_SESSION_ID")
    org.log_in().org(session_seconds=1)
    assert org.get("/limits").status_code == 200
    time.sleep(1.1)
    assert org.get("/limits").status_code == 401
    org.log_in().org(session_seconds=7200)
    org.control("users", {"username": "leadops@acme.test", "active": False})
    assert code_of(org.get("/limits")) == "INVALID_SESSION_ID"


def test_a_client_ends_its_own_session(org):
    token = org.session.headers["Authorization"].partition(" ")[2]
    end = f"{org.url}/salesforce/services/oauth2/revoke"
    assert requests.post(end, data={"token": token}, timeout=10).status_code == 200
    assert org.get("/limits").status_code == 401
    assert requests.post(end, data={"token": token}, timeout=10).status_code == 400


def test_an_org_that_moves_ends_its_sessions_and_answers_elsewhere(org):
    before = org.instance
    org.org(instance="EU77")
    assert code_of(org.get("/limits")) == "INVALID_SESSION_ID"
    org.log_in()
    assert org.instance != before
    assert org.get("/limits").status_code == 200
    org.instance = before
    assert (org.get("/limits").status_code, code_of(org.get("/limits"))) == (404, "URL_NOT_RESET")
    org.instance = f"{org.url}/salesforce"
    assert code_of(org.get("/limits")) == "URL_NOT_RESET"


def test_versions_are_listed_without_a_token_and_old_ones_are_gone(org):
    found = requests.get(f"{org.url}/salesforce/services/data/", timeout=10).json()
    labels = {each["version"]: each["label"] for each in found}
    assert (labels["66.0"], labels["67.0"], labels["68.0"]) == ("Spring '26", "Summer '26", "Winter '27")
    assert labels["60.0"] == "Spring '24"
    assert found[0]["version"] == "31.0"
    url = f"{org.instance}/services/data"
    assert org.session.get(f"{url}/v30.0/limits", timeout=10).status_code == 410
    assert org.session.get(f"{url}/v31.0/limits", timeout=10).status_code == 200
    assert org.session.get(f"{url}/v99.0/limits", timeout=10).status_code == 404
    org.org(oldest_version=41)
    assert org.session.get(f"{url}/v40.0/limits", timeout=10).status_code == 410


def test_the_api_can_be_off_for_the_org_and_for_a_user(org):
    org.org(api_enabled=False)
    assert (org.get("/limits").status_code, code_of(org.get("/limits"))) == (403, "API_DISABLED_FOR_ORG")
    org.org(api_enabled=True)
    org.control("permissions", {"api_enabled": False})
    assert code_of(org.get("/limits")) == "API_CURRENTLY_DISABLED"
    org.control("permissions", method="DELETE")
    assert org.get("/limits").status_code == 200


def test_each_answer_says_how_many_calls_were_used(org):
    assert org.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=1/101000"
    assert org.get("/sobjects/Nothing").headers["Sforce-Limit-Info"] == "api-usage=2/101000"
    limits = org.get("/limits").json()["DailyApiRequests"]
    assert limits == {"Max": 101_000, "Remaining": 100_997}


def test_the_days_calls_run_out(org):
    org.org(daily_calls=10)
    org.control("usage", {"calls": 9})
    assert org.get("/limits").status_code == 200
    answer = org.get("/limits")
    assert (answer.status_code, code_of(answer)) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "TotalRequests" in answer.text
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=10/10"


def test_too_many_long_calls_at_once_are_refused(org, sandbox):
    org.org(concurrent_calls=1, long_call_ms=50)
    slow = {"target": "salesforce", "kind": "latency", "ms": 1500, "times": 1}
    requests.post(f"{org.url}/control/faults", json=slow, timeout=10)
    with sandbox.sandbox.org.usage.running():
        time.sleep(0.1)
        answer = org.get("/limits")
    assert answer.status_code == 403
    assert "ConcurrentRequests" in answer.text
    assert org.get("/limits").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance": "a b"},
        {"daily_calls": "many"},
        {"nothing": 1},
        {"certificate": "none"},
        {"org_active": 1},
    ],
)
def test_it_says_what_is_wrong_with_a_setting(org, wrong):
    answer = requests.post(f"{org.url}/control/salesforce/org", json=wrong, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
