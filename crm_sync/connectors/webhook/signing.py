"""Who has sent a message, both ways: Standard Webhooks, with a shared secret.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbing.signatures import BadSignature, SignedRequest, check_age

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
WINDOW = timedelta(minutes=5)
_SHORTEST, _LONGEST = 24, 64
_MOST_SECRETS = 2
WEBHOOK_SECURITY = {
    "type": "apiKey",
    "in": "header",
    "name": SIGNATURE,
    "description": (
        "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body` under the "
        "connection's secret, with the headers `webhook-id` and `webhook-timestamp` (seconds, at most five minutes off). Or "
        "`Authorization: Bearer` with the secret itself."
    ),
}


def keys_of(secrets: str) -> list[bytes]:
    """The keys of one secret, or of the new one and the old one with a blank between. Raises ValueError."""
    found = [_key(each) for each in secrets.split()]
    if not 1 <= len(found) <= _MOST_SECRETS:
        raise ValueError(
            "Give one signing secret, or while it is changed the new one and the old one, with a blank between."
        )
    return found


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(
            f"A signing secret is {PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} random bytes, as "
            f"“echo {PREFIX}$(openssl rand -base64 32)” makes it."
        )
    return key


def signed(body: bytes, *, message_id: str, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers of a message; with two keys it carries two signatures, and whoever knows either believes it."""
    stamp = str(int(at.timestamp()))
    return {
        ID: message_id,
        TIMESTAMP: stamp,
        SIGNATURE: " ".join(_signature(key, message_id, stamp, body) for key in keys),
    }


def verify(request: SignedRequest) -> str:
    """The signature that the request carries, "" for one that shows the secret itself. Raises BadSignature."""
    if authorization := request.headers.get("authorization", ""):
        scheme, _, given = authorization.partition(" ")
        # Of two secrets either will do.
        known = [request.secret, *request.secret.split()]
        if scheme.lower() == "bearer" and any(_same(given.strip(), each) for each in known):
            return ""
        raise BadSignature("the bearer token is not the connection's secret")
    stamp = request.header(TIMESTAMP)
    check_age(stamp, unit=1, window=WINDOW, now=request.now)
    message_id, given = request.header(ID), request.header(SIGNATURE)
    try:
        keys = keys_of(request.secret)
    except ValueError as error:
        raise BadSignature("the connection's secret signs nothing: it does not begin with whsec_") from error
    for key in keys:
        expected = _signature(key, message_id, stamp, request.raw_body)
        for each in given.split():
            if _same(each, expected):
                return expected
    raise BadSignature("the signature does not match the body and the secret")


def _signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    content = f"{message_id}.{stamp}.".encode("utf-8", "replace") + body
    return f"v1,{base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()}"


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
