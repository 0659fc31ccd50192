"""HubSpot in a drill: how it fails, what people do there, and what stands there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.drills import deeds
from tests.drills.crm import Call, Connections, Record, Task, Values
from tests.drills.faults import Fault, answers, own_writes_told
from tests.drills.installation import WEBHOOK_SECRET, Installation
from tests.drills.talking import Server

CONTACTS = "/control/hubspot/contacts"
OWNER, KEY = "hubspot_owner_id", "leadops_lead_id"
WRITTEN = (
    "email", "firstname", "lastname", "company", "hs_lead_status", "leadops_score", "leadops_segment",
    "leadops_routing_reason", KEY, OWNER,
)  # fmt: skip
MOST_WITH_HISTORY = 50
_REFERENCE = re.compile(r"Reference: leadops-([0-9a-f-]{36})-")


class HubSpot:
    key, label = "hubspot", "HubSpot"
    env = {"HUBSPOT_WEBHOOK_SECRET": WEBHOOK_SECRET}
    owner_property, programs = OWNER, ()
    stories = (
        *[deeds.GIVEN] * 3, deeds.GIVEN_TWICE, deeds.DELETED, deeds.ERASED, deeds.RESTORED, deeds.MERGED,
        deeds.MERGED_AWAY,
    )  # fmt: skip
    outage, refusals = "HubSpot: out of order", ("HubSpot: token refused",)
    faults = {
        "HubSpot: 429 with Retry-After": answers(
            "hubspot", {"kind": "status", "status": 429, "retry_after": 1}
        ),
        "HubSpot: 429 without a word": answers("hubspot", {"kind": "status", "status": 429}),
        "HubSpot: 503": answers("hubspot", {"kind": "status", "status": 503}),
        "HubSpot: no answer after it has written": answers(
            "hubspot", {"kind": "timeout_after_commit", "ms": 700, "rate": 0.5}
        ),
        "HubSpot: no answer before it has written": answers(
            "hubspot", {"kind": "latency", "ms": 9000, "rate": 0.5}, {"kind": "status", "status": 500}
        ),
        "HubSpot: connections reset": answers("hubspot", {"kind": "reset", "rate": 0.7}),
        "HubSpot: records fail one by one": answers("hubspot", {"kind": "partial", "rate": 0.5}),
        "HubSpot: token refused": answers("hubspot", {"kind": "auth"}),
        outage: answers("hubspot", {"kind": "status", "status": 502}),
        "HubSpot: slow": answers("hubspot", {"kind": "latency", "ms": 1500}),
        "HubSpot: everything mixed": answers(
            "hubspot",
            {"kind": "latency", "ms": 300, "rate": 0.5},
            {"kind": "timeout_after_commit", "ms": 500, "rate": 0.2},
            {"kind": "reset", "rate": 0.2},
            {"kind": "status", "status": 429, "rate": 0.2},
            {"kind": "status", "status": 500, "rate": 0.2},
        ),
        "HubSpot: webhooks of our own writes too": own_writes_told,
    }
    late_faults: Mapping[str, Fault] = {}

    def connection(self, demo: Connections, *, primary: bool) -> dict[str, Any]:
        return {**demo, "primary": primary}

    def __init__(self) -> None:
        self._people: dict[str, str] = {}

    def set_up(self, installation: Installation) -> None:
        """The demo's CRM is ready; its owners are read while no fault strikes."""
        self._people = owners(installation.sandbox)

    # -- what stands there -------------------------------------------------------------------------

    def records(self, sandbox: Server) -> list[Record]:
        people = owners(sandbox)
        return [
            _record(one["id"], one, people) for one in contacts(sandbox, properties=f"email,{OWNER},{KEY}")
        ]

    def tasks(self, sandbox: Server) -> list[Task]:
        found, people = [], owners(sandbox)
        query = f"properties={OWNER},hs_task_body&associations=contacts"
        for task in pages(sandbox, "tasks", query):
            linked = task.get("associations", {}).get("contacts", {}).get("results", [])
            words = task["properties"]
            reference = _REFERENCE.search(words.get("hs_task_body") or "")
            records = frozenset(each["id"] for each in linked)
            owner = people.get(words.get(OWNER) or "", "")
            found.append(Task(task["id"], records, owner, reference[1] if reference else ""))
        return found

    def written(self, sandbox: Server, ids: Sequence[str]) -> dict[str, dict[str, Values]]:
        people, found = owners(sandbox), {}
        for start in range(0, len(ids), MOST_WITH_HISTORY):
            some = [{"id": each} for each in ids[start : start + MOST_WITH_HISTORY]]
            body = {"properties": [], "propertiesWithHistory": list(WRITTEN), "inputs": some}
            for one in sandbox.post("/hubspot/crm/v3/objects/contacts/batch/read", body)["results"]:
                found[one["id"]] = {
                    name: [_written(name, each, people) for each in reversed(several)]
                    for name, several in one["propertiesWithHistory"].items()
                }
        return found

    def look(self, sandbox: Server, email: str) -> Record | None:
        found = sandbox.get(f"{CONTACTS}/{email}?idProperty=email", missing={})
        return _record(found["id"], found["properties"], self._people) if found else None

    # -- what people do ----------------------------------------------------------------------------

    def give(self, record: Record, owner: str, by: str) -> Call:
        return "POST", f"{CONTACTS}/{record.id}/owner", {"owner": owner, "by": by}

    def delete(self, record: Record, *, erase: bool = False) -> Call:
        return "DELETE", f"{CONTACTS}/{record.id}{'?privacy=true' if erase else ''}", None

    def restore(self, record: Record) -> Call:
        return "POST", f"{CONTACTS}/{record.id}/restore", {}

    def make(self, email: str, by: str) -> Call:
        return "POST", CONTACTS, {"properties": {"email": email}, "by": by}

    def merge(self, kept: Record, other: Record, by: str) -> Call:
        return "POST", f"{CONTACTS}/merge", {"primary": kept.id, "other": other.id, "by": by}

    def are_one(self, sandbox: Server, kept: Record, other: Record) -> bool:
        found = [sandbox.get(f"{CONTACTS}/{one.id}")["id"] for one in (kept, other)]
        return bool(found[0] == found[1])

    def convert(self, record: Record, by: str) -> Call:
        raise NotImplementedError("Whoever is in HubSpot is a contact.")


def owners(sandbox: Server) -> dict[str, str]:
    """id -> e-mail address."""
    return {one["id"]: one["email"] for one in sandbox.get("/hubspot/crm/v3/owners?limit=100")["results"]}


def contacts(sandbox: Server, *, properties: str) -> list[dict[str, Any]]:
    """Properties of every contact, with its `id`."""
    return [
        {"id": one["id"], **one["properties"]}
        for one in pages(sandbox, "contacts", f"properties={properties}")
    ]


def pages(sandbox: Server, kind: str, query: str) -> Iterator[dict[str, Any]]:
    after: str | None = "0"
    while after is not None:
        page = sandbox.get(f"/hubspot/crm/v3/objects/{kind}?limit=100&after={after}&{query}")
        yield from page["results"]
        after = page.get("paging", {}).get("next", {}).get("after")


def _record(number: str, values: Any, people: dict[str, str]) -> Record:
    return Record(
        number, values.get("email") or "", people.get(values.get(OWNER) or "", ""), values.get(KEY) or ""
    )


def _written(name: str, each: Any, people: dict[str, str]) -> tuple[str, str]:
    value = str(each["value"] or "")
    by = str(each.get("sourceId") or "") if each.get("sourceType") == "CRM_UI" else ""
    return (people.get(value, value) if name == OWNER else value), by
