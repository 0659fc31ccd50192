"""The lines that a connection can start with: what every account has a property for, the owner, and what we make there."""

from collections.abc import Iterator, Mapping

from crm_sync.connectors import can
from crm_sync.connectors.definitions import PropertyNames
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound.crm_fields import OWNER, STATUS
from crm_sync.outbound.drift import rules_of
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine

Mode = FieldMapping.Mode
# Who it is; what people there have typed stays.
_ABOUT = ("first_name", "last_name", "company", "phone", "job_title")
# What only we know, where properties of ours are made.
_OURS = ("score", "segment", "routing_reason", "routed_at", "disqualify_reason")


def of(connection: CrmConnection) -> list[FieldMapping]:
    """Unsaved, in their order, after those that are there: without fields and properties that have a line already, and without
    what the CRM, as its properties were read last, lacks or refuses."""
    rules = rules_of(connection)
    if rules is None or not can(connection.kind).properties:
        return []
    there = list(FieldMapping.objects.filter(connection=connection))
    taken = {each.canonical for each in there} | {each.property for each in there}
    last = max((each.position for each in there), default=-1)
    found = [
        line
        for line in _all(rules.names, rules)
        if line.canonical not in taken and line.property not in taken and _fits(rules, line)
    ]
    return [
        FieldMapping(
            connection=connection,
            canonical=line.canonical,
            property=line.property,
            mode=line.mode,
            values=dict(line.values),
            position=last + number,
        )
        for number, line in enumerate(found, start=1)
    ]


def _all(names: PropertyNames, rules: CrmRules) -> Iterator[MappingLine]:
    yield MappingLine("email", names.email, {})
    for canonical in _ABOUT:
        if canonical in names.usual:
            yield MappingLine(canonical, names.usual[canonical], {}, mode=Mode.IF_EMPTY)
    if names.lead_status and (words := _status_words(names, rules)):
        yield MappingLine(STATUS, names.lead_status, words)
    if names.own_prefix:
        for canonical in _OURS:
            yield MappingLine(canonical, f"{names.own_prefix}{canonical}", {})
    yield MappingLine(OWNER, names.owner, {})


def _status_words(names: PropertyNames, rules: CrmRules) -> Mapping[str, str]:
    """Those of the usual words that this account has."""
    definition = rules.definitions.get(names.lead_status)
    options = {value for value, _ in definition.options} if definition else set[str]()
    return {ours: theirs for ours, theirs in names.usual_status.items() if theirs in options}


def _fits(rules: CrmRules, line: MappingLine) -> bool:
    if line.property not in rules.definitions:
        return rules.names.is_ours(line.property)
    return not any(trouble.refused for trouble in rules.troubles(line))
