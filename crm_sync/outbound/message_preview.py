"""What would be told of a lead: worked out by the code that tells, and not sent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crm_sync.connection import owners
from crm_sync.connection.connecting import bodies_of
from crm_sync.connectors import connector_class, messages_of
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import lead_push, payload
from crm_sync.outbound.lines import lines_of
from intake.models import Lead
from plumbing import json_templates


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """`text` is the body as people read it."""

    name: str
    label: str
    text: str


def of_lead(connection: CrmConnection, lead: Lead) -> list[PreviewedMessage]:
    """Each kind that the connection tells, as it is set up in memory; a change as if it came now. No call."""
    return list(_of_lead(connection, lead))


def _of_lead(connection: CrmConnection, lead: Lead) -> Iterator[PreviewedMessage]:
    connector = connector_class(connection.kind)
    if connector is None or not connector.messages:
        return
    lines, bodies = lines_of(connection), bodies_of(connection)
    types = {need.name: need.type for need in payload.needs_of(lines)}
    plan = payload.plan_of(connection, lines, connector=connector, properties={})
    entry = OutboxEntry(connection=connection, lead_id=lead.pk)
    (push,) = lead_push.load(
        [entry], connection_id=connection.pk, email_property=plan.names.email, fields=plan.fields
    )
    link, push.link = push.link, None
    push.owner_id = owners.ids_of(connection.pk, {push.owner}).get(push.owner, push.owner)
    payload.fill(push, plan)
    new = push.outgoing
    known = replace(
        new,
        remote_id=link.remote_id if link else new.key,
        exists=True,
        known=link.sent if link else {},
        number=(link.writes if link else 0) + 1,
    )
    for kind in messages_of(connection.kind):
        if kind.name in bodies:
            record = new if kind.always else known
            body = connector.message(
                kind, record, body=bodies[kind.name], connection=connection.key, types=types
            )
            yield PreviewedMessage(kind.name, kind.label, json_templates.shown(body))
