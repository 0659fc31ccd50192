"""A connection that tells the sandbox's service desk of leads, and the desk as a test sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm_sandbox.webhook.signing import DEFAULT_SECRET
from crm_sync.models import CrmConnection
from plumbing import secrets
from tests.make.sandbox import Crm

# What comes back is signed with another secret.
BACK = "whsec_" + "bGVhZHMgdGhhdCBjb21lIGJhY2sgYXJlIG91cnM="


def connection(url: str, *, key: str = "desk", **fields: Any) -> CrmConnection:
    return CrmConnection.objects.create(
        key=key,
        **{
            "kind": "webhook",
            "base_url": f"{url}/webhook",
            "primary": True,
            "token": secrets.encrypt(DEFAULT_SECRET),
            "webhook_secret": secrets.encrypt(BACK),
            "system_of_record": {"owner": "leadops", "lifecycle": "most_recent"},
            **fields,
        },
    )


class Desk:
    def __init__(self, crm: Crm) -> None:
        self.crm = crm

    def messages(self, *types: str) -> list[dict[str, Any]]:
        """The oldest first: all, or those of these types."""
        found = self.crm.call("GET", "/control/webhook/messages")
        return [each for each in found if not types or each["type"] in types]

    def told(self) -> list[str]:
        return [each["type"] for each in self.messages()]

    def ticket(self) -> tuple[str, dict[str, Any]]:
        """The only one, by its id."""
        (only,) = self.crm.call("GET", "/control/webhook/tickets").items()
        return only

    def fault(self, kind: str, **how: Any) -> None:
        self.crm.call("POST", "/control/faults", {"target": "webhook", "kind": kind, **how})

    def over(self) -> None:
        self.crm.call("DELETE", "/control/faults?target=webhook")


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found.astimezone(UTC)
