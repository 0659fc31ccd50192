"""The mirror of a large CRM: its first load from the sandbox, killed in the middle and resumed, and what looking people up costs.

Beside the look-up, in the same process and database, stand plain ORM queries, one lead at a time.
"""

import json
import signal
import sys
import time
import urllib.request
from typing import Any

from benchmarks.figures import Figure
from benchmarks.services import Services
from crm_sandbox.server import SandboxServer

CONTACTS, COMPANIES, DEALS = 200_000, 60_000, 30_000
_AT_ONCE = 5_000


def measure(*, quick: bool) -> list[Figure]:
    part = 100 if quick else 1
    numbers = CONTACTS // part, COMPANIES // part, DEALS // part
    with Services() as services, SandboxServer(data_dir=services.folder) as sandbox:
        _fill(sandbox.url, *numbers)
        services.sql(
            "UPDATE crm_sync_crmconnection SET base_url = %(url)s, token_env = 'HUBSPOT_TOKEN'",
            {"url": f"{sandbox.url}/hubspot"},
        )
        services.env |= {"HUBSPOT_TOKEN": "sandbox-token", "LEADOPS_PRIVATE_ADDRESSES": "127.0.0.1"}
        begun = time.perf_counter()
        killed_at = _load(services, until=sum(numbers) // 2)
        _load(services)
        seconds = time.perf_counter() - begun
        calls = len(_call(sandbox.url, "GET", "/control/calls?target=hubspot"))
        rows = services.sql(
            "SELECT (SELECT count(*) FROM crm_sync_knowncontact), (SELECT count(*) FROM crm_sync_account),"
            " (SELECT count(*) FROM crm_sync_opendeal)"
        )[0]
        assert rows == numbers, f"{rows} are there, of {numbers}"
        cost = json.loads(services.run([sys.executable, "-m", "benchmarks.look_up_cost", str(numbers[0])]))
    about = f"{numbers[0]:,} contacts, {numbers[1]:,} companies, {numbers[2]:,} deals"
    return [
        Figure(f"mirror of {about}: first load, killed at {killed_at:,} records and resumed", seconds, "s"),
        Figure("mirror: calls of the first load that the sandbox's log still has", calls, "calls"),
        Figure(
            "mirror: looking up, in batches of 100 (baseline: ORM, one lead at a time)",
            cost["ours"],
            "ms a lead",
            cost["baseline"],
            cost["ours"] / cost["baseline"],
        ),
        Figure("mirror: statements of a batch", cost["statements"], "statements"),
    ]


def _load(services: Services, *, until: int = 0) -> int:
    """One process that fills the mirror; kill -9 once it has read `until` records. Returns how many it had then."""
    process, _say, hear = services.talk([sys.executable, "-m", "benchmarks.fill"])
    while until:
        read = services.sql("SELECT coalesce(sum(read), 0) FROM crm_sync_mirrorprogress")[0][0]
        if read >= until:
            process.send_signal(signal.SIGKILL)
            process.wait()
            # Whoever held the row of a kind has died: its lease runs out.
            services.sql("UPDATE crm_sync_mirrorprogress SET claimed_until = now() - interval '1 second'")
            return int(read)
        time.sleep(0.2)
    assert hear.readline() == "loaded\n"
    process.wait()
    return 0


def _fill(url: str, contacts: int, companies: int, deals: int) -> None:
    for start in range(0, contacts, 20_000):
        some = {"count": min(20_000, contacts - start), "start": start, "domain": "bench.example"}
        _call(url, "POST", "/control/hubspot/imports", some)
    firms = [
        {"properties": {"name": f"Firm {n} GmbH", "domain": f"firm{n}.example"}} for n in range(companies)
    ]
    ids: list[str] = []
    for start in range(0, companies, _AT_ONCE):
        ids += _call(url, "POST", "/control/hubspot/companies", firms[start : start + _AT_ONCE])["ids"]
    chances = [{"properties": {"dealname": f"Deal {n}"}, "company": ids[n % len(ids)]} for n in range(deals)]
    for start in range(0, deals, _AT_ONCE):
        _call(url, "POST", "/control/hubspot/deals", chances[start : start + _AT_ONCE])


def _call(url: str, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.loads(answer.read() or b"null")
