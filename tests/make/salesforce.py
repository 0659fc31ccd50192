"""A Salesforce org in the sandbox, and a connection to it."""

from __future__ import annotations

from typing import Any

from crm_sync.models import CrmConnection, FieldMapping
from plumbing import secrets
from tests.make import crm_sync as make

CLIENT_ID, SECRET, US = "sandbox-consumer-key", "sandbox-consumer-secret", "leadops@acme.test"
VERSION = "v66.0"
MAPPINGS = [
    ("email", "Email", "overwrite", {}),
    ("first_name", "FirstName", "if_empty", {}),
    ("last_name", "LastName", "if_empty", {}),
    ("company", "Company", "if_empty", {}),
    ("phone", "Phone", "overwrite", {}),
    ("job_title", "Title", "overwrite", {}),
    (
        "status",
        "Status",
        "overwrite",
        {"new": "Open - Not Contacted", "working": "Working - Contacted", "contacted": "Working - Contacted"},
    ),
    ("owner", "OwnerId", "overwrite", {}),
]


def connection(url: str, *, key: str = "salesforce", **fields: Any) -> CrmConnection:
    made = CrmConnection.objects.create(
        key=key,
        **{
            "kind": "salesforce",
            "base_url": f"{url}/salesforce",
            "primary": True,
            "client_id": CLIENT_ID,
            "token": secrets.encrypt(SECRET),
            "webhook_secret": secrets.encrypt(make.WEBHOOK_SECRET),
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
