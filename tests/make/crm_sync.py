"""Builders of what a push reads: a connection, and routed leads. Leads come through the writers that the product uses."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from crm_sync import outbox
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, OutboxEntry
from crm_sync.outbound import lead_changes, sending
from intake.lead_changes import LeadEdit, edit_leads, write_leads
from intake.lead_draft import LeadDraft
from intake.models import Lead
from plumbing import secrets
from routing import assignment
from routing.engine.ruleset import CompiledSlaPolicy
from routing.handover import actions
from routing.models import Assignment, LeadScore, Owner, Queue, SlaClock
from routing.response import clocks
from routing.stages.scores import write_scores
from tests.make.sandbox import TOKEN

WEBHOOK_SECRET = "webhook-secret"
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
    values = {
        "first_name": "Gina",
        "last_name": "Green",
        "full_name": "Gina Green",
        "company": "Globex",
        **fields,
    }
    made = Lead(email=email, **values)
    move = assignment.Move(
        lead_id=made.pk, to=to or owner(), reason="Hot North America", source=Assignment.Source.PIPELINE
    )
    score = LeadScore(lead=made, points=points, segment=segment, ruleset_version=1, scored_at=now)
    with transaction.atomic():
        write_leads([LeadDraft(made, is_new=True)], now=now)
        assignment.assign([move], now=now)
        write_scores([score], now=now)
        if queued:
            outbox.queue_rows([made.pk], now=now)
    return made


def clock(lead: Lead, *, minutes: int = 30) -> SlaClock:
    """Runs from now on, round the clock."""
    now = timezone.now()
    assigned = Assignment.objects.select_related("owner", "queue").get(lead=lead)
    start = clocks.Start(
        lead_id=lead.pk,
        policy=CompiledSlaPolicy(id=1, name="Hot leads", first_response=f"{minutes}m", clock="wall"),
        ruleset_version=1,
        counts_from=now,
        assigned_at=now,
        owner=assigned.owner,
        queue=assigned.queue,
    )
    drafted = clocks.draft(start)
    with transaction.atomic():
        clocks.write_clocks([drafted], now=now)
    return drafted[0]


def stop(lead: Lead, status: str = "met") -> None:
    """The running clock is met or cancelled."""
    with transaction.atomic():
        running = clocks.running([lead.pk])[lead.pk]
        if status == "met":
            clocks.meet(running, at=timezone.now(), by="alice@acme.test", evidence="claimed")
        else:
            clocks.cancel(running, reason="Nobody has to answer any more")
    push(lead)


def edit(lead: Lead, **values: Any) -> None:
    """Somebody in the console types other values."""
    with transaction.atomic():
        edit_leads([LeadEdit(lead.pk, values)], actor="maria@acme.test", source="console", now=timezone.now())
    lead_changes.queue_changes()


def move(lead: Lead, to: Owner | Queue) -> None:
    """Somebody in the console gives the lead to somebody else."""
    holder = {"owner_id": to.pk} if isinstance(to, Owner) else {"queue_id": to.pk}
    actions.reassign(
        lead_id=lead.pk,
        reason="Knows them",
        source=Assignment.Source.CONSOLE,
        actor="maria@acme.test",
        now=timezone.now(),
        **holder,
    )
    lead_changes.queue_changes()


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
