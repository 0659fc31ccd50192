"""What a mapping can name: the canonical fields of a submission, `extra.*`, and what leadops knows besides."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from crm_sync.models import FieldMapping
from crm_sync.outbound.lead_push import Push
from intake.canonical import CANONICAL_FIELDS, label_of
from intake.values.touches import channel_of, touch_of

ValueType = Literal["text", "number", "boolean", "datetime"]

OWNER = "owner"
STATUS = "status"


@dataclass(frozen=True, slots=True)
class CrmField:
    """`type` decides what kind of property is made for it; `read` takes the value from a push."""

    name: str
    label: str
    read: Callable[[Push], Any]
    type: ValueType = "text"


def _score_reasons(push: Push) -> str:
    reasons = push.score.reasons if push.score else ()
    return ", ".join(f"{each.get('label')} ({each.get('points'):+d})" for each in reasons if "points" in each)


def _disqualify_reason(push: Push) -> str:
    return push.lead.disqualify_reason or (push.score.disqualify_reason if push.score else "")


def _owner(push: Push, name: str) -> str:
    owner = push.assignment.owner if push.assignment else None
    return str(getattr(owner, name)) if owner else ""


def _last_touch(push: Push) -> str:
    return touch_of(push.newest.values) if push.newest else ""


def _assigned(name: str) -> Callable[[Push], Any]:
    return lambda push: getattr(push.assignment, name) if push.assignment else None


def _scored(name: str) -> Callable[[Push], Any]:
    return lambda push: getattr(push.score, name) if push.score else None


# In the order in which the mapping form offers them. The owner is written by their id in the CRM (`payload`).
CRM_FIELDS: tuple[CrmField, ...] = (
    CrmField(OWNER, "Owner", lambda push: push.owner),
    CrmField(STATUS, "Status", lambda push: push.lead.status),
    CrmField("score", "Lead score", _scored("points"), "number"),
    CrmField("segment", "Segment", _scored("segment")),
    CrmField("routing_reason", "Routing reason", _assigned("reason")),
    CrmField("routed_at", "Routed at", _assigned("assigned_at"), "datetime"),
    CrmField(
        "sla_due_at", "First response due", lambda push: push.clock.due_at if push.clock else None, "datetime"
    ),
    CrmField("contacted_at", "Contacted at", lambda push: push.lead.contacted_at, "datetime"),
    CrmField("disqualify_reason", "Reason of disqualification", _disqualify_reason),
    CrmField("score_reasons", "Reasons of the score", _score_reasons),
    CrmField("rule", "Rule", _assigned("rule_name")),
    CrmField(
        "queue",
        "Queue",
        lambda push: push.assignment.queue.name if push.assignment and push.assignment.queue else "",
    ),
    CrmField("owner_email", "Owner's e-mail", lambda push: _owner(push, "email")),
    CrmField("owner_name", "Owner's name", lambda push: _owner(push, "name")),
    CrmField(
        "source",
        "Form of the last submission",
        lambda push: push.lead.last_form_key or push.lead.first_form_key,
    ),
    CrmField("channel", "Channel of the first touch", lambda push: channel_of(push.lead.attribution)),
    CrmField("first_touch", "First touch", lambda push: touch_of(push.lead.attribution)),
    CrmField("last_touch", "Last touch", _last_touch),
    CrmField("first_form", "Form of the first submission", lambda push: push.lead.first_form_key),
    CrmField("last_submitted_at", "Last submitted at", lambda push: push.lead.last_submitted_at, "datetime"),
    CrmField("created_at", "Created at", lambda push: push.lead.created_at, "datetime"),
    CrmField("lead_id", "Id in leadops", lambda push: str(push.lead.pk)),
)
_BY_NAME = {field.name: field for field in CRM_FIELDS}
_TYPES: dict[str, ValueType] = {"integer": "number", "boolean": "boolean", "datetime": "datetime"}


def values_of(push: Push) -> dict[str, Any]:
    """Everything that a mapping or the subject of a task can name."""
    lead = push.lead
    values: dict[str, Any] = {name: getattr(lead, name, None) for name in CANONICAL_FIELDS}
    values |= {name: value for name, value in lead.attribution.items() if name in CANONICAL_FIELDS}
    values |= {f"extra.{name}": value for name, value in lead.extra.items()}
    values |= push.consents
    values["submitted_at"] = push.newest.submitted_at if push.newest else lead.last_submitted_at
    return values | {field.name: field.read(push) for field in CRM_FIELDS}


def transformed(mapping: FieldMapping, value: Any) -> Any:
    """What a line makes of a value: the day that a moment is in the line's zone, or the value."""
    if mapping.transform == FieldMapping.Transform.DAY and isinstance(value, datetime):
        return value.astimezone(ZoneInfo(mapping.zone or "UTC")).date()
    return value


def is_moment(name: str) -> bool:
    return type_of(name) == "datetime"


def label(name: str) -> str:
    known = _BY_NAME.get(name)
    return known.label if known else label_of(name)


def labels() -> dict[str, str]:
    """Every field, with the words for it, but those of `extra`."""
    ours = {field.name: field.label for field in CRM_FIELDS}
    return ours | {field.name: field.label for field in CANONICAL_FIELDS.values()}


def is_field(name: str) -> bool:
    return name in _BY_NAME or name in CANONICAL_FIELDS or name.startswith("extra.")


def type_of(name: str) -> ValueType:
    if known := _BY_NAME.get(name):
        return known.type
    canonical = CANONICAL_FIELDS.get(name)
    return _TYPES.get(canonical.kind, "text") if canonical else "text"
