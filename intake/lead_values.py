"""Which values a lead takes from a submission: newest for contact data, first for first touch, never over what a person typed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from intake.batch import Work
from intake.canonical import CANONICAL_FIELDS
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.lead_draft import LeadDraft
from intake.models import Lead


def values_of(lead: Lead) -> dict[str, Any]:
    """The lead's canonical values by name, without empty ones."""
    values = {name: getattr(lead, name) for name in VALUE_COLUMNS}
    values.update({name: lead.attribution.get(name) for name in ATTRIBUTION})
    return {name: value for name, value in values.items() if value not in (None, "")}


def new_lead(work: Work, *, is_test: bool = False, now: datetime) -> LeadDraft:
    """A lead that nobody has seen before."""
    draft = LeadDraft(Lead(created_at=now, updated_at=now), is_new=True)
    draft.change(first_form_key=work.form.key, is_test=is_test)
    touch(draft, work, now=now)
    return draft


def touch(draft: LeadDraft, work: Work, *, now: datetime, keep: Collection[str] = ()) -> None:
    """Take the submission's values into the lead, except for those in `keep`."""
    lead = draft.lead
    draft.change(
        **{
            name: work.values[name]
            for name in VALUE_COLUMNS
            if name in work.values
            and name not in lead.typed_fields
            and name not in keep
            and not _keeps_first(lead, name)
        }
    )
    first_touch = {name: work.values[name] for name in ATTRIBUTION if name in work.values}
    raw = {
        name: raw for name, raw in work.raw_values.items() if name in CANONICAL_FIELDS and name not in keep
    }
    draft.change(
        attribution=lead.attribution or first_touch,
        extra={**lead.extra, **work.extra},
        raw={**lead.raw, **raw},
        last_form_key=work.form.key,
        last_submitted_at=work.submission.received_at,
        updated_at=now,
    )


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
