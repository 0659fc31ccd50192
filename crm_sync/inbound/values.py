"""A value that somebody typed in the CRM becomes a value of the lead, through the writers of the layers below."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sync.connectors.definitions import PropertyNames
from crm_sync.models import FieldMapping
from crm_sync.outbound import combining
from crm_sync.outbound.crm_fields import STATUS
from intake.canonical import CANONICAL_FIELDS, label_of
from intake.lead_changes import VALUE_COLUMNS, LeadEdit, edit_leads
from intake.models import Lead
from intake.values.normalize import normalize_values
from intake.values.people import join_name
from routing.handover.actions import disqualify, mark_contacted

SOURCE = "crm"
_NAMES = ("first_name", "last_name")


class NotTaken(ValueError):
    """The value cannot be one of ours; the text says why, for people."""


def take_over(
    lead: Lead, mapping: FieldMapping, value: str, *, typed: bool, actor: str, at: datetime, now: datetime
) -> str:
    """What was done, in words; "" where the value means nothing here. Raises NotTaken, routing.handover.actions.Refused."""
    canonical = _translated(mapping, value)
    if canonical is None:
        return ""
    if mapping.canonical == STATUS:
        return _status(lead, canonical, actor=actor, at=at, now=now)
    if mapping.canonical not in VALUE_COLUMNS:
        return ""
    new = _read(lead, mapping.canonical, canonical)
    values: dict[str, Any] = {mapping.canonical: new}
    if mapping.canonical in _NAMES and lead.full_name == join_name(lead.first_name, lead.last_name):
        parts = {name: values.get(name, getattr(lead, name)) for name in _NAMES}
        values["full_name"] = join_name(parts["first_name"], parts["last_name"])
    edit_leads([LeadEdit(lead.pk, values, typed=typed)], actor=actor, source=SOURCE, now=now)
    return f"{label_of(mapping.canonical)} taken over"


def canonical_values(
    mappings: Sequence[FieldMapping], properties: Mapping[str, str], *, names: PropertyNames
) -> dict[str, str]:
    """What a record says, in our words, without what it does not say: what is mapped, and what every account has.

    A value for which the mapping has no word of ours stands as the CRM writes it. What several fields were made into says nothing
    of any of them.
    """
    usual = {"email": names.email, **names.usual}
    values = {name: properties.get(theirs) or "" for name, theirs in usual.items()}
    for mapping in combining.read_back(mappings).values():
        theirs = properties.get(mapping.property) or ""
        is_field = mapping.canonical in CANONICAL_FIELDS or mapping.canonical.startswith("extra.")
        if theirs and is_field:
            ours = "" if theirs == mapping.default else _translated(mapping, theirs)
            values[mapping.canonical.removeprefix("extra.")] = theirs if ours is None else ours
    return {name: value for name, value in values.items() if value}


def _translated(mapping: FieldMapping, value: str) -> str | None:
    """Back through the mapping's translation, None where it has no word for the value, or what it says for none stands there."""
    if value and value == mapping.default:
        return None
    if not mapping.values or not value:
        return value
    return next((ours for ours, theirs in mapping.values.items() if str(theirs) == value), None)


def _status(lead: Lead, status: str, *, actor: str, at: datetime, now: datetime) -> str:
    if status not in Lead.Status.values:
        return ""
    if status == lead.status:
        return "The status here already"
    if status == Lead.Status.CONTACTED:
        # A status is what somebody says; the call or mail itself would be the proof.
        mark_contacted(
            lead_id=lead.pk, at=at, by=actor, evidence="claimed", source=SOURCE, actor=actor, now=now
        )
    elif status == Lead.Status.DISQUALIFIED:
        disqualify(lead_id=lead.pk, reason="Disqualified in the CRM", source=SOURCE, actor=actor, now=now)
    else:
        edit_leads([LeadEdit(lead.pk, {"status": status})], actor=actor, source=SOURCE, now=now)
    return "Status taken over"


def _read(lead: Lead, name: str, value: str) -> Any:
    """Raises NotTaken."""
    column = Lead._meta.get_field(name)
    if not value:
        return None if column.null else ""
    if column.get_internal_type() == "DecimalField":
        try:
            return Decimal(value)
        except InvalidOperation:
            raise NotTaken(f"{label_of(name)}: “{value}” is not a number.") from None
    given = {"country": lead.country, name: value}
    found = normalize_values(given, aliases={}, default_region=lead.country or None)
    if name not in found.values:
        note = next((note.message for note in found.notes if note.field == name), "It says nothing.")
        raise NotTaken(f"{CANONICAL_FIELDS[name].label}: “{value}” cannot be used. {note}")
    new = found.values[name]
    longest = getattr(column, "max_length", None)
    return new[:longest] if longest and isinstance(new, str) else new
