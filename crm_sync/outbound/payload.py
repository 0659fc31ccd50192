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

A line's `default` stands for a lead that has no value. It never goes over what somebody else has written into a record, and a
value of the lead's own goes over it in every mode that writes again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_sync.connection_settings import Direction, Ownership, SystemOfRecord
from crm_sync.connectors.base import Connector, Need
from crm_sync.connectors.definitions import PropertyDefinition, PropertyNames
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import combining, crm_fields
from crm_sync.outbound.crm_fields import OWNER, STATUS
from crm_sync.outbound.lead_push import Push
from crm_sync.schema import fitting
from intake.canonical import CANONICAL_FIELDS
from intake.values.places import country_name, state_name

Mode = FieldMapping.Mode

# What people can change in the CRM too; everything else is ours alone.
SHARED = frozenset({OWNER, STATUS, *CANONICAL_FIELDS})


@dataclass(frozen=True, slots=True)
class Plan:
    """How one connection wants its records: its mappings and what belongs to whom."""

    mappings: Sequence[FieldMapping]
    # Those that fill a property, in their order; and the one by which a field comes back.
    lines: Mapping[str, Sequence[FieldMapping]]
    back: Mapping[str, FieldMapping]
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

    def lines_of(self, name: str) -> Sequence[FieldMapping]:
        """Those that fill a property; that of the e-mail address fills two."""
        return self.lines.get(self.names.email if name == self.names.shared_email else name, ())

    def blamed(self, push: Push, name: str) -> Sequence[FieldMapping]:
        """The lines because of which a property is left out."""
        lines = self.lines_of(name)
        texts = self.texts_of(lines, crm_fields.values_of(push))
        definition = self.properties.get(name)
        return combining.blamed(lines, texts, definition, list_separator=self.list_separator) if lines else ()

    def texts_of(self, lines: Sequence[FieldMapping], values: Mapping[str, Any]) -> list[str | None]:
        """What each line says of a lead, translated; None where it has no word for it."""
        return [
            fitting.translated(
                self._named(mapping, values),
                mapping.values,
                self.properties.get(mapping.property),
                passes=mapping.canonical != STATUS,
                list_separator=self.list_separator,
            )
            for mapping in lines
        ]

    def _named(self, mapping: FieldMapping, values: Mapping[str, Any]) -> str:
        """A value as text; a country or a state by name, where the property takes that and the line has no word for it."""
        text = self.encode(crm_fields.transformed(mapping, values.get(mapping.canonical)))
        definition = self.properties.get(mapping.property)
        names = definition.place_names if definition else None
        if not text or names is None or text in mapping.values:
            return text
        if mapping.canonical == "country":
            return dict(names).get(text) or country_name(text)
        if mapping.canonical == "state":
            return dict(names).get(text) or state_name(text, str(values.get("country") or ""))
        return text

    def takes_several(self, name: str) -> bool:
        definition = self.properties.get(name)
        return definition is not None and definition.type == "choices"

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

    def goes_there_only(self, name: str) -> bool:
        """What is changed there does not come back by this property."""
        first, *others = self.lines[name]
        return (
            bool(others)
            or self.back.get(first.canonical) is not first
            or self.direction_of(first.canonical) == "to_crm"
        )

    def is_ours(self, name: str) -> bool:
        """Whether leadops decides about everything in a property."""
        return all(self.system_of_record_for(each.canonical) == "leadops" for each in self.lines[name])

    def leaves_when_adopting(self, name: str, stands: str) -> bool:
        """How far people have got with a record that was not ours is not set back by a lead that is new to us."""
        status = {each.property for each in self.mappings if each.canonical == STATUS}
        return bool(stands) and name in {*status, self.names.lifecycle, self.names.lead_status}

    def mode_of(self, mapping: FieldMapping) -> str:
        """A field that the CRM keeps is given to it once, with a new record; what does not come back follows ours."""
        is_kept = self.system_of_record_for(mapping.canonical) == "crm"
        if mapping.mode == Mode.OVERWRITE and is_kept and self.back.get(mapping.canonical) is mapping:
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
        lines=combining.by_property(mappings),
        back=combining.read_back(mappings),
        system_of_record=connection.system_of_record,
        ownership=connection.ownership,
        names=connector.names,
        encode=connector.encode,
        list_separator=connector.list_separator,
        properties=properties,
    )


def needs_of(mappings: Sequence[FieldMapping]) -> list[Need]:
    """The mapped properties, with the type that one of ours has to have."""
    return [
        Need(name, " + ".join(crm_fields.label(each.canonical) for each in lines), _type_of(lines))
        for name, lines in combining.by_property(mappings).items()
    ]


def _type_of(lines: Sequence[FieldMapping]) -> str:
    """Of what is joined, and of values of several types, a text is made."""
    types = {"date" if each.transform else crm_fields.type_of(each.canonical) for each in lines}
    is_joined = len(lines) > 1 and lines[-1].combine == combining.JOIN
    return "text" if is_joined or len(types) > 1 else types.pop()


def needs_reading(push: Push, plan: Plan) -> bool:
    """Whether what stands in our record decides what is written."""
    if push.link is None or push.present is not None:
        return False
    sent = push.link.sent
    for name, want in _wanted(push, plan).items():
        was = want.known(sent, name)
        if want.mode == Mode.IF_EMPTY and want.text and not was:
            return True
        if want.mode == Mode.APPEND and want.text and want.text != was:
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
    wanted = _wanted(push, plan)
    push.whole = {name: want.text for name, want in wanted.items()}
    for name, want in wanted.items():
        if name in stopped:
            continue
        value, mode = want.text, want.mode
        was, stands = want.known(sent, name), want.known(there, name)
        if is_new:
            if value:
                push.sending[name] = value
        elif want.is_default and (push.link is None or push.adopting):
            if stands:
                push.unchanged[name] = stands
            else:
                push.sending[name] = value
        elif mode == Mode.OVERWRITE:
            _overwrite(push, plan, name=name, value=value, was=was, stands=stands)
            if push.link is not None and name in push.link.unsure and not push.adopting:
                push.sending[name] = value
        elif mode == Mode.IF_EMPTY and value and not was:
            if stands:
                push.unchanged[name] = stands
            else:
                push.sending[name] = value
        elif mode == Mode.APPEND and value and value != was:
            parts = [part for part in stands.split(plan.list_separator) if part]
            push.unchanged[name] = value
            if missing := [part for part in value.split(plan.list_separator) if part and part not in parts]:
                push.sending[name] = plan.list_separator.join([*parts, *missing])
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


def _overwrite(push: Push, plan: Plan, *, name: str, value: str, was: str, stands: str) -> None:
    if not push.adopting:
        if name == plan.names.owner and not value and push.link is not None and push.link.kept.get(name):
            # Whoever had the record before us keeps it while nobody has the lead here.
            push.unchanged[name] = value
        elif value != was:
            push.sending[name] = value
    elif plan.leaves_when_adopting(name, stands) or (name == plan.names.owner and push.kept_owner):
        # As if ours stood there: it is written when ours changes.
        push.unchanged[name], push.kept[name] = value, stands
    elif value:
        push.sending[name] = value
    elif name == plan.names.owner and stands and plan.system_of_record_for(OWNER) == "leadops":
        # Nobody owns it here; a record that keeps its old owner would say otherwise.
        push.sending[name] = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`text` "" means that nothing should stand there. `default`: what stands for nothing there, "" where that is nothing."""

    text: str
    mode: str
    default: str = ""

    @property
    def is_default(self) -> bool:
        return bool(self.default) and self.text == self.default

    def known(self, values: Mapping[str, str], name: str) -> str:
        """What somebody has said there: a default of ours is nothing that a value would go over."""
        text = values.get(name, "")
        return "" if text == self.default and not self.is_default else text


def _wanted(push: Push, plan: Plan) -> dict[str, _Wanted]:
    """By property."""
    values = crm_fields.values_of(push)
    wanted: dict[str, _Wanted] = {}
    for name, found in plan.lines.items():
        lines = [each for each in found if plan.direction_of(each.canonical) != "from_crm"]
        if not lines:
            continue
        mode = plan.mode_of(lines[0])
        if lines[0].canonical == OWNER:
            if not push.owner_unknown:
                wanted[name] = _Wanted(push.owner_id, mode)
            continue
        value = combining.text_of(lines, plan.texts_of(lines, values), several=plan.takes_several(name))
        if value is None:
            # The property has no word for it; what stands there is as good as anything.
            continue
        default = next((each.default for each in lines if each.default), "")
        place = plan.names.shared_email if name == plan.names.email and push.shares_email else name
        wanted[place] = _Wanted(value or default, mode, default)
    return wanted
