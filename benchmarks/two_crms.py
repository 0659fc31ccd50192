"""50 leads a second for a minute into HubSpot and Salesforce at once, each of which takes 120 ms a call, on the whole stack.

Both mirrors poll meanwhile, and every call to Salesforce counts: writes, look-ups, polls, logins. A lead's latency is from just
before its request until the later of its two records is made, by its timeline, written once the CRM has answered. Beside it
stands a plain sync that does record by record what each CRM needs (a look-up, the record, its task), for a shorter time.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ruamel.yaml import YAML

from benchmarks.figures import Figure, percentile
from benchmarks.org_session import OrgSession
from benchmarks.running import ORG_CLIENT, ORG_TOKEN, Running
from benchmarks.services import BASE
from benchmarks.sustained import RATE, Plain, drive, ratio, settled

SECONDS, BASELINE_SECONDS, READERS = 60.0, 6.0, 4
MS = 120
SALESFORCE, HUBSPOT = "salesforce", "hubspot"


def measure(*, quick: bool) -> list[Figure]:
    seconds, shorter = (6.0, 3.0) if quick else (SECONDS, BASELINE_SECONDS)
    with Running() as leadops:
        leadops.let_everybody_be_picked(_second(leadops))
        drive(leadops.post, seconds=2.0)
        settled(leadops)
        _slow(leadops, MS)
        begin = _now()
        sent = drive(leadops.post, seconds=seconds)
        settled(leadops)
        calls = _calls(leadops, since=begin)
        _slow(leadops, 0)
        arrived = _arrived(leadops, sent)
        _check(leadops, sent)
        _slow(leadops, MS)
        begin = _now()
        plain = _PlainBoth(leadops)
        theirs = drive(plain.sync, seconds=shorter)
        their_calls = _calls(leadops, since=begin)
    ours = {email: arrived[email] - at for email, at in sent.items()}
    beside = {email: plain.done[email] - at for email, at in theirs.items()}
    name = f"{RATE:g} leads/s for {seconds:g} s (baseline, {shorter:g} s: record by record)"
    rows: list[tuple[str, float, float, str]] = [
        (f"submit -> both CRMs, p50, {name}", _waited(ours, 0.5), _waited(beside, 0.5), "ms"),
        ("submit -> both CRMs, p95", _waited(ours, 0.95), _waited(beside, 0.95), "ms"),
        (
            "calls to Salesforce a lead, polls and all",
            len(calls) / len(sent),
            len(their_calls) / len(theirs),
            "calls",
        ),
    ]
    return [Figure(f"two CRMs: {what}", own, unit, base, ratio(own, base)) for what, own, base, unit in rows]


def _second(leadops: Running) -> Any:
    """The commented second connection of the demo's file without its condition. Tasks are HubSpot's."""
    text = (BASE / "leadops" / "demo" / "acme.yaml").read_text(encoding="utf-8")
    _, _, second = text.partition("#  A second CRM")
    lines = [line.removeprefix("#") for line in second.splitlines()[1:] if not line.startswith("#    when:")]
    (connection,) = YAML(typ="safe").load("\n".join(lines))
    return connection | {
        "base_url": f"http://127.0.0.1:{leadops.sandbox_port}/salesforce",
        "client_id": ORG_CLIENT,
        "token_env": ORG_TOKEN,
    }


def _slow(leadops: Running, ms: int) -> None:
    leadops.slow_down_the_crm(ms)
    if ms:
        leadops.control("POST", "faults", {"target": SALESFORCE, "kind": "latency", "ms": ms})


def _calls(leadops: Running, *, since: str) -> list[Any]:
    return [one for one in leadops.control("GET", f"calls?target={SALESFORCE}") if one["at"] >= since]


def _arrived(leadops: Running, sent: dict[str, float]) -> dict[str, float]:
    """When the later of its two records was made, by address."""

    def one(email: str) -> tuple[str, float]:
        (lead,) = leadops.ask_api(f"leads?email={quote(email)}")["results"]
        made = {
            entry["data"]["connection"]: entry["at"]
            for entry in leadops.ask_api(f"leads/{lead['id']}/timeline")
            if entry["verb"] == "crm_sync.created"
        }
        assert set(made) == {HUBSPOT, SALESFORCE}, f"{email} is in {sorted(made)}"
        return email, max(datetime.fromisoformat(at).timestamp() for at in made.values())

    with ThreadPoolExecutor(READERS) as readers:
        return dict(readers.map(one, sent))


def _check(leadops: Running, sent: dict[str, float]) -> None:
    """Each is once in both, with one owner."""
    org = OrgSession(leadops)
    users = {row["Id"]: row["Email"] for row in org.query("SELECT Id, Email FROM User")}
    there = [
        (row["Email"], users.get(row["OwnerId"])) for row in org.query("SELECT Email, OwnerId FROM Lead")
    ]
    people = {one["id"]: one["email"] for one in leadops.crm("GET", "/crm/v3/owners?limit=100")[1]["results"]}
    contacts = leadops.listed("contacts", "email,hubspot_owner_id")
    here = [
        (one["properties"]["email"], people.get(one["properties"]["hubspot_owner_id"])) for one in contacts
    ]
    both = [sorted(each for each in each_crm if each[0] in sent) for each_crm in (there, here)]
    assert len(both[0]) == len(both[1]) == len(sent), [len(each) for each in both]
    wrong = set(both[0]) ^ set(both[1])
    assert not wrong, f"{len(wrong)} owners are not the same in both: {sorted(wrong)[:4]}"


class _PlainBoth:
    """HubSpot and then Salesforce, record by record. `done`: address -> when both had it (Unix time)."""

    def __init__(self, leadops: Running) -> None:
        self.hubspot, self.org = Plain(leadops), OrgSession(leadops)
        self.done: dict[str, float] = {}

    def sync(self, lead: dict[str, Any]) -> float:
        at = self.hubspot.sync(lead)
        email, last = lead["email"], lead["full_name"].split()[-1]
        self.org.query(f"SELECT Id FROM Lead WHERE Email = '{email}'")
        made = self.org.write("sobjects/Lead", {"Email": email, "LastName": last, "Company": lead["company"]})
        self.org.write("sobjects/Task", {"WhoId": made["id"], "Subject": f"Call {lead['full_name']}"})
        self.done[email] = time.time()
        return at


def _waited(waits: dict[str, float], share: float) -> float:
    """Milliseconds."""
    return percentile(iter(waits.values()), share) * 1000


def _now() -> str:
    return datetime.now(UTC).isoformat()[:23]
