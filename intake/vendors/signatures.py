"""Who really sent a body: each vendor's signature over the raw bytes, made of what `plumbing.signatures` has."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from intake.vendors import hubspot_form
from plumbing.signatures import BadSignature, Scheme, SignedRequest, check, check_age, compare, named_parts

WEBFLOW_WINDOW = timedelta(minutes=5)
CALENDLY_WINDOW = timedelta(minutes=3)


def verify(
    scheme: str,
    *,
    headers: Mapping[str, str],
    raw_body: bytes,
    secret: str,
    method: str,
    uri: str,
    now: datetime,
) -> str:
    """The signature that the request carries, "" for a secret that signs nothing. `scheme` is a key of SCHEMES.

    Raises BadSignature.
    """
    if not (known := SCHEMES.get(scheme)):
        raise BadSignature(f"there is no signature scheme {scheme!r}")
    return check(known, headers=headers, raw_body=raw_body, secret=secret, method=method, uri=uri, now=now)


def _typeform(request: SignedRequest) -> str:
    given = request.header("Typeform-Signature")
    return compare(given, "sha256=" + base64.b64encode(request.mac(request.raw_body)).decode())


def _webflow(request: SignedRequest) -> str:
    timestamp = request.header("x-webflow-timestamp")
    check_age(timestamp, unit=1000, window=WEBFLOW_WINDOW, now=request.now)
    given = request.header("x-webflow-signature")
    return compare(
        given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b":" + request.raw_body).hex()
    )


def _tally(request: SignedRequest) -> str:
    return compare(
        request.header("Tally-Signature"), base64.b64encode(request.mac(request.raw_body)).decode()
    )


def _calendly(request: SignedRequest) -> str:
    timestamp, given = named_parts(request.header("Calendly-Webhook-Signature"), "t", "v1")
    check_age(timestamp, unit=1, window=CALENDLY_WINDOW, now=request.now)
    return compare(
        given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b"." + request.raw_body).hex()
    )


def _meta(request: SignedRequest) -> str:
    return compare(
        request.header("X-Hub-Signature-256").lower(), "sha256=" + request.mac(request.raw_body).hex()
    )


def _linkedin(request: SignedRequest) -> str:
    given = request.header("X-LI-Signature").lower().removeprefix("hmacsha256=")
    return compare(given, request.mac(b"hmacsha256=" + request.raw_body).hex())


def _wpforms(request: SignedRequest) -> str:
    # WPForms queues its deliveries and promises no window, so an old one is not a bad one.
    timestamp, given = named_parts(request.header("X-WPForms-Webhook-Signature"), "t", "v")
    return compare(
        given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b"." + request.raw_body).hex()
    )


def _google_ads(request: SignedRequest) -> str:
    try:
        body = json.loads(request.raw_body)
    except (ValueError, RecursionError):
        raise BadSignature("the body is not JSON, so it carries no google_key") from None
    given = body.get("google_key") if isinstance(body, dict) else None
    if not isinstance(given, str) or not given:
        raise BadSignature("the body carries no google_key")
    compare(given, request.secret)
    return ""


def _token(request: SignedRequest) -> str:
    """For vendors that sign nothing: a bearer token, an `X-Leadops-Token` header, or `?token=`."""
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if kind.lower() == "bearer" else ""
    given = given or request.headers.get("x-leadops-token", "").strip()
    given = given or next(iter(parse_qs(urlsplit(request.uri).query).get("token", [])), "")
    if not given:
        raise BadSignature(
            "no token: neither a bearer token, nor X-Leadops-Token, nor ?token= in the address"
        )
    compare(given, request.secret)
    return ""


SCHEMES: dict[str, Scheme] = {
    "token": _token,
    "typeform": _typeform,
    "webflow": _webflow,
    "tally": _tally,
    "calendly": _calendly,
    "meta": _meta,
    "linkedin": _linkedin,
    "wpforms": _wpforms,
    "google_ads": _google_ads,
    "hubspot_v3": hubspot_form.signature,
}
