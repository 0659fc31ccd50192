"""Who really sent a body: each vendor's signature over the raw bytes, compared in constant time.

A scheme takes a `Signed` request and raises `BadSignature`, whose text is for the log, never for the sender.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

WEBFLOW_WINDOW = timedelta(minutes=5)
CALENDLY_WINDOW = timedelta(minutes=3)
HUBSPOT_WINDOW = timedelta(minutes=5)

# HubSpot signs the URI with exactly these decoded, and no others (%20 stays %20).
_HUBSPOT_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_HUBSPOT_ENCODED = re.compile("|".join(_HUBSPOT_DECODED), re.IGNORECASE)


class BadSignature(Exception):
    """The request is not from whom it says it is; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature can cover. `headers` have lower-case names; `uri` is the public address as called."""

    headers: Mapping[str, str]
    raw_body: bytes
    secret: str
    method: str
    uri: str
    now: datetime

    def header(self, name: str) -> str:
        """The header's value; a request without it is not signed."""
        if not (value := self.headers.get(name.lower(), "").strip()):
            raise BadSignature(f"the header {name} is missing")
        return value

    def mac(self, message: bytes) -> bytes:
        return hmac.new(self.secret.encode(), message, hashlib.sha256).digest()


def verify(
    scheme: str,
    *,
    headers: Mapping[str, str],
    raw_body: bytes,
    secret: str,
    method: str,
    uri: str,
    now: datetime,
) -> None:
    """Raise BadSignature unless the request carries the scheme's signature. `scheme` is a key of SCHEMES."""
    if not (check := SCHEMES.get(scheme)):
        raise BadSignature(f"there is no signature scheme {scheme!r}")
    if not secret:
        raise BadSignature("no secret is set")
    lowered = {name.lower(): value for name, value in headers.items()}
    check(Signed(lowered, raw_body, secret, method, uri, now))


def hubspot_v3(
    *, method: str, uri: str, raw_body: bytes, timestamp: str, signature: str, secret: str, now: datetime
) -> None:
    """Raise BadSignature unless `signature` is HubSpot's v3 one; `timestamp`: the header's text (ms)."""
    if not secret:
        raise BadSignature("no secret is set")
    _check_age(timestamp, unit=1000, window=HUBSPOT_WINDOW, now=now)
    address = _HUBSPOT_ENCODED.sub(lambda match: _HUBSPOT_DECODED[match.group().upper()], uri)
    message = (
        f"{method.upper()}{address}".encode("utf-8", "replace")
        + raw_body
        + timestamp.strip().encode("utf-8", "replace")
    )
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    _compare(signature.strip(), base64.b64encode(digest).decode())


def _hubspot_v3(request: Signed) -> None:
    hubspot_v3(
        method=request.method,
        uri=request.uri,
        raw_body=request.raw_body,
        timestamp=request.header("X-HubSpot-Request-Timestamp"),
        signature=request.header("X-HubSpot-Signature-v3"),
        secret=request.secret,
        now=request.now,
    )


def _typeform(request: Signed) -> None:
    given = request.header("Typeform-Signature")
    _compare(given, "sha256=" + base64.b64encode(request.mac(request.raw_body)).decode())


def _webflow(request: Signed) -> None:
    timestamp = request.header("x-webflow-timestamp")
    _check_age(timestamp, unit=1000, window=WEBFLOW_WINDOW, now=request.now)
    given = request.header("x-webflow-signature")
    _compare(given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b":" + request.raw_body).hex())


def _tally(request: Signed) -> None:
    _compare(request.header("Tally-Signature"), base64.b64encode(request.mac(request.raw_body)).decode())


def _calendly(request: Signed) -> None:
    timestamp, given = _parts(request.header("Calendly-Webhook-Signature"), "t", "v1")
    _check_age(timestamp, unit=1, window=CALENDLY_WINDOW, now=request.now)
    _compare(given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b"." + request.raw_body).hex())


def _meta(request: Signed) -> None:
    _compare(request.header("X-Hub-Signature-256").lower(), "sha256=" + request.mac(request.raw_body).hex())


def _linkedin(request: Signed) -> None:
    given = request.header("X-LI-Signature").lower().removeprefix("hmacsha256=")
    _compare(given, request.mac(b"hmacsha256=" + request.raw_body).hex())


def _wpforms(request: Signed) -> None:
    # WPForms queues its deliveries and promises no window, so an old one is not a bad one.
    timestamp, given = _parts(request.header("X-WPForms-Webhook-Signature"), "t", "v")
    _compare(given.lower(), request.mac(timestamp.encode("utf-8", "replace") + b"." + request.raw_body).hex())


def _google_ads(request: Signed) -> None:
    try:
        body = json.loads(request.raw_body)
    except (ValueError, RecursionError):
        raise BadSignature("the body is not JSON, so it carries no google_key") from None
    given = body.get("google_key") if isinstance(body, dict) else None
    if not isinstance(given, str) or not given:
        raise BadSignature("the body carries no google_key")
    _compare(given, request.secret)


def _token(request: Signed) -> None:
    """For vendors that sign nothing: a bearer token, an `X-Leadops-Token` header, or `?token=`."""
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if kind.lower() == "bearer" else ""
    given = given or request.headers.get("x-leadops-token", "").strip()
    given = given or next(iter(parse_qs(urlsplit(request.uri).query).get("token", [])), "")
    if not given:
        raise BadSignature(
            "no token: neither a bearer token, nor X-Leadops-Token, nor ?token= in the address"
        )
    _compare(given, request.secret)


SCHEMES: dict[str, Callable[[Signed], None]] = {
    "token": _token,
    "typeform": _typeform,
    "webflow": _webflow,
    "tally": _tally,
    "calendly": _calendly,
    "meta": _meta,
    "linkedin": _linkedin,
    "wpforms": _wpforms,
    "google_ads": _google_ads,
    "hubspot_v3": _hubspot_v3,
}


def _compare(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise BadSignature("the signature does not match the body and the secret")


def _parts(header: str, *names: str) -> list[str]:
    """The values of `t=1,v1=abc` by name."""
    found = dict(part.strip().partition("=")[::2] for part in header.split(","))
    if missing := [name for name in names if not found.get(name)]:
        raise BadSignature(f"the signature header has no {missing[0]}= part")
    return [found[name] for name in names]


def _check_age(timestamp: str, *, unit: int, window: timedelta, now: datetime) -> None:
    """`unit`: how many of the timestamp's units make a second. A clock may be ahead as far as it may be
    behind."""
    text = timestamp.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise BadSignature(f"the timestamp {text[:40]!r} is not a number")
    seconds = now.timestamp() - int(text) / unit
    if abs(seconds) > window.total_seconds():
        raise BadSignature(
            f"the timestamp is {seconds:.0f} s old; {window.total_seconds():.0f} s are allowed"
        )
