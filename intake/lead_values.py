"""Which values a lead takes from a submission: newest for contact data, first for first touch, never over what a person typed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.batch import Work
from intake.canonical import CANONICAL_FIELDS
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.models import Lead


@dataclass(frozen=True, slots=True)
class LeadBefore:
    """The lead as it was before this touch."""

    status: str
    last_form_key: str
    last_submitted_at: datetime | None
    has_open_deal: bool


def field_states_of(lead: Lead) -> LeadBefore:
    return LeadBefore(lead.status, lead.last_form_key, lead.last_submitted_at, lead.has_open_deal)


def values_of(lead: Lead) -> dict[str, Any]:
    """The lead's canonical values by name, without empty ones."""
    values = {name: getattr(lead, name) for name in VALUE_COLUMNS}
    values.update({name: lead.attribution.get(name) for name in ATTRIBUTION})
    return {name: value for name, value in values.items() if value not in (None, "")}


def new_lead(work: Work, *, now: datetime) -> Lead:
    """A lead that nobody has seen before."""
    lead = Lead(created_at=now, updated_at=now, first_form_key=work.form.key)
    touch(lead, work, now=now)
    return lead


def touch(lead: Lead, work: Work, *, now: datetime) -> None:
    """Take the submission's values into the lead (in memory; the writer writes it)."""
    for name in VALUE_COLUMNS:
        if name in work.values and name not in lead.typed_fields and not _keeps_first(lead, name):
            setattr(lead, name, work.values[name])
    first_touch = {name: work.values[name] for name in ATTRIBUTION if name in work.values}
    if not lead.attribution:
        lead.attribution = first_touch
    lead.extra = {**lead.extra, **work.extra}
    lead.raw = {
        **lead.raw,
        **{name: raw for name, raw in work.raw_values.items() if name in CANONICAL_FIELDS},
    }
    lead.last_form_key = work.form.key
    lead.last_submitted_at = work.submission.received_at
    lead.updated_at = now


def translations(work: Work) -> list[dict[str, Any]]:
    """Values that normalizing changed in more than case and spaces: [{"field", "from", "to"}]."""
    changes = []
    for name, value in work.values.items():
        raw = work.raw_values.get(name)
        if raw is not None and str(raw).strip().casefold() != str(value).casefold():
            changes.append({"field": name, "from": raw, "to": value})
    return changes


def _keeps_first(lead: Lead, name: str) -> bool:
    # The address by which a person is known stays; a second one is an identity beside it.
    return name == "email" and bool(lead.email)
