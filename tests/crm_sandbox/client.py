"""A bare HTTP session to a sandbox, for what the vendor's client hides: statuses, headers, bodies."""

from __future__ import annotations

from typing import Any, Self

import requests

OBJECTS = "/hubspot/crm/v3/objects"
LEAD_ID = {
    "name": "leadops_lead_id",
    "label": "Leadops lead",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
    "hasUniqueValue": True,
}
TO_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}


class Bare:
    def __init__(self, url: str, *, token: str = "sandbox-token") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 10) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=timeout)

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.call("PATCH", path, body)

    def contact(self, **properties: str) -> str:
        """Makes one; its id."""
        answer = self.post(f"{OBJECTS}/contacts", {"properties": properties})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def make_lead_id(self) -> None:
        assert self.post("/hubspot/crm/v3/properties/contacts", LEAD_ID).status_code == 201

    def upsert(self, *inputs: dict[str, Any]) -> requests.Response:
        """By leadops_lead_id."""
        return self.post(
            f"{OBJECTS}/contacts/batch/upsert",
            {"inputs": [{"idProperty": "leadops_lead_id", **each} for each in inputs]},
        )
