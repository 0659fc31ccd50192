"""Builders of the rows that a push reads, and a client for what stands in the sandbox."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm_sync import outbox
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, OutboxEntry
from crm_sync.outbound import sending
from intake.models import Lead
from plumbing import secrets
from routing.models import Assignment, LeadScore, Owner, Queue, SlaClock

TOKEN = "sandbox-token"
WEBHOOK_SECRET = "webhook-secret"
PROPERTIES = [
    "email", "firstname", "lastname", "company", "hubspot_owner_id", "hs_lead_status", "leadops_lead_id",
    "leadops_score", "leadops_segment", "leadops_routing_reason", "leadops_routed_at", "leadops_shared_email",
]  # fmt: skip
# canonical, property, mode, values: the mappings of the example configuration.
MAPPINGS = [
    ("email", "email", "overwrite", {}),
    ("first_name", "firstname", "if_empty", {}),
    ("last_name", "lastname", "if_empty", {}),
    ("company", "company", "if_empty", {}),
    ("score", "leadops_score", "overwrite", {}),
    ("segment", "leadops_segment", "overwrite", {}),
    ("routing_reason", "leadops_routing_reason", "overwrite", {}),
    (
        "status",
        "hs_lead_status",
        "overwrite",
        {"new": "NEW", "working": "IN_PROGRESS", "contacted": "CONNECTED", "disqualified": "UNQUALIFIED"},
    ),
    ("disqualify_reason", "leadops_disqualify_reason", "overwrite", {}),
    ("routed_at", "leadops_routed_at", "overwrite", {}),
    ("owner", "hubspot_owner_id", "overwrite", {}),
]


class Crm:
    """The sandbox as a test sees it: over HTTP, like everybody else."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def contacts(self) -> list[dict[str, str]]:
        """All contacts' properties, by id."""
        names = ",".join(PROPERTIES)
        found = self.call("GET", f"/hubspot/crm/v3/objects/contacts?limit=100&properties={names}")["results"]
        return [
            {"id": each["id"]} | {k: v for k, v in each["properties"].items() if v is not None}
            for each in found
        ]

    def contact(self) -> dict[str, str]:
        """The only one."""
        (only,) = self.contacts()
        return only

    def tasks(self) -> list[dict[str, Any]]:
        names = "hs_task_subject,hs_timestamp,hs_task_status,hs_task_priority,hubspot_owner_id"
        path = f"/hubspot/crm/v3/objects/tasks?limit=100&associations=contacts&properties={names}"
        return [
            {"id": each["id"], "contacts": _linked(each)}
            | {k: v for k, v in each["properties"].items() if v is not None}
            for each in self.call("GET", path)["results"]
        ]

    def add_contact(self, **properties: str) -> str:
        made = self.call("POST", "/hubspot/crm/v3/objects/contacts", {"properties": properties})
        return str(made["id"])

    def make_property(self, name: str) -> None:
        group = {"name": "own", "label": "Own"}
        self.call("POST", "/hubspot/crm/v3/properties/contacts/groups", group)
        definition = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "own"}
        self.call("POST", "/hubspot/crm/v3/properties/contacts", definition)

    def person_changes(self, contact_id: str, **properties: str) -> None:
        self.call("PATCH", f"/control/hubspot/contacts/{contact_id}", {"properties": properties})

    def program_changes(self, contact_id: str, **properties: str) -> None:
        self.call("PATCH", f"/hubspot/crm/v3/objects/contacts/{contact_id}", {"properties": properties})

    def fault(self, kind: str, **more: Any) -> None:
        self.call("POST", "/control/faults", {"target": "hubspot", "kind": kind, **more})

    def heal(self) -> None:
        self.call("DELETE", "/control/faults")

    def calls(self, path: str = "") -> list[dict[str, Any]]:
        return [each for each in self.call("GET", "/control/calls?target=hubspot") if path in each["path"]]

    def owner_id(self, email: str) -> str:
        found = self.call("GET", f"/hubspot/crm/v3/owners?email={email}")["results"]
        return str(found[0]["id"])


def _linked(each: dict[str, Any]) -> list[str]:
    results = ((each.get("associations") or {}).get("contacts") or {}).get("results") or []
    return sorted({str(one["id"]) for one in results})


def connection(url: str, *, key: str = "hubspot", **fields: Any) -> CrmConnection:
    made = CrmConnection.objects.create(
        key=key,
        **{
            "base_url": f"{url}/hubspot",
            "primary": True,
            "token": secrets.encrypt(TOKEN),
            "webhook_secret": secrets.encrypt(WEBHOOK_SECRET),
            "system_of_record": {"owner": "leadops", "lifecycle": "crm", "default": "most_recent"},
            "task": {"when": ["hot", "warm"], "subject": "Call {full_name} ({company})", "due": "sla"},
            **fields,
        },
    )
    for position, (canonical, name, mode, values) in enumerate(MAPPINGS):
        FieldMapping.objects.create(
            connection=made, canonical=canonical, property=name, mode=mode, values=values, position=position
        )
    return made


def owner(email: str = "alice@acme.test", **fields: Any) -> Owner:
    name = email.partition("@")[0].title()
    return Owner.objects.get_or_create(email=email, defaults={"name": name, **fields})[0]


def queue(name: str = "Triage", **fields: Any) -> Queue:
    return Queue.objects.get_or_create(name=name, defaults=fields)[0]


def lead(
    *,
    email: str = "gina@globex.example",
    to: Owner | Queue | None = None,
    segment: str = "cold",
    points: int = 10,
    queued: bool = True,
    **fields: Any,
) -> Lead:
    """A routed lead, with a pending outbox row unless told otherwise."""
    now = timezone.now()
    to = to or owner()
    values = {
        "first_name": "Gina",
        "last_name": "Green",
        "full_name": "Gina Green",
        "company": "Globex",
        **fields,
    }
    with transaction.atomic():
        made = Lead.objects.create(email=email, created_at=now, updated_at=now, **values)
        Assignment.objects.create(
            lead=made,
            owner=to if isinstance(to, Owner) else None,
            queue=to if isinstance(to, Queue) else None,
            reason="Hot North America",
            assigned_at=now,
        )
        LeadScore.objects.create(lead=made, points=points, segment=segment, ruleset_version=1, scored_at=now)
        if queued:
            outbox.queue_rows([made.pk], now=now)
    return made


def clock(lead: Lead, *, minutes: int = 30) -> SlaClock:
    now = timezone.now()
    return SlaClock.objects.create(
        lead=lead,
        policy_name="Hot leads",
        ruleset_version=1,
        kind="wall",
        first_response=f"{minutes}m",
        started_at=now,
        due_at=now + timedelta(minutes=minutes),
    )


def move(lead: Lead, to: Owner) -> None:
    Assignment.objects.filter(lead=lead).update(owner=to, queue=None, assigned_at=timezone.now())
    push(lead)


def push(*leads: Lead) -> None:
    outbox.queue_rows([each.pk for each in leads], now=timezone.now())


def make_due(connection: CrmConnection) -> None:
    """Time goes by: what waits for its next try is due."""
    OutboxEntry.objects.filter(connection=connection).update(due_at=timezone.now())
    CrmConnection.objects.filter(pk=connection.pk).update(not_before=None, budget={})


def drain(connection: CrmConnection) -> int:
    return sending.drain(connection.pk)


def link_of(lead: Lead) -> CrmLink:
    return CrmLink.objects.get(lead=lead)
