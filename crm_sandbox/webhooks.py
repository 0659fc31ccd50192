"""Telling others of changes: batches of events, signed, sent from a thread of their own, and tried again.

What waits stands in the store, written together with the change it tells of, so it outlives a restart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from crm_sandbox import portal_settings
from crm_sandbox.store import Store
from crm_sandbox.wire import Json, now_ms

MOST_EVENTS = 100
MOST_ATTEMPTS = 10
PATIENCE_S = 5
LONGEST_PAUSE_MS = 60_000
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def signature_v3(*, secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """base64(HMAC-SHA256(secret, METHOD + URI + body + timestamp)); few escapes of the URI are decoded."""
    uri = _DECODED.sub(lambda match: unquote(match.group()), url)
    signed = method.encode() + uri.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


class Webhooks:
    def __init__(self, *, store: Store) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self._hooks: dict[str, sqlite3.Row] = {}
        self._wanted: tuple[str, ...] = ()
        self._told: dict[str, list[Json]] = {}
        store.with_each_commit(self._book, forget=lambda: self._told.clear())
        self.load()
        self._thread = threading.Thread(target=self._deliver_all, name="sandbox-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=PATIENCE_S + 1)

    def subscribe(
        self, *, target: str, url: str, secret: str, own_writes: bool, events: Sequence[str] = ()
    ) -> None:
        """`own_writes`: tell of changes through the API too, as HubSpot does for a subscribed property.

        `events`: only of these, such as contact.creation or deal.* for all of a kind; of everything without them.
        """
        with self._store.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?, ?)", (target, url, secret, own_writes)
            )
            portal_settings.write(db, portal_settings.WEBHOOK_EVENTS, list(events) or None)
        self.load()

    def unsubscribe(self, *, target: str) -> None:
        with self._store.writing() as db:
            db.execute("DELETE FROM webhooks WHERE target = ?", (target,))
            portal_settings.write(db, portal_settings.WEBHOOK_EVENTS, None)
        self.load()

    def load(self) -> None:
        """The addresses as the store has them."""
        with self._store.reading() as db:
            self._hooks = {row["target"]: row for row in db.execute("SELECT * FROM webhooks")}
            self._wanted = tuple(portal_settings.read(db, portal_settings.WEBHOOK_EVENTS, ()))

    def listens(self, *, target: str, own_write: bool) -> bool:
        hook = self._hooks.get(target)
        return hook is not None and (not own_write or bool(hook["own_writes"]))

    def notify(self, *, target: str, own_write: bool, events: Sequence[Json]) -> None:
        """Within the caller's transaction; what it tells of is sent together, once it is committed."""
        if self.listens(target=target, own_write=own_write):
            wanted = [each for each in events if self._is_wanted(each["subscriptionType"])]
            self._told.setdefault(target, []).extend(wanted)

    def _book(self, db: sqlite3.Connection) -> None:
        told, self._told = self._told, {}
        for target, events in told.items():
            hook = self._hooks.get(target)
            if hook is None:
                # Nobody listens any more.
                continue
            for start in range(0, len(events), MOST_EVENTS):
                db.execute(
                    "INSERT INTO deliveries (url, secret, events, attempt, due_at) VALUES (?, ?, ?, 0, ?)",
                    (hook["url"], hook["secret"], json.dumps(events[start : start + MOST_EVENTS]), now_ms()),
                )
        if told:
            self._wake.set()

    def _is_wanted(self, subscription: str) -> bool:
        kind = subscription.partition(".")[0]
        return not self._wanted or subscription in self._wanted or f"{kind}.*" in self._wanted

    def waiting(self) -> int:
        with self._store.reading() as db:
            return int(db.execute("SELECT COUNT(*) FROM deliveries").fetchone()[0])

    def _deliver_all(self) -> None:
        while True:
            self._wake.clear()
            if self._stopping:
                return
            with self._store.reading() as db:
                row = db.execute("SELECT * FROM deliveries ORDER BY due_at, number LIMIT 1").fetchone()
            pause_ms = row["due_at"] - now_ms() if row else LONGEST_PAUSE_MS
            if pause_ms > 0:
                self._wake.wait(pause_ms / 1000)
            else:
                self._deliver(row)

    def _deliver(self, row: sqlite3.Row) -> None:
        attempt = row["attempt"]
        events = [event | {"attemptNumber": attempt} for event in json.loads(row["events"])]
        delivered = post_signed(url=row["url"], secret=row["secret"], events=events)
        with self._store.writing() as db:
            if delivered or attempt >= MOST_ATTEMPTS:
                db.execute("DELETE FROM deliveries WHERE number = ?", (row["number"],))
            else:
                pause = min(LONGEST_PAUSE_MS, 1000 * 2**attempt)
                db.execute(
                    "UPDATE deliveries SET attempt = ?, due_at = ? WHERE number = ?",
                    (attempt + 1, now_ms() + pause, row["number"]),
                )


def post_signed(*, url: str, secret: str, events: list[Any]) -> bool:
    """True when the receiver answered 2xx within five seconds."""
    body = json.dumps(events).encode()
    timestamp = str(now_ms())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/)",
        "X-HubSpot-Request-Timestamp": timestamp,
        "X-HubSpot-Signature-Version": "v3",
        "X-HubSpot-Signature-v3": signature_v3(
            secret=secret, method="POST", url=url, body=body, timestamp=timestamp
        ),
    }
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=PATIENCE_S)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
