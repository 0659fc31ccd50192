"""What is told of a lead, and how it is written: a documented body for each kind, which a connection may replace.

docs/howto/connect-webhook.md shows them. An id stays the same however often a message is tried, so that whoever gets it twice can
tell; `version` counts what was told of a lead, so that whoever gets an older one late can tell too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from crm_sync.connectors.base import Outgoing
from crm_sync.connectors.capabilities import MessageKind
from crm_sync.connectors.webhook import formats
from plumbing import json_templates

CREATED, ASSIGNED, CONTACTED, STATUS = "lead.created", "lead.assigned", "lead.contacted", "lead.status"
_IDS = UUID("6c1f6f0e-6f9f-5b7a-9d0e-3d5b8f2f7c11")
# Of each kind the moment that it is about.
_MOMENTS = {CREATED: "created_at", ASSIGNED: "routed_at", CONTACTED: "contacted_at"}
_ADDS = {
    "type": "kind of the message",
    "message_id": "id of the message, the same at every try",
    "occurred_at": "when it happened",
    "connection": "key of the connection",
    "version": "counts what was told of the lead: higher is later",
    "record_id": "id that the receiver gave the lead, else ours",
}


def _body(**data: Any) -> dict[str, Any]:
    return {
        "type": "{type}",
        "timestamp": "{occurred_at}",
        "version": "{version}",
        "connection": "{connection}",
        "data": {"lead_id": "{lead_id}", "record_id": "{record_id}", **data},
    }


_WHO = {name: f"{{{name}}}" for name in ("email", "first_name", "last_name", "company")}
_HOLDER: dict[str, Any] = {
    "owner": {"email": "{owner_email}", "name": "{owner_name}"},
    "queue": "{queue}",
}
_BEFORE: dict[str, Any] = {"owner": {"email": "{before.owner_email}"}, "queue": "{before.queue}"}
KINDS: tuple[MessageKind, ...] = (
    MessageKind(
        CREATED,
        "A lead is new",
        _body(
            status="{status}",
            lead={
                name: f"{{{name}}}"
                for name in (
                    *_WHO,
                    "phone",
                    "job_title",
                    "country",
                    "state",
                    "city",
                    "employee_count",
                    "product_interest",
                    "message",
                    "language",
                    "marketing_consent",
                )
            },
            score={"points": "{score}", "segment": "{segment}"},
            source="{source}",
            **_HOLDER,
            reason="{routing_reason}",
            first_response_due="{sla_due_at}",
        ),
        needs=("created_at",),
        adds=_ADDS,
    ),
    MessageKind(
        ASSIGNED,
        "A lead goes to another owner or queue",
        _body(lead=_WHO, before=_BEFORE, after=_HOLDER, reason="{routing_reason}"),
        fields=("owner", "owner_email", "queue"),
        needs=("routed_at",),
        adds=_ADDS | {"before.owner_email": "e-mail of the owner before", "before.queue": "queue before"},
    ),
    MessageKind(
        CONTACTED,
        "Somebody has contacted a lead",
        _body(lead=_WHO, contacted_at="{contacted_at}", **_HOLDER),
        fields=("contacted_at",),
        only_filled=True,
        adds=_ADDS,
    ),
    MessageKind(
        STATUS,
        "The status of a lead changes",
        _body(lead=_WHO, before="{before.status}", after="{status}", disqualify_reason="{disqualify_reason}"),
        fields=("status",),
        adds=_ADDS | {"before.status": "status before"},
    ),
)
BY_NAME = {each.name: each for each in KINDS}


def due(record: Outgoing, wanted: Mapping[str, Any]) -> list[MessageKind]:
    """What is told of a record that is written, in the order in which it is told."""
    if not record.exists:
        return [BY_NAME[CREATED]]
    return [
        each for each in KINDS if each.name in wanted and not record.properties.keys().isdisjoint(each.fields)
    ]


def message_id(kind: MessageKind, record: Outgoing, *, connection: str) -> str:
    """The same for every try of one change, and another as soon as something else would be told."""
    about: Sequence[str] = kind.fields or sorted(record.whole)
    now = [f"{name}={record.whole.get(name, '')}" for name in about]
    said = "\x1f".join((connection, record.key, kind.name, record.push, *now))
    return f"msg_{uuid5(_IDS, said).hex}"


def occurred_at(kind: MessageKind, record: Outgoing) -> str:
    """ISO 8601; of a status, which has no moment of its own, that of the lead's last change."""
    own = record.whole.get(_MOMENTS.get(kind.name, ""), "")
    return own or (formats.encode(record.changed_at) if isinstance(record.changed_at, datetime) else "")


def filled(
    kind: MessageKind, record: Outgoing, *, body: Any, connection: str, types: Mapping[str, str]
) -> dict[str, Any]:
    """The body that is sent: `body` with all that is known of the lead in it."""
    values = formats.typed(record.whole, types)
    values |= {f"before.{name}": value for name, value in formats.typed(record.known, types).items()}
    values |= {
        "type": kind.name,
        "message_id": message_id(kind, record, connection=connection),
        "occurred_at": occurred_at(kind, record),
        "connection": connection,
        "version": record.number,
        "record_id": record.remote_id or record.key,
        "lead_id": record.key,
    }
    found = json_templates.fill(body, values)
    assert isinstance(found, dict)
    return found
