"""From a lead to the properties of its record: pure, nothing here reads or writes anything.

What we send is the difference to what we know stands there (`CrmLink.sent`), so what people type into other
properties, or into these after us, is left alone. The write modes:

| mode      | record is new | record was there before us      | record is ours                                |
|-----------|---------------|---------------------------------|-----------------------------------------------|
| overwrite | written       | written                         | written when our value differs from the last  |
| if_empty  | written       | written if empty there          | as before; what stands there is read once     |
| if_new    | written       | never                           | never                                         |
| append    | written       | added to what is there          | a value that was not added yet is added       |

A property that we have filled once is not empty any more: `if_empty` needs no second look at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from crm_sync.connection_settings import SystemOfRecord
from crm_sync.connectors.base import Need
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound.lead_push import Push
from intake.canonical import CANONICAL_FIELDS, label_of

Mode = FieldMapping.Mode

OWNER = "owner"
# Of the CRM's 65,536 characters.
_LONGEST = 60_000
_SEPARATOR = ";"
_NUMBERS = frozenset({"score", "employee_count", "annual_revenue"})
_MOMENTS = frozenset(
    {"routed_at", "sla_due_at", "contacted_at", "created_at", "last_submitted_at", "submitted_at"}
)
# What people can change in the CRM too; everything else is ours alone.
_SHARED = frozenset({OWNER, "status", *CANONICAL_FIELDS})
_LABELS = {
    "score": "Lead score",
    "segment": "Segment",
    "routing_reason": "Routing reason",
    "routed_at": "Routed at",
    "disqualify_reason": "Reason of disqualification",
    "sla_due_at": "First response due",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How one connection wants its records: its mappings and what belongs to whom."""

    mappings: Sequence[FieldMapping]
    system_of_record: SystemOfRecord
    email_property: str
    shared_email_property: str
    duplicate_property: str
    owner_property: str

    @property
    def shows_owner(self) -> bool:
        return any(mapping.canonical == OWNER for mapping in self.mappings)

    def system_of_record_for(self, canonical: str) -> str:
        """leadops, crm or most_recent."""
        if canonical not in _SHARED:
            return "leadops"
        return self.system_of_record.of(canonical)

    def mode_of(self, mapping: FieldMapping) -> str:
        """A field that the CRM keeps is given to it once, with a new record."""
        if mapping.mode == Mode.OVERWRITE and self.system_of_record_for(mapping.canonical) == "crm":
            return Mode.IF_NEW
        return mapping.mode


def plan_of(connection: CrmConnection, mappings: Sequence[FieldMapping], *, names: Any) -> Plan:
    """`names` is the connector: it knows what some properties are called."""
    return Plan(
        mappings=mappings,
        system_of_record=connection.system_of_record,
        email_property=names.email_property,
        shared_email_property=names.shared_email_property,
        duplicate_property=names.duplicate_property,
        owner_property=names.owner_property,
    )


def needs_of(mappings: Sequence[FieldMapping]) -> list[Need]:
    """The mapped properties, with the type that one of ours has to have."""
    needs: dict[str, Need] = {}
    for mapping in mappings:
        canonical = mapping.canonical
        kind = "number" if canonical in _NUMBERS else "datetime" if canonical in _MOMENTS else "text"
        needs[mapping.property] = Need(mapping.property, _LABELS.get(canonical, label_of(canonical)), kind)
    return list(needs.values())


def needs_reading(push: Push, plan: Plan) -> bool:
    """Whether what stands in our record decides what is written."""
    if push.link is None or push.present is not None or push.is_merged_away:
        return False
    sent = push.link.sent
    for name, (value, mode) in _wanted(push, plan).items():
        if mode == Mode.IF_EMPTY and value and not sent.get(name):
            return True
        if mode == Mode.APPEND and value and value != sent.get(name, ""):
            return True
    return False


def fill(push: Push, plan: Plan) -> None:
    """Set what is to be sent, and what is left alone because it stands there."""
    push.sending, push.unchanged = {}, {}
    there = push.present.properties if push.present is not None else {}
    sent = push.link.sent if push.link is not None else {}
    stopped = push.link.stopped if push.link is not None else []
    is_new = push.link is None and push.present is None
    for name, (value, mode) in _wanted(push, plan).items():
        if name in stopped:
            continue
        if is_new:
            if value:
                push.sending[name] = value
        elif mode == Mode.OVERWRITE:
            _overwrite(push, plan, name=name, value=value, sent=sent, there=there)
        elif mode == Mode.IF_EMPTY and value and not sent.get(name):
            if there.get(name):
                push.unchanged[name] = there[name]
            else:
                push.sending[name] = value
        elif mode == Mode.APPEND and value and value != sent.get(name, ""):
            parts = [part for part in there.get(name, "").split(_SEPARATOR) if part]
            push.unchanged[name] = value
            if value not in parts:
                push.sending[name] = _SEPARATOR.join([*parts, value])


def _overwrite(
    push: Push, plan: Plan, *, name: str, value: str, sent: Mapping[str, str], there: Mapping[str, str]
) -> None:
    if not push.adopting:
        if value != sent.get(name, ""):
            push.sending[name] = value
    elif value:
        push.sending[name] = value
    elif name == plan.owner_property and there.get(name) and plan.system_of_record_for(OWNER) == "leadops":
        # Nobody owns it here; a record that keeps its old owner would say otherwise.
        push.sending[name] = ""


def _wanted(push: Push, plan: Plan) -> dict[str, tuple[str, str]]:
    """property -> (text, mode); "" means that nothing should stand there."""
    if push.is_merged_away:
        return {plan.duplicate_property: (push.duplicate_of, Mode.OVERWRITE)} if push.link is not None else {}
    values = canonical_values(push)
    wanted: dict[str, tuple[str, str]] = {}
    for mapping in plan.mappings:
        mode = plan.mode_of(mapping)
        if mapping.canonical == OWNER:
            if not push.owner_unknown:
                wanted[mapping.property] = (push.owner_id, mode)
            continue
        value = text(values.get(mapping.canonical))
        if mapping.values:
            if value and value not in mapping.values:
                # The property has no word for it; what stands there is as good as anything.
                continue
            value = str(mapping.values.get(value, ""))
        if mapping.property == plan.email_property and push.shares_email:
            wanted[plan.shared_email_property] = (value, mode)
            continue
        wanted[mapping.property] = (value, mode)
    if push.link is not None and push.link.sent.get(plan.duplicate_property):
        # The merge was undone.
        wanted[plan.duplicate_property] = ("", Mode.OVERWRITE)
    return wanted


def canonical_values(push: Push) -> dict[str, Any]:
    """Everything that a mapping can name, except the owner's id."""
    lead, score, assignment = push.lead, push.score, push.assignment
    values: dict[str, Any] = {name: getattr(lead, name, None) for name in CANONICAL_FIELDS}
    values |= {name: value for name, value in lead.attribution.items() if name in CANONICAL_FIELDS}
    values |= {f"extra.{name}": value for name, value in lead.extra.items()}
    values |= {
        "lead_id": str(lead.pk),
        "status": lead.status,
        "disqualify_reason": lead.disqualify_reason or (score.disqualify_reason if score else ""),
        "source": lead.last_form_key or lead.first_form_key,
        "first_form": lead.first_form_key,
        "created_at": lead.created_at,
        "last_submitted_at": lead.last_submitted_at,
        "contacted_at": lead.contacted_at,
        "sla_due_at": push.clock.due_at if push.clock else None,
    }
    if score is not None:
        reasons = [
            f"{each.get('label')} ({each.get('points'):+d})" for each in score.reasons if "points" in each
        ]
        values |= {"score": score.points, "segment": score.segment, "score_reasons": ", ".join(reasons)}
    if assignment is not None:
        values |= {
            "routing_reason": assignment.reason,
            "rule": assignment.rule_name,
            "routed_at": assignment.assigned_at,
            "owner_email": assignment.owner.email if assignment.owner else "",
            "owner_name": assignment.owner.name if assignment.owner else "",
            "queue": assignment.queue.name if assignment.queue else "",
        }
    return values


def text(value: Any) -> str:
    """Every property value is a string: times are ISO 8601 in UTC with milliseconds, lists are joined by ";"."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case list() | tuple():
            return _SEPARATOR.join(text(each) for each in value)
    return str(value)[:_LONGEST]
