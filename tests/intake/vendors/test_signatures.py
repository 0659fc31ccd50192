"""A signature is accepted when it is the vendor's own, and only then."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hubspot.utils.signature import Signature

from intake.vendors import linkedin, meta
from intake.vendors.registry import VENDORS
from intake.vendors.signatures import SCHEMES, verify
from plumbing.signatures import BadSignature

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
SECRET = "s3cret"
BODY = '{"email": "jané@example.com", "google_key": "s3cret"}'.encode()
URI = "https://leads.acme.test/api/v1/forms/quote/submissions?source=a%20b&to=%2Fdemo"


def mac(message: bytes) -> bytes:
    return hmac.new(SECRET.encode(), message, hashlib.sha256).digest()


def b64(message: bytes) -> str:
    return base64.b64encode(mac(message)).decode()


def headers_of(scheme: str, *, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    millis = seconds + "000"
    decoded = URI.replace("%2F", "/")
    return {
        "token": {"Authorization": f"Bearer {SECRET}"},
        "typeform": {"Typeform-Signature": f"sha256={b64(body)}"},
        "webflow": {
            "x-webflow-timestamp": millis,
            "x-webflow-signature": mac(millis.encode() + b":" + body).hex(),
        },
        "tally": {"Tally-Signature": b64(body)},
        "calendly": {
            "Calendly-Webhook-Signature": f"t={seconds},v1={mac(seconds.encode() + b'.' + body).hex()}"
        },
        "meta": {"X-Hub-Signature-256": f"sha256={mac(body).hex()}"},
        "linkedin": {"X-LI-Signature": mac(b"hmacsha256=" + body).hex()},
        "wpforms": {
            "X-WPForms-Webhook-Signature": f"t={seconds},v={mac(seconds.encode() + b'.' + body).hex()}"
        },
        "google_ads": {},
        "hubspot_v3": {
            "X-HubSpot-Request-Timestamp": millis,
            "X-HubSpot-Signature-v3": b64(b"POST" + decoded.encode() + body + millis.encode()),
        },
    }[scheme]


def check(
    scheme: str, *, headers: dict[str, str], body: bytes = BODY, secret: str = SECRET, uri: str = URI
) -> None:
    verify(scheme, headers=headers, raw_body=body, secret=secret, method="POST", uri=uri, now=NOW)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_it_accepts_the_vendors_own_signature_whatever_the_case_of_the_header(scheme):
    headers = headers_of(scheme)
    check(scheme, headers=headers)
    check(scheme, headers={name.upper(): value for name, value in headers.items()})


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_it_refuses_another_secret(scheme):
    with pytest.raises(BadSignature, match="does not match"):
        check(scheme, headers=headers_of(scheme), secret="other")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_it_refuses_everything_while_no_secret_is_set(scheme):
    with pytest.raises(BadSignature, match="no secret is set"):
        check(scheme, headers=headers_of(scheme), secret="")


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"token", "google_ads"}))
def test_it_refuses_a_body_that_was_changed_on_the_way(scheme):
    with pytest.raises(BadSignature, match="does not match"):
        check(scheme, headers=headers_of(scheme), body=BODY.replace(b"jan", b"ian"))


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"google_ads"}))
def test_it_refuses_a_request_without_a_signature(scheme):
    with pytest.raises(BadSignature, match=r"missing|no token"):
        check(scheme, headers={})


@pytest.mark.parametrize(
    ("scheme", "window"),
    [
        ("webflow", timedelta(minutes=5)),
        ("calendly", timedelta(minutes=3)),
        ("hubspot_v3", timedelta(minutes=5)),
    ],
)
def test_it_refuses_a_signature_outside_the_vendors_window(scheme, window):
    check(scheme, headers=headers_of(scheme, at=NOW - window))
    for at in (NOW - window - timedelta(seconds=1), NOW + window + timedelta(seconds=1)):
        with pytest.raises(BadSignature, match="s old"):
            check(scheme, headers=headers_of(scheme, at=at))


@pytest.mark.parametrize("scheme", ["webflow", "hubspot_v3"])
@pytest.mark.parametrize("timestamp", ["soon", "-1", "9" * 40, "１２３"])
def test_it_refuses_a_timestamp_that_is_not_a_number(scheme, timestamp):
    headers = headers_of(scheme)
    name = next(name for name in headers if "timestamp" in name.lower())
    with pytest.raises(BadSignature, match="is not a number"):
        check(scheme, headers={**headers, name: timestamp})


@pytest.mark.parametrize("header", ["", "v1=abc", "t=1", "nonsense", "t=,v1="])
def test_it_refuses_a_calendly_header_without_its_parts(header):
    with pytest.raises(BadSignature, match=r"missing|has no"):
        check("calendly", headers={"Calendly-Webhook-Signature": header})


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("tally", {"Tally-Signature": "süß\ud800"}),
        ("wpforms", {"X-WPForms-Webhook-Signature": "t=\ud800,v=ß"}),
        ("calendly", {"Calendly-Webhook-Signature": "t=\ud800,v1=ß"}),
    ],
)
def test_it_refuses_signatures_that_are_not_ascii(scheme, headers):
    with pytest.raises(BadSignature):
        check(scheme, headers=headers)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"google_key": 5}', b"\xff", b'{"google_key": ""}'])
def test_it_refuses_a_google_body_without_its_key(body):
    with pytest.raises(BadSignature, match="google_key"):
        check("google_ads", headers={}, body=body)


@pytest.mark.parametrize(
    ("headers", "uri"),
    [
        ({"Authorization": "bearer s3cret"}, URI),
        ({"X-Leadops-Token": "s3cret"}, URI),
        ({}, URI + "&token=s3cret"),
    ],
)
def test_it_accepts_a_token_from_vendors_that_sign_nothing(headers, uri):
    check("token", headers=headers, uri=uri)


def test_it_does_not_know_other_schemes():
    with pytest.raises(BadSignature, match="no signature scheme"):
        check("md5", headers={})


def test_every_vendor_names_a_scheme_that_exists():
    assert {vendor.scheme for vendor in VENDORS.values()} <= set(SCHEMES)


def test_it_agrees_with_hubspots_own_library_about_version_3():
    uri = "https://leads.acme.test/api/v1/webhooks/hubspot"
    timestamp = str(int(NOW.timestamp() * 1000))
    signature = Signature.get_signature(SECRET, BODY.decode(), "v3", uri, "POST", timestamp)
    headers = {"X-HubSpot-Request-Timestamp": timestamp, "X-HubSpot-Signature-v3": signature}
    check("hubspot_v3", headers=headers, uri=uri)
    with pytest.raises(BadSignature):
        check("hubspot_v3", headers=headers | {"X-HubSpot-Signature-v3": signature[:-4] + "AAA="}, uri=uri)


def test_it_decodes_only_the_escapes_that_hubspot_decodes():
    timestamp = str(int(NOW.timestamp() * 1000))
    signed = "https://leads.acme.test/w?a=x@y&b=%20%26&c=:/?!$'()*,;"
    sent = "https://leads.acme.test/w?a=x%40y&b=%20%26&c=%3a%2F%3F%21%24%27%28%29%2A%2C%3B"
    signature = b64(f"POST{signed}".encode() + BODY + timestamp.encode())
    headers = {"X-HubSpot-Request-Timestamp": timestamp, "X-HubSpot-Signature-v3": signature}
    check("hubspot_v3", headers=headers, uri=sent)


def test_it_answers_metas_subscription_with_the_challenge():
    query = {"hub.mode": "subscribe", "hub.verify_token": SECRET, "hub.challenge": "1158201444"}
    assert meta.answer_challenge(query, verify_token=SECRET) == "1158201444"
    assert meta.answer_challenge(query, verify_token="other") is None
    assert meta.answer_challenge({"hub.mode": "subscribe", "hub.verify_token": ""}, verify_token="") is None


def test_it_answers_linkedins_challenge_with_its_signature():
    assert linkedin.answer_challenge({"challengeCode": "abc"}, secret=SECRET) == {
        "challengeCode": "abc",
        "challengeResponse": mac(b"abc").hex(),
    }
    assert linkedin.answer_challenge({}, secret=SECRET) is None
