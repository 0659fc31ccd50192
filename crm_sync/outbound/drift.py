"""What has changed in a CRM under its mappings, told before a lead fails on it: each hour, after the properties were read."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connectors import connector_class
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, LeftOutValue
from crm_sync.outbound import crm_fields, left_out
from crm_sync.outbound.mapping_rules import CrmRules, MappingLine
from crm_sync.schema import reading
from exception_queue.models import ExceptionItem
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items, open_items
from intake.lead_changes import VALUE_COLUMNS
from intake.models import Lead
from plumbing import nudges
from plumbing.counting import counted

SUBJECT = "mapping"


def read_and_watch() -> None:
    """Each hour: the properties are read, what fits by now is sent, and what does not fit any more is told."""
    reading.read_all()
    left_out.replay_all()
    for connection in CrmConnection.objects.filter(active=True):
        watch(connection, now=timezone.now())


def watch(connection: CrmConnection, *, now: datetime) -> None:
    """Open an item for each mapping that can never arrive as the CRM is now, and close those of mappings that can again. Of one
    that leads lack already, their own item tells."""
    rules = rules_of(connection)
    if rules is None or not rules.definitions:
        return
    mappings = list(FieldMapping.objects.filter(connection=connection))
    lacking = set(LeftOutValue.objects.filter(mapping__in=mappings).values_list("mapping", flat=True))
    found = {
        mapping: words
        for mapping in mappings
        if mapping.active
        and mapping.pk not in lacking
        and (words := next(_speaks_against(rules, mapping), ""))
    }
    gone = sorted(str(mapping.pk) for mapping in mappings if mapping not in found)
    close_items(
        kind=kinds.DRIFT, subject_type=SUBJECT, subject_ids=gone, reason="It fits what the CRM has.", now=now
    )
    known = _known([mapping.pk for mapping in found])
    reports = [_report(connection, mapping, words=words) for mapping, words in found.items()]
    open_items([one for one in reports if (one.subject.id, one.cause) not in known], now=now)


def look_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for mappings, by key: the properties are read anew, and judged."""
    nudges.nudge(reading.READ)
    return Attempt(pending=set(subject_ids))


def rules_of(connection: CrmConnection) -> CrmRules | None:
    """What the CRM says of its properties, as they were read last; None where there is no connector."""
    found = connector_class(connection.kind)
    if found is None:
        return None
    return CrmRules(
        crm=found.label,
        names=found.names,
        definitions=reading.known(connection.pk),
        encode=found.encode,
        list_separator=found.list_separator,
    )


def _speaks_against(rules: CrmRules, mapping: FieldMapping) -> Iterator[str]:
    name = mapping.property
    if name not in rules.definitions and not rules.names.is_ours(name):
        yield f"{rules.crm} has no property “{name}” any more."
    line = MappingLine(mapping.canonical, name, mapping.values)
    yield from (trouble.words for trouble in rules.troubles(line) if trouble.refused)


def _known(mapping_ids: Collection[int]) -> set[tuple[str, str]]:
    """What is open and says the same already. Whoever has it looked at again waits for an answer."""
    items = ExceptionItem.objects.filter(kind=kinds.DRIFT, subject_type=SUBJECT, retried_at=None)
    open_ones = items.filter(
        status__in=ExceptionItem.UNRESOLVED, subject_id__in=[str(pk) for pk in mapping_ids]
    )
    return set(open_ones.values_list("subject_id", "cause"))


def _report(connection: CrmConnection, mapping: FieldMapping, *, words: str) -> ExceptionReport:
    label = crm_fields.label(mapping.canonical)
    return ExceptionReport(
        kind=kinds.DRIFT,
        subject=Subject(type=SUBJECT, id=str(mapping.pk), label=f"{label} → {mapping.property}"),
        cause=f"{label}: {words} {counted(_hit(connection, mapping), 'lead has', 'leads have')} a value for it.",
        detail={"connection": connection.key, "property": mapping.property},
        cause_key=f"{connection.key} mapping {mapping.pk}",
    )


def _hit(connection: CrmConnection, mapping: FieldMapping) -> int:
    """Leads there that have a value for it; of what is no column of a lead, all."""
    leads = Lead.objects.filter(pk__in=CrmLink.objects.filter(connection=connection).values("lead"))
    if mapping.canonical in VALUE_COLUMNS:
        column = Lead._meta.get_field(mapping.canonical)
        leads = leads.exclude(**{mapping.canonical: None} if column.null else {mapping.canonical: ""})
    return leads.count()
