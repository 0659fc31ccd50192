"""The CRM sandbox as a test sees it: over HTTP, like everybody else."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

TOKEN = "sandbox-token"
PROPERTIES = [
    "email",
    "firstname",
    "lastname",
    "company",
    "hubspot_owner_id",
    "hs_lead_status",
    "leadops_lead_id",
    "leadops_score",
    "leadops_segment",
    "leadops_routing_reason",
    "leadops_routed_at",
    "leadops_shared_email",
]


class Crm:
    """A client of one sandbox."""

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
