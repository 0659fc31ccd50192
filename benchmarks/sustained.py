"""50 leads a second for a minute into a CRM that takes 80 ms a call and grants 190 calls in 10 seconds, on the whole stack.

The sandbox counts the calls and refuses those above the limit; the mirror polls meanwhile. A lead's latency is from just before
its request until its contact is made in the CRM, by the CRM's own record of when that was (one machine, one clock). Beside it
stands a plain sync that looks up, creates and follows up record by record, under the same limit, for a shorter time.
"""

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

from benchmarks.figures import Figure, percentile
from benchmarks.people import person
from benchmarks.running import Running

RATE, SECONDS, BASELINE_SECONDS, CLIENTS = 50.0, 60.0, 6.0, 16
MS, CALLS, PER_SECONDS = 80, 190, 10
PATIENCE, AGAIN_AFTER = 240.0, 1.0
_CONTACTS, _TASKS = "/crm/v3/objects/contacts", "/crm/v3/objects/tasks"
# Of either version of the API.
_WRITES = ("/batch/create", "/batch/update", "/batch/upsert", _CONTACTS, _TASKS)
_READS = ("/contacts/batch/read",)
_numbers = count()


def measure(*, quick: bool) -> list[Figure]:
    seconds, shorter = (6.0, 3.0) if quick else (SECONDS, BASELINE_SECONDS)
    with Running() as leadops:
        leadops.let_everybody_be_picked()
        drive(leadops.post, seconds=2.0)
        settled(leadops)
        leadops.slow_down_the_crm(MS)
        leadops.control("POST", "limits", {"target": "hubspot", "calls": CALLS, "per_seconds": PER_SECONDS})
        ours = _Side(leadops, leadops.post, seconds=seconds)
        settled(leadops)
        ours.read()
        time.sleep(PER_SECONDS)
        baseline = _Side(leadops, Plain(leadops).sync, seconds=shorter)
        baseline.read()
        assert not ours.without_owner, f"{ours.without_owner} leads have no owner in the CRM"
        assert not ours.without_task, f"{ours.without_task} leads have no task in the CRM"
    name = f"{RATE:g} leads/s for {seconds:g} s (baseline, {shorter:g} s: record by record)"
    rows: list[tuple[str, Callable[[_Side], float], str]] = [
        (f"submit -> CRM, p50, {name}", lambda side: side.waited(0.5), "ms"),
        ("submit -> CRM, p95", lambda side: side.waited(0.95), "ms"),
        ("write calls a lead", lambda side: side.calls(writes=True), "calls"),
        ("look-up calls a lead", lambda side: side.calls(writes=False), "calls"),
        ("calls refused with 429", lambda side: side.refused, "calls"),
    ]
    return [
        Figure(f"sustained: {what}", value(ours), unit, value(baseline), ratio(value(ours), value(baseline)))
        for what, value, unit in rows
    ]


class _Side:
    """What one of the two has done: `sent` is e-mail address -> when it was submitted."""

    def __init__(self, leadops: Running, post: Callable[[dict[str, Any]], float], *, seconds: float) -> None:
        self.leadops, self.begin = leadops, time.time()
        self.sent = drive(post, seconds=seconds)
        self.log: list[dict[str, Any]] = []
        self.arrived: dict[str, float] = {}
        self.without_owner = self.without_task = 0

    def read(self) -> None:
        """Once all of it is in the CRM. Lifts the limit and the slowness while it reads."""
        begin = datetime.fromtimestamp(self.begin, UTC).isoformat()
        self.log = [
            one for one in self.leadops.control("GET", "calls?target=hubspot") if one["at"] >= begin[:23]
        ]
        limits = self.leadops.control("GET", "limits")
        self.leadops.control("DELETE", "limits")
        self.leadops.slow_down_the_crm(0)
        contacts = {
            one["properties"]["email"]: one
            for one in self.leadops.listed("contacts", "email,hubspot_owner_id")
        }
        missing = set(self.sent) - set(contacts)
        assert not missing, f"{len(missing)} leads are not in the CRM"
        tasks = self.leadops.listed("tasks", "hubspot_owner_id&associations=contacts")
        about = {
            link["id"]
            for task in tasks
            for link in task.get("associations", {}).get("contacts", {}).get("results", [])
        }
        ours = [contacts[email] for email in self.sent]
        self.without_owner = sum(not one["properties"]["hubspot_owner_id"] for one in ours)
        self.without_task = sum(one["id"] not in about for one in ours)
        self.arrived = {
            email: datetime.fromisoformat(contacts[email]["createdAt"]).timestamp() for email in self.sent
        }
        self.leadops.slow_down_the_crm(MS)
        for one in limits:
            self.leadops.control("POST", "limits", one)

    def waited(self, share: float) -> float:
        """Milliseconds."""
        return percentile((self.arrived[email] - at for email, at in self.sent.items()), share) * 1000

    def calls(self, *, writes: bool) -> float:
        """Calls a lead. Polls and lists are neither; every read of contacts by their addresses or keys is a look-up."""
        made = [
            one
            for one in self.log
            if one["method"] == "POST" and one["path"].endswith(_WRITES if writes else _READS)
        ]
        return len(made) / len(self.sent)

    @property
    def refused(self) -> float:
        return sum(one["status"] == 429 for one in self.log)


class Plain:
    """The usual way: for each lead a read by its address, a create, a task; a refused call is made again a second later."""

    def __init__(self, leadops: Running) -> None:
        self.leadops = leadops
        self.owner = leadops.crm("GET", "/crm/v3/owners?limit=1")[1]["results"][0]["id"]

    def sync(self, lead: dict[str, Any]) -> float:
        at = time.time()
        email = lead["email"]
        asked = {"idProperty": "email", "properties": ["email"], "inputs": [{"id": email}]}
        self._call(f"{_CONTACTS}/batch/read", asked)
        made = self._call(_CONTACTS, {"properties": {"email": email, "hubspot_owner_id": self.owner}})
        about = {
            "to": {"id": made["id"]},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
        }
        task = {"hs_task_subject": f"Call {lead['full_name']}", "hs_timestamp": "2026-11-26T09:00:00Z"}
        self._call(_TASKS, {"properties": {**task, "hubspot_owner_id": self.owner}, "associations": [about]})
        return at

    def _call(self, path: str, body: dict[str, Any]) -> Any:
        while True:
            status, answer = self.leadops.crm("POST", path, body)
            if status != 429:
                assert status < 300, f"{status} {json.dumps(answer)[:300]}"
                return answer
            time.sleep(AGAIN_AFTER)


def drive(post: Callable[[dict[str, Any]], float], *, seconds: float) -> dict[str, float]:
    """E-mail address -> when it was due, or sent if that was earlier: a generator that falls behind hides nothing."""
    begin = time.monotonic() + 0.2
    due_from = time.time() + 0.2

    def one(place: int) -> tuple[str, float]:
        lead = hot(next(_numbers))
        time.sleep(max(0.0, begin + place / RATE - time.monotonic()))
        return lead["email"], min(post(lead), due_from + place / RATE)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return dict(clients.map(one, range(int(RATE * seconds))))


def hot(number: int) -> dict[str, Any]:
    """Everybody gets a task."""
    return {**person(number), "job_title": "Head of Sales", "employee_count": "900"}


def settled(leadops: Running) -> None:
    """Waits until leadops has nothing left to do. Asks leadops and not the CRM, whose calls are counted."""
    until = time.monotonic() + PATIENCE
    quiet = 0
    while quiet < 3:
        if time.monotonic() > until:
            raise RuntimeError(f"It is not quiet after {PATIENCE:g} s.")
        try:
            quiet = quiet + 1 if not leadops.outstanding() else 0
        except (OSError, http.client.HTTPException):
            quiet = 0
        time.sleep(1)


def ratio(ours: float, baseline: float) -> float | None:
    return ours / baseline if baseline else None
