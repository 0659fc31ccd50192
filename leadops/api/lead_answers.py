"""Leads as the API shows them: joined from every layer in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from intake import last_words
from intake.canonical import CANONICAL_FIELDS
from intake.last_words import NewestSubmission
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.models import Lead, LeadIdentity
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
    consents, newest = last_words.consents(ids), last_words.newest_submissions(ids)
    return [
        LeadAnswer(
            lead=lead,
            values=_values(lead, consents.get(lead.pk, {}), newest.get(lead.pk)),
            identities=identities[lead.pk],
            view=views[lead.pk],
        )
        for lead in leads
    ]


def ownership(lead: Lead) -> "QuerySet[Any]":
    """Every owner and queue that the lead has had, oldest first: rows of the assignment's history in one query."""
    history: QuerySet[Any] = Assignment.history.filter(lead_id=lead.pk).exclude(history_type="-")
    return history.select_related("owner", "queue").order_by("history_date", "history_id")


def _values(lead: Lead, consents: Values, newest: NewestSubmission | None) -> Values:
    found: dict[str, Any] = dict.fromkeys(CANONICAL_FIELDS)
    found.update({name: getattr(lead, name) for name in VALUE_COLUMNS if getattr(lead, name) != ""})
    found.update({name: lead.attribution[name] for name in ATTRIBUTION if lead.attribution.get(name)})
    found.update(consents)
    found["submitted_at"] = newest.submitted_at if newest else None
    return found


def _identities(ids: Sequence[UUID]) -> Mapping[UUID, list[LeadIdentity]]:
    found: dict[UUID, list[LeadIdentity]] = defaultdict(list)
    known = LeadIdentity.objects.filter(lead__in=ids).exclude(kind=LeadIdentity.Kind.REVIEW_BLOCK)
    for identity in known.order_by("pk"):
        found[identity.lead_id].append(identity)
    return found
