"""Leads as the API shows them: joined from every layer in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from intake.canonical import CANONICAL_FIELDS
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.models import ConsentRecord, Lead, LeadIdentity, Submission
from leadops import lead_view
from leadops.lead_view import LeadView
from routing.models import Assignment

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeadAnswer:
    """What `LeadSerializer` reads. `values` has every canonical field by its name, None where nothing is known."""

    lead: Lead
    values: Values
    identities: Sequence[LeadIdentity]
    view: LeadView


def of_leads(leads: Sequence[Lead]) -> list[LeadAnswer]:
    """In the order given. Ten queries, whatever the number of leads."""
    ids = [lead.pk for lead in leads]
    identities, views = _identities(ids), lead_view.of_leads(ids)
    consents, submitted = _consents(ids), _submitted(ids)
    return [
        LeadAnswer(
            lead=lead,
            values=_values(lead, consents.get(lead.pk, {}), submitted.get(lead.pk)),
            identities=identities[lead.pk],
            view=views[lead.pk],
        )
        for lead in leads
    ]


def ownership(lead: Lead) -> "QuerySet[Any]":
    """Every owner and queue that the lead has had, oldest first: rows of the assignment's history in one query."""
    history: QuerySet[Any] = Assignment.history.filter(lead_id=lead.pk).exclude(history_type="-")
    return history.select_related("owner", "queue").order_by("history_date", "history_id")


def _values(lead: Lead, consents: Values, submitted_at: datetime | None) -> Values:
    found: dict[str, Any] = dict.fromkeys(CANONICAL_FIELDS)
    found.update({name: getattr(lead, name) for name in VALUE_COLUMNS if getattr(lead, name) != ""})
    found.update({name: lead.attribution[name] for name in ATTRIBUTION if lead.attribution.get(name)})
    found.update(consents)
    found["submitted_at"] = submitted_at
    return found


def _identities(ids: Sequence[UUID]) -> Mapping[UUID, list[LeadIdentity]]:
    found: dict[UUID, list[LeadIdentity]] = defaultdict(list)
    known = LeadIdentity.objects.filter(lead__in=ids).exclude(kind=LeadIdentity.Kind.REVIEW_BLOCK)
    for identity in known.order_by("pk"):
        found[identity.lead_id].append(identity)
    return found


def _consents(ids: Sequence[UUID]) -> Mapping[UUID, Values]:
    """The newest word on each kind of consent, and the policy version that it was given under."""
    newest = (
        ConsentRecord.objects.filter(lead__in=ids)
        .order_by("lead_id", "kind", "-at", "-pk")
        .distinct("lead_id", "kind")
    )
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for record in newest:
        found[record.lead_id][f"{record.kind}_consent"] = record.granted
        if record.kind == "privacy" and record.policy_version:
            found[record.lead_id]["privacy_policy_version"] = record.policy_version
    return found


def _submitted(ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
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
