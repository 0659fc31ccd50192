"""Standard Webhooks, as a receiver checks them and as it signs what it sends back. https://www.standardwebhooks.com"""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
import time
from collections.abc import Mapping

from crm_sandbox import portal_settings

SETTING = "webhook_secret"
PREFIX = "whsec_"
# Anybody can know it: the sandbox is for demos and tests.
DEFAULT_SECRET = PREFIX + base64.b64encode(b"the sandbox keeps no secrets").decode()
TOLERANCE_S = 300


def secret(db: sqlite3.Connection) -> str:
    return str(portal_settings.read(db, SETTING, DEFAULT_SECRET))


def signature(*, secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def why_not(headers: Mapping[str, str], body: bytes, *, secret: str) -> str:
    """Why a message is not believed, "" for one that is. `headers` have lower-case names."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not message_id or not timestamp or not given:
        return "webhook-id, webhook-timestamp and webhook-signature are needed."
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return "The timestamp is more than five minutes off."
    expected = signature(secret=secret, message_id=message_id, timestamp=timestamp, body=body)
    if not any(hmac.compare_digest(each.encode(), expected.encode()) for each in given.split()):
        return "The signature does not match."
    return ""
