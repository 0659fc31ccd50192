"""Values that do not fit: the lead goes without them, one item per mapping says so, and they follow when it is mended."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.models import CrmConnection, CrmLink, FieldMapping, LeftOutValue
from crm_sync.outbound import crm_fields
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.payload import Plan
from crm_sync.schema import fitting, reading
from exception_queue.models import ExceptionItem
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items
from plumbing import nudges
from plumbing.counting import counted

Why = LeftOutValue.Why

SUBJECT = "mapping"
_KINDS = (kinds.UNKNOWN_PROPERTY, kinds.VALUE_LEFT_OUT)
_VALUES_NAMED = 3


def kind_of(why: str) -> str:
    return kinds.UNKNOWN_PROPERTY if why == Why.MISSING else kinds.VALUE_LEFT_OUT


def record(
    connection: CrmConnection, plan: Plan, pushes: Sequence[Push], *, now: datetime
) -> list[ExceptionReport]:
    """Remember what these leads lack now and forget what they do not lack any more; what a person should hear of.

    In the transaction that saves their records. No query where nothing is lacking and nothing was.
    """
    rows: list[LeftOutValue] = []
    new: list[LeftOutValue] = []
    mended = set[tuple[int, UUID]]()
    for push in pushes:
        lacking = {
            mapping.pk: _row(push, plan, mapping, name, why=why, now=now)
            for name, why in push.left_out.items()
            for mapping in plan.blamed(push, name)
        }
        rows += lacking.values()
        new += [row for pk, row in lacking.items() if pk not in push.lacking]
        mended |= {(pk, push.lead.pk) for pk in push.lacking if pk not in lacking}
    if mended:
        _forget(mended)
    if not rows:
        return []
    LeftOutValue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["mapping", "lead"],
        update_fields=["property", "why", "ours", "words", "at"],
    )
    # Whoever has one tried again waits for an answer, also where it is the same.
    trying = set(_tried_again())
    news = [row for row in rows if row in new or (kind_of(row.why), str(row.mapping_id)) in trying]
    words = {key: _words(connection, *key) for key in {(row.mapping, kind_of(row.why)) for row in news}}
    return [_report(connection, row, cause=words[row.mapping, kind_of(row.why)]) for row in news]


def retry(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for mappings, by key: the leads that lack their value are pushed again.

    Items of before are about leads.
    """
    mappings = {int(each) for each in subject_ids if each.isdecimal()}
    leads = [each for each in subject_ids if not each.isdecimal()]
    pending = set(outbox.retry_dead(leads, by=by, now=now).pending) if leads else set()
    rows = LeftOutValue.objects.filter(mapping_id__in=mappings, mapping__connection__active=True)
    # The next sender reads the properties anew: somebody may have made what was missing.
    CrmConnection.objects.filter(pk__in=rows.values("mapping__connection")).update(prepared_at=None)
    return Attempt(pending=pending | {str(pk) for pk in _push_again(rows, now=now)})


def replay(connection: CrmConnection, *, now: datetime, changed: bool = False) -> None:
    """Leads whose value may fit by now are pushed again: all of them where the mappings may have `changed`, else those for
    which the properties that are there do not speak against it.
    """
    mappings = {row.pk: row for row in FieldMapping.objects.filter(connection=connection)}
    rows = LeftOutValue.objects.filter(mapping__in=mappings)
    gone = CrmLink.objects.filter(connection=connection, gone_at__isnull=False).values("lead_id")
    rows.filter(lead_id__in=gone).delete()
    lacking = set[int]()
    for pk, name, why, ours in rows.values_list("mapping_id", "property", "why", "ours").distinct():
        lacking.add(pk)
        if changed or _may_fit(connection, name, why, ours):
            _push_again(rows.filter(mapping_id=pk, property=name, why=why, ours=ours), now=now)
    close([pk for pk in mappings if pk not in lacking])


def replay_all() -> None:
    for connection in CrmConnection.objects.filter(active=True):
        replay(connection, now=timezone.now())


def close(mapping_ids: Iterable[int]) -> None:
    """No lead lacks the value of these mappings any more."""
    ids = sorted(str(pk) for pk in mapping_ids)
    for kind in _KINDS:
        close_items(
            kind=kind, subject_type=SUBJECT, subject_ids=ids, reason="No lead lacks the value any more."
        )


def _row(
    push: Push, plan: Plan, mapping: FieldMapping, name: str, *, why: str, now: datetime
) -> LeftOutValue:
    definition = plan.properties.get(name)
    has_options = definition is not None and definition.type in fitting.OPTIONS
    ours = plan.encode(crm_fields.values_of(push).get(mapping.canonical)) if has_options else ""
    return LeftOutValue(
        mapping=mapping,
        lead=push.lead,
        property=name,
        why=why,
        ours=ours[:500],
        words=push.refused_values.get(name, ""),
        at=now,
    )


def _forget(mended: Collection[tuple[int, UUID]]) -> None:
    rows = LeftOutValue.objects.filter(lead_id__in={lead for _, lead in mended})
    keys = [pk for pk, *pair in rows.values_list("pk", "mapping_id", "lead_id") if tuple(pair) in mended]
    LeftOutValue.objects.filter(pk__in=keys).delete()
    mappings = {mapping for mapping, _ in mended}
    still = LeftOutValue.objects.filter(mapping_id__in=mappings).values_list("mapping_id", "why").distinct()
    for kind in _KINDS:
        lacking = {pk for pk, why in still if kind_of(why) == kind}
        ids = sorted(str(pk) for pk in mappings - lacking)
        reason = "The value has arrived in the CRM."
        close_items(kind=kind, subject_type=SUBJECT, subject_ids=ids, reason=reason)


def _may_fit(connection: CrmConnection, name: str, why: str, ours: str) -> bool:
    """By the properties that were read last. What the CRM itself refused, it refuses until somebody says otherwise."""
    definition = reading.known(connection.pk, [name]).get(name)
    if why == Why.REFUSED or definition is None or definition.archived or definition.read_only:
        return False
    return why != Why.OPTION or ours in {option for option, _ in definition.options}


def _push_again(rows: QuerySet[LeftOutValue], *, now: datetime) -> set[int]:
    """The mappings whose leads were queued."""
    waiting: dict[int, set[UUID]] = {}
    queued = set[int]()
    for connection_id, mapping_id, lead_id in rows.values_list(
        "mapping__connection_id", "mapping_id", "lead_id"
    ):
        waiting.setdefault(connection_id, set()).add(lead_id)
        queued.add(mapping_id)
    for connection_id, lead_ids in waiting.items():
        outbox.queue_for(connection_id, sorted(lead_ids), now=now)
    if waiting:
        nudges.nudge(outbox.DRAIN)
    return queued


def _tried_again() -> QuerySet[ExceptionItem, tuple[str, str]]:
    waiting = ExceptionItem.objects.filter(kind__in=_KINDS, subject_type=SUBJECT, retried_at__isnull=False)
    return waiting.filter(status__in=ExceptionItem.UNRESOLVED).values_list("kind", "subject_id")


def _report(connection: CrmConnection, row: LeftOutValue, *, cause: str) -> ExceptionReport:
    label = f"{_label(row.mapping, row.why)} → {row.property}"
    return ExceptionReport(
        kind=kind_of(row.why),
        subject=Subject(type=SUBJECT, id=str(row.mapping_id), label=label),
        cause=cause,
        detail={"connection": connection.key, "property": row.property},
        cause_key=f"{connection.key} mapping {row.mapping_id}",
    )


def _words(connection: CrmConnection, mapping: FieldMapping, kind: str) -> str:
    """What does not fit, in one sentence, with the number of leads that lack it."""
    whys = [why for why in Why.values if kind_of(why) == kind]
    rows = LeftOutValue.objects.filter(mapping=mapping, why__in=whys)
    leads, newest = rows.count(), rows.latest("at")
    name = f"{connection.crm_name}’s “{newest.property}”"
    match newest.why:
        case Why.MISSING:
            said = f"{connection.crm_name} has no property “{newest.property}”"
        case Why.READ_ONLY:
            said = f"{name} is read-only"
        case Why.OPTION:
            options = rows.filter(why=Why.OPTION).values_list("ours").annotate(leads=Count("pk"))
            values = [ours for ours, _ in options.order_by("-leads", "ours")]
            named = ", ".join(f"“{ours}”" for ours in values[:_VALUES_NAMED])
            more = len(values) - _VALUES_NAMED
            others = f" and {counted(more, 'other', 'others')}" if more > 0 else ""
            said = f"{named}{others} {'is no option' if len(values) == 1 else 'are no options'} of {name}"
        case Why.TYPE:
            said = f"what we have is not of the type of {name}"
        case Why.LENGTH:
            said = f"longer than {name} takes"
        case _:
            said = f"{connection.crm_name} refuses it for “{newest.property}”: {newest.words.rstrip('.')}"
    return f"{_label(mapping, newest.why)}: {said}; {counted(leads, 'lead')}."


def _label(mapping: FieldMapping, why: str) -> str:
    """Of what is wrong with a property, and not with one value: every field that fills it."""
    lines = FieldMapping.objects.filter(
        connection=mapping.connection_id, property=mapping.property, active=True
    ).exclude(combine="")
    fields = [] if why == Why.OPTION else [each.canonical for each in lines]
    return " + ".join(crm_fields.label(each) for each in fields or [mapping.canonical])
