"""Which values a lead takes from a submission: newest for contact data, first for first touch, never over what a person typed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from intake.batch import Work
from intake.canonical import CANONICAL_FIELDS, length_of
from intake.lead_changes import ATTRIBUTION, VALUE_COLUMNS
from intake.lead_draft import LeadDraft
from intake.models import Lead
from intake.values.people import join_name
from intake.values.phones import normalize_phone
from intake.values.refusal import ValueRefused
from intake.values.text import words_of

NAMES = ("first_name", "last_name", "full_name")


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
    values = {**work.values, **_names(lead, work)}
    if phone := _phone_by_country(lead, work):
        values["phone"] = phone
    draft.change(
        **{
            name: values[name]
            for name in VALUE_COLUMNS
            if name in values
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
        # The first touch stays; what it did not say is filled by a later one.
        attribution={**first_touch, **lead.attribution},
        extra={**lead.extra, **work.extra},
        raw={**lead.raw, **raw},
        last_form_key=work.form.key,
        last_submitted_at=work.submission.received_at,
        updated_at=now,
    )


def _names(lead: Lead, work: Work) -> dict[str, str]:
    """The full name follows from the parts as they are known then. A shorter one, all of whose words are known, replaces nothing:
    who is asked for a first name only has not lost the last one.
    """
    first, last, full = (str(work.values.get(name) or "") for name in NAMES)
    said, known = words_of(full).split(), words_of(lead.full_name).split()
    if not said or not known:
        return {}
    if len(said) < len(known) and set(said) <= set(known):
        return {name: str(getattr(lead, name)) for name in NAMES if work.values.get(name)}
    if bool(first) != bool(last) and full in (first, last):
        parts = first or lead.first_name, last or lead.last_name
        return {"full_name": join_name(*parts)[: length_of("full_name")]} if all(parts) else {}
    return {}


def _phone_by_country(lead: Lead, work: Work) -> str:
    """A number that could not be read without a country, once one is known: this submission's or an earlier one's."""
    said = work.raw_values.get("phone") or (lead.raw.get("phone") if not lead.phone else None)
    country = str(work.values.get("country") or lead.country or "")
    if "phone" in work.values or not said or not country:
        return ""
    try:
        return normalize_phone(str(said)[:64], region=country).number
    except ValueRefused:
        return ""


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
