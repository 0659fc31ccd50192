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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_sync.connection_settings import Direction, Ownership, SystemOfRecord
from crm_sync.connectors.base import Connector, Need
from crm_sync.connectors.definitions import PropertyDefinition, PropertyNames
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import crm_fields
from crm_sync.outbound.crm_fields import OWNER, STATUS
from crm_sync.outbound.lead_push import Push
from crm_sync.schema import fitting
from intake.canonical import CANONICAL_FIELDS

Mode = FieldMapping.Mode

# What people can change in the CRM too; everything else is ours alone.
SHARED = frozenset({OWNER, STATUS, *CANONICAL_FIELDS})


@dataclass(frozen=True, slots=True)
class Plan:
    """How one connection wants its records: its mappings and what belongs to whom."""

    mappings: Sequence[FieldMapping]
    system_of_record: SystemOfRecord
    ownership: Ownership
    names: PropertyNames
    encode: Callable[[Any], str]
    list_separator: str
    # As they were read last; empty before the first time.
    properties: Mapping[str, PropertyDefinition]

    @property
    def fields(self) -> frozenset[str]:
        """What is read of a lead."""
        return frozenset(mapping.canonical for mapping in self.mappings)

    @property
    def shows_owner(self) -> bool:
        return any(mapping.canonical == OWNER for mapping in self.mappings)

    def mapping_of(self, name: str) -> FieldMapping | None:
        """The mapping that fills a property; that of the e-mail address fills two."""
        wanted = self.names.email if name == self.names.shared_email else name
        return next((mapping for mapping in self.mappings if mapping.property == wanted), None)

    def misfit(self, name: str, value: str) -> str:
        """Why the CRM would refuse a value, "" where nothing is known against it. A property of ours is made when it lacks."""
        definition = self.properties.get(name)
        if not self.properties or (definition is None and self.names.is_ours(name)):
            return ""
        return fitting.misfit(value, definition, list_separator=self.list_separator)

    def system_of_record_for(self, canonical: str) -> str:
        """leadops, crm or most_recent."""
        if canonical not in SHARED:
            return "leadops"
        if self.direction_of(canonical) == "from_crm":
            return "crm"
        return self.ownership.of(canonical).system or self.system_of_record.of(canonical)

    def direction_of(self, canonical: str) -> Direction:
        """Which way a field goes. What is ours alone goes there only."""
        return self.ownership.of(canonical).direction if canonical in SHARED else "to_crm"

    def leaves_when_adopting(self, name: str, there: Mapping[str, str]) -> bool:
        """How far people have got with a record that was not ours is not set back by a lead that is new to us."""
        status = next((each.property for each in self.mappings if each.canonical == STATUS), "")
        return bool(there.get(name)) and name in {status, self.names.lifecycle, self.names.lead_status}

    def mode_of(self, mapping: FieldMapping) -> str:
        """A field that the CRM keeps is given to it once, with a new record."""
        if mapping.mode == Mode.OVERWRITE and self.system_of_record_for(mapping.canonical) == "crm":
            return Mode.IF_NEW
        return mapping.mode


def plan_of(
    connection: CrmConnection,
    mappings: Sequence[FieldMapping],
    *,
    connector: Connector | type[Connector],
    properties: Mapping[str, PropertyDefinition],
) -> Plan:
    return Plan(
        mappings=mappings,
        system_of_record=connection.system_of_record,
        ownership=connection.ownership,
        names=connector.names,
        encode=connector.encode,
        list_separator=connector.list_separator,
        properties=properties,
    )


def needs_of(mappings: Sequence[FieldMapping]) -> list[Need]:
    """The mapped properties, with the type that one of ours has to have."""
    needs = {
        mapping.property: Need(
            mapping.property, crm_fields.label(mapping.canonical), crm_fields.type_of(mapping.canonical)
        )
        for mapping in mappings
    }
    return list(needs.values())


def needs_reading(push: Push, plan: Plan) -> bool:
    """Whether what stands in our record decides what is written."""
    if push.link is None or push.present is not None:
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
    push.sending, push.unchanged, push.kept = {}, {}, {}
    there = push.present.properties if push.present is not None else {}
    sent = push.link.sent if push.link is not None else {}
    stopped = push.link.stopped if push.link is not None else []
    is_new = push.link is None and push.present is None
    lacked = {mapping.property for mapping in plan.mappings if mapping.pk in push.lacking}
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
            parts = [part for part in there.get(name, "").split(plan.list_separator) if part]
            push.unchanged[name] = value
            if value not in parts:
                push.sending[name] = plan.list_separator.join([*parts, value])
        elif mode == Mode.IF_NEW and value and name in lacked:
            push.sending[name] = value
    _leave_out(push, plan)


def _leave_out(push: Push, plan: Plan) -> None:
    """What does not fit is not sent, and does not stand there."""
    push.left_out = {}
    for name, value in list(push.sending.items()):
        why = "refused" if name in push.refused_values else plan.misfit(name, value)
        if why:
            leave_out(push, name, why=why)


def leave_out(push: Push, name: str, *, why: str) -> None:
    push.left_out[name] = why
    push.sending.pop(name, None)
    push.unchanged.pop(name, None)


def _overwrite(
    push: Push, plan: Plan, *, name: str, value: str, sent: Mapping[str, str], there: Mapping[str, str]
) -> None:
    if not push.adopting:
        if name == plan.names.owner and not value and push.link is not None and push.link.kept.get(name):
            # Whoever had the record before us keeps it while nobody has the lead here.
            push.unchanged[name] = value
        elif value != sent.get(name, ""):
            push.sending[name] = value
    elif plan.leaves_when_adopting(name, there) or (name == plan.names.owner and push.kept_owner):
        # As if ours stood there: it is written when ours changes.
        push.unchanged[name], push.kept[name] = value, there[name]
    elif value:
        push.sending[name] = value
    elif name == plan.names.owner and there.get(name) and plan.system_of_record_for(OWNER) == "leadops":
        # Nobody owns it here; a record that keeps its old owner would say otherwise.
        push.sending[name] = ""


def _wanted(push: Push, plan: Plan) -> dict[str, tuple[str, str]]:
    """property -> (text, mode); "" means that nothing should stand there."""
    values = crm_fields.values_of(push)
    wanted: dict[str, tuple[str, str]] = {}
    for mapping in plan.mappings:
        mode = plan.mode_of(mapping)
        if plan.direction_of(mapping.canonical) == "from_crm":
            continue
        if mapping.canonical == OWNER:
            if not push.owner_unknown:
                wanted[mapping.property] = (push.owner_id, mode)
            continue
        value = fitting.translated(
            plan.encode(values.get(mapping.canonical)),
            mapping.values,
            plan.properties.get(mapping.property),
            passes=mapping.canonical != STATUS,
            list_separator=plan.list_separator,
        )
        if value is None:
            # The property has no word for it; what stands there is as good as anything.
            continue
        if mapping.property == plan.names.email and push.shares_email:
            wanted[plan.names.shared_email] = (value, mode)
            continue
        wanted[mapping.property] = (value, mode)
    return wanted
