"""What was booked for later: flows that run after a write, and outbound messages. A thread of its own does it.

What waits stands in the file, so it outlives a restart.
"""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import threading
from urllib.parse import urlsplit

from crm_sandbox.salesforce import callers, outbound, rows, writing
from crm_sandbox.salesforce.automation import FLOW
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.wire import Json, now_ms

PATIENCE_S = 5
_LONGEST_PAUSE_MS = 60_000
_MOST_ATTEMPTS = 20
_ACK = re.compile(rb"<(\w+:)?Ack(\s[^>]*)?>\s*true\s*</(\w+:)?Ack>")


class Later:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-org", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._org.wake.set()
        self._thread.join(timeout=PATIENCE_S + 1)

    def waiting(self) -> int:
        with self._org.store.reading() as db:
            return int(db.execute("SELECT COUNT(*) FROM org_jobs").fetchone()[0])

    def _run(self) -> None:
        while True:
            self._org.wake.clear()
            if self._stopping:
                return
            with self._org.store.reading() as db:
                job = db.execute("SELECT * FROM org_jobs ORDER BY due_at, number LIMIT 1").fetchone()
            pause_ms = job["due_at"] - now_ms() if job else _LONGEST_PAUSE_MS
            if pause_ms > 0:
                self._org.wake.wait(min(pause_ms, _LONGEST_PAUSE_MS) / 1000)
            elif job["kind"] == FLOW:
                self._flow(job)
            else:
                self._message(job)

    def _flow(self, job: sqlite3.Row) -> None:
        body: Json = json.loads(job["body"])
        with self._org.writing() as db:
            db.execute("DELETE FROM org_jobs WHERE number = ?", (job["number"],))
            row, user = rows.get(db, body["id"]), rows.get(db, body["by"])
            if row is None or row.deleted or user is None:
                return
            try:
                writing.set_fields(
                    db, org=self._org, row=row, caller=callers.person(user), changed=body["set"], quiet=True
                )
            except OrgError:
                # As a flow's failure does: the record stays as it is, and the admin gets an e-mail.
                return

    def _message(self, job: sqlite3.Row) -> None:
        """With as many others for the same address as go along."""
        number = json.loads(job["body"])["message"]
        with self._org.store.writing() as db:
            message = next((each for each in outbound.known(db) if each["id"] == number), None)
            due = [
                each
                for each in db.execute(
                    "SELECT * FROM org_jobs WHERE kind = ? AND due_at <= ? ORDER BY due_at, number LIMIT 500",
                    (outbound.MESSAGE, now_ms()),
                )
                if json.loads(each["body"])["message"] == number
            ][: outbound.MOST_NOTIFICATIONS]
            booked = {each["number"]: json.loads(each["body"])["record"] for each in due}
            found = outbound.records(db, list(booked.values()))
            # One record stands in a message once.
            jobs = {id: each for each, id in reversed(booked.items()) if id in found}
            if message is None or not jobs:
                self._done(db, list(booked))
                return
            xml = outbound.written(db, message=message, jobs=[(each, found[id]) for id, each in jobs.items()])
        acknowledged = post(message["url"], xml)
        with self._org.store.writing() as db:
            gone = [each for each in booked if each not in jobs.values() and booked[each] not in found]
            sent = list(jobs.values())
            self._done(db, gone)
            if acknowledged or job["attempt"] >= _MOST_ATTEMPTS:
                self._done(db, sent)
                return
            pause = min(_LONGEST_PAUSE_MS, 1000 * 2 ** job["attempt"])
            db.executemany(
                "UPDATE org_jobs SET attempt = attempt + 1, due_at = ? WHERE number = ?",
                [(now_ms() + pause, each) for each in sent],
            )

    def _done(self, db: sqlite3.Connection, numbers: list[int]) -> None:
        db.executemany("DELETE FROM org_jobs WHERE number = ?", [(each,) for each in numbers])


def post(url: str, xml: str) -> bool:
    """True when the receiver acknowledged it within five seconds."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=PATIENCE_S)
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "User-Agent": "SFDC-Outbound"}
    try:
        connection.request(
            "POST", parts._replace(scheme="", netloc="").geturl() or "/", xml.encode(), headers
        )
        answer = connection.getresponse()
        return answer.status == 200 and bool(_ACK.search(answer.read(100_000)))
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
