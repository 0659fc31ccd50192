"""Leads as the API shows them: one dict each, joined from every layer in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.dateparse import parse_datetime

from crm_sync.crm_state import CrmState
from intake.canonical import CANONICAL_FIELDS
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.models import ConsentRecord, Lead, LeadIdentity, Submission
from leadops import lead_view
from routing.models import Assignment, LeadScore, SlaClock

Answer = dict[str, Any]


def describe(leads: Sequence[Lead]) -> list[Answer]:
    """In the order given. Ten queries, whatever the number of leads."""
    return _Joined([lead.pk for lead in leads]).answers(leads)


class _Joined:
    """What the layers know about these leads, by lead."""

    def __init__(self, ids: Sequence[UUID]) -> None:
        self.identities: dict[UUID, list[Answer]] = defaultdict(list)
        known = LeadIdentity.objects.filter(lead__in=ids).exclude(kind=LeadIdentity.Kind.REVIEW_BLOCK)
        for identity in known.order_by("pk"):
            self.identities[identity.lead_id].append({"kind": identity.kind, "value": identity.value})
        self.views = lead_view.of_leads(ids)
        self.consents = _consents(ids)
        self.submitted = _submitted(ids)

    def answers(self, leads: Sequence[Lead]) -> list[Answer]:
        return [self._answer(lead) for lead in leads]

    def _answer(self, lead: Lead) -> Answer:
        view = self.views[lead.pk]
        return {
            "id": str(lead.pk),
            "version": lead.version,
            "status": lead.status,
            **self._values(lead),
            "extra": lead.extra,
            "identities": self.identities.get(lead.pk, []),
            "score": _score(view.score),
            "assignment": _assignment(view.assignment),
            "sla": _sla(view.clock),
            "crm": [_crm(state) for state in view.crm],
            "created_at": lead.created_at,
            "updated_at": lead.updated_at,
        }

    def _values(self, lead: Lead) -> Answer:
        """Every canonical field by its name; null where nothing is known."""
        found: Answer = dict.fromkeys(CANONICAL_FIELDS)
        found.update({name: getattr(lead, name) for name in VALUE_COLUMNS if getattr(lead, name) != ""})
        found.update({name: lead.attribution[name] for name in ATTRIBUTION if lead.attribution.get(name)})
        found.update(self.consents.get(lead.pk, {}))
        found["submitted_at"] = self.submitted.get(lead.pk)
        return found


def _consents(ids: Sequence[UUID]) -> Mapping[UUID, Answer]:
    """The newest word on each kind of consent, and the policy version that it was given under."""
    newest = (
        ConsentRecord.objects.filter(lead__in=ids)
        .order_by("lead_id", "kind", "-at", "-pk")
        .distinct("lead_id", "kind")
    )
    found: dict[UUID, Answer] = defaultdict(dict)
    for record in newest:
        found[record.lead_id][f"{record.kind}_consent"] = record.granted
        if record.kind == "privacy" and record.policy_version:
            found[record.lead_id]["privacy_policy_version"] = record.policy_version
    return found


def _submitted(ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the newest submission was sent: by the form's own word, else when we received it."""
    newest = (
        Submission.objects.filter(lead__in=ids)
        .order_by("lead_id", "-received_at", "-pk")
        .distinct("lead_id")
        .values_list("lead_id", "received_at", "values__submitted_at")
    )
    return {
        lead_id: (parse_datetime(said) if isinstance(said, str) else None) or received
        for lead_id, received, said in newest
        if lead_id is not None
    }


def _score(row: LeadScore | None) -> Answer | None:
    if row is None:
        return None
    reasons = [{"label": one["label"], "points": one["points"]} for one in row.reasons]
    return {"points": row.points, "segment": row.segment, "reasons": reasons}


def _assignment(row: Assignment | None) -> Answer | None:
    if row is None:
        return None
    return {
        "owner": {"email": row.owner.email, "name": row.owner.name} if row.owner else None,
        "queue": row.queue.name if row.queue else None,
        "reason": row.reason,
        "rule": row.rule_name or None,
        "ruleset_version": row.ruleset_version,
        "assigned_at": row.assigned_at,
    }


def _sla(clock: SlaClock | None) -> Answer | None:
    if clock is None:
        return None
    return {
        "policy": clock.policy_name,
        "due_at": clock.due_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
    }


def _crm(state: CrmState) -> Answer:
    return {
        "connection": state.connection.key,
        "remote_id": state.remote_id or None,
        "pushed_version": state.pushed_version or None,
        "in_sync": state.in_sync,
    }


def ownership(lead: Lead) -> list[Answer]:
    """Every owner and queue that the lead has had, oldest first; one query."""
    rows = (
        Assignment.history.filter(lead_id=lead.pk)
        .annotate(owner_email=F("owner__email"), owner_name=F("owner__name"), queue_name=F("queue__name"))
        .filter(~Q(history_type="-"))
        .order_by("history_date", "history_id")
    )
    return [
        {
            "at": row.assigned_at,
            "owner": {"email": row.owner_email, "name": row.owner_name} if row.owner_id else None,
            "queue": row.queue_name,
            "reason": row.reason,
            "rule": row.rule_name or None,
            "ruleset_version": row.ruleset_version,
            "source": row.source,
            "actor": row.actor,
            "automatic": row.automatic,
        }
        for row in rows
    ]
