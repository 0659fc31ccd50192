"""Who really sent a request: what every signature is made of. Whose signature it is, its vendor's module says.

A scheme takes a `SignedRequest` and returns the signature that it carries, "" where the caller only knows a secret. It raises
`BadSignature`, whose text is for the log, never for the sender.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

Scheme = Callable[["SignedRequest"], str]


class BadSignature(Exception):
    """The request is not from whom it says it is; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
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
        """HMAC-SHA256 of a message under the shared secret."""
        return hmac.new(self.secret.encode(), message, hashlib.sha256).digest()


def check(
    scheme: Scheme,
    *,
    headers: Mapping[str, str],
    raw_body: bytes,
    secret: str,
    method: str,
    uri: str,
    now: datetime,
) -> str:
    """The scheme's signature that the request carries; nobody passes while no secret is set. Raises BadSignature."""
    if not secret:
        raise BadSignature("no secret is set")
    lowered = {name.lower(): value for name, value in headers.items()}
    return scheme(SignedRequest(lowered, raw_body, secret, method, uri, now))


def over_whole_request(
    *, signature_header: str, timestamp_header: str, window: timedelta, decoded: frozenset[str] = frozenset()
) -> Scheme:
    """Base64 of the HMAC over method, public address, raw body and time stamp (milliseconds).

    `decoded` are the percent escapes ("%2F") that the sender signs as the characters they stand for.
    """
    escapes = {escape.upper(): chr(int(escape[1:], 16)) for escape in decoded}
    pattern = re.compile("|".join(map(re.escape, escapes)) or r"(?!)", re.IGNORECASE)

    def scheme(request: SignedRequest) -> str:
        timestamp = request.header(timestamp_header)
        given = request.header(signature_header)
        check_age(timestamp, unit=1000, window=window, now=request.now)
        address = pattern.sub(lambda match: escapes[match.group().upper()], request.uri)
        start = f"{request.method.upper()}{address}".encode("utf-8", "replace")
        message = start + request.raw_body + timestamp.encode("utf-8", "replace")
        return compare(given, base64.b64encode(request.mac(message)).decode())

    return scheme


def compare(given: str, expected: str) -> str:
    """`expected`, which is what was given: compared in constant time. Raises BadSignature."""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise BadSignature("the signature does not match the body and the secret")
    return expected


def named_parts(header: str, *names: str) -> list[str]:
    """The values of `t=1,v1=abc` by name. Raises BadSignature where one is missing."""
    found = dict(part.strip().partition("=")[::2] for part in header.split(","))
    if missing := [name for name in names if not found.get(name)]:
        raise BadSignature(f"the signature header has no {missing[0]}= part")
    return [found[name] for name in names]


def check_age(timestamp: str, *, unit: int, window: timedelta, now: datetime) -> None:
    """`unit`: how many of the time stamp's units make a second. A clock may be ahead as far as it may be behind.

    Raises BadSignature.
    """
    text = timestamp.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise BadSignature(f"the timestamp {text[:40]!r} is not a number")
    seconds = now.timestamp() - int(text) / unit
    if abs(seconds) > window.total_seconds():
        raise BadSignature(
            f"the timestamp is {seconds:.0f} s old; {window.total_seconds():.0f} s are allowed"
        )
