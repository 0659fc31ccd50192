"""What has changed in a CRM under its mappings and owners, told before a lead fails on it: each hour, after both were read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync.connection import circuit, owners
from crm_sync.connection.connecting import connect
from crm_sync.connectors import connector_class
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, FieldMapping, LeftOutValue
from crm_sync.outbound import broken_rules, drift_findings, left_out, rights
from crm_sync.outbound.drift_findings import MAPPING, OWNER_THERE, PROPERTY, RIGHT, Drift
from crm_sync.outbound.mapping_rules import CrmRules
from crm_sync.schema import reading
from exception_queue.models import ExceptionItem
from exception_queue.queue import Attempt, ExceptionReport, close_items, is_open, open_items
from plumbing import nudges
from plumbing.http import RemoteError

# What was read since then is as good as new.
FRESH = timedelta(minutes=5)
_TOLD = ("subject_type", "subject_id", "cause")


def read_and_watch() -> None:
    """Each hour: properties and owners are read, what fits by now is sent, and what does not fit any more is told."""
    reading.read_all()
    owners.refresh_all()
    left_out.replay_all()
    broken_rules.look_again(now=timezone.now())
    for connection in CrmConnection.objects.filter(active=True):
        now = timezone.now()
        lacking = None if _why_not_asked(connection, now=now) else rights.drift_of(connection)
        watch(connection, lacking=lacking, now=timezone.now())


def watch(connection: CrmConnection, *, lacking: Sequence[Drift] | None = None, now: datetime) -> None:
    """Open an item for each thing that the CRM, as it is now, has against leads, and close those of what is in order again. Of
    what leads lack already, their own item tells. `lacking` are rights, None where nobody asked."""
    there = [*of_connection(connection, now=now), *(lacking or ())]
    found = [one for one in there if not _told_otherwise(connection, one)]
    items = ExceptionItem.objects.filter(kind=kinds.DRIFT, status__in=ExceptionItem.UNRESOLVED)
    theirs = [
        (type_, id_)
        for type_, id_ in items.values_list("subject_type", "subject_id")
        if _is_of(connection, type_, id_)
    ]
    still = {(one.subject.type, one.subject.id) for one in found}
    for type_ in (MAPPING, OWNER_THERE, PROPERTY, *([] if lacking is None else [RIGHT])):
        gone = sorted(id_ for kind, id_ in theirs if kind == type_ and (kind, id_) not in still)
        reason = "It fits what the CRM has."
        close_items(kind=kinds.DRIFT, subject_type=type_, subject_ids=gone, reason=reason, now=now)
    # Told once, however the number of leads changes. Whoever has one tried again waits for an answer.
    told = {(type_, id_): cause for type_, id_, cause in items.filter(retried_at=None).values_list(*_TOLD)}
    new = [one for one in found if not told.get((one.subject.type, one.subject.id), "").startswith(one.words)]
    open_items([_report(connection, one) for one in new], now=now)


def of_connection(connection: CrmConnection, *, now: datetime) -> list[Drift]:
    """By what was read last. Nothing where there is no connector, or nothing was read."""
    rules = rules_of(connection)
    if rules is None:
        return []
    mappings = list(FieldMapping.objects.filter(connection=connection, active=True))
    return [
        *drift_findings.of_key(connection, rules),
        *drift_findings.of_required(connection, rules, mappings, now=now),
        *drift_findings.of_mappings(connection, rules, mappings),
        *drift_findings.of_owners(connection, rules.crm, mappings),
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """`read_at`: when the older of properties and owners was read, None for never. `trouble`: why it was not read just now."""

    connection: CrmConnection
    read_at: datetime | None
    trouble: str
    found: Sequence[Drift]
    is_old: bool


def stand(connection: CrmConnection, *, ask: bool, now: datetime) -> Standing:
    """What there is against leads. With `ask` what was read a while ago is read again, and told: a few calls, so never in a
    transaction. Where the CRM cannot be read, what it said last counts."""
    trouble = ""
    if ask and _is_old(_read_at(connection), now=now):
        trouble = _read_again(connection, now=now)
        now = timezone.now()
        if not trouble:
            watch(connection, now=now)
    read_at = _read_at(connection)
    found = of_connection(connection, now=now)
    return Standing(connection, read_at, trouble, found, is_old=_is_old(read_at, now=now))


def look_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler, whatever the subject: properties and owners are read anew, and judged."""
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


def _read_again(connection: CrmConnection, *, now: datetime) -> str:
    """Why that could not be done, "" where it was."""
    if why_not := _why_not_asked(connection, now=now):
        return why_not
    budget = Budget(connection.budget)
    try:
        connector = connect(connection, budget=budget)
        reading.refresh(connection, connector, now=now, if_changed=True)
        owners.refresh(connection, connector, now=now)
    except (RemoteError, SetupProblem) as error:
        return str(error)
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    return ""


def _why_not_asked(connection: CrmConnection, *, now: datetime) -> str:
    if connection.health == CrmConnection.Health.AUTH_LOST:
        return f"{connection.crm_name} does not let us in."
    if connection.not_before is not None and connection.not_before > now:
        return f"{connection.crm_name} is not called before {connection.not_before:%H:%M:%S} UTC."
    return ""


def _read_at(connection: CrmConnection) -> datetime | None:
    times = (reading.read_at(connection.pk), connection.owners_read_at)
    known = [at for at in times if at is not None]
    return min(known) if len(known) == len(times) else None


def _is_old(at: datetime | None, *, now: datetime) -> bool:
    return at is None or now - at > FRESH


def _told_otherwise(connection: CrmConnection, one: Drift) -> bool:
    """Whether another item tells of leads that lack it already."""
    if one.subject.type == MAPPING:
        return LeftOutValue.objects.filter(mapping=int(one.subject.id)).exists()
    if one.subject.type == PROPERTY and one.is_key:
        return is_open(kind=kinds.SETUP, subject=circuit.subject_of(connection))
    if one.subject.type == OWNER_THERE:
        email = one.subject.id.removeprefix(f"{connection.key} ")
        told = ExceptionItem.objects.filter(
            kind=kinds.OWNER_UNKNOWN, subject_id=email, status__in=ExceptionItem.UNRESOLVED
        )
        return told.exists()
    return False


def _is_of(connection: CrmConnection, subject_type: str, subject_id: str) -> bool:
    if subject_type == MAPPING:
        pks = FieldMapping.objects.exclude(connection=connection).filter(pk=subject_id)
        return not pks.exists()
    return subject_id.startswith(f"{connection.key} ")


def _report(connection: CrmConnection, one: Drift) -> ExceptionReport:
    detail = {"connection": connection.key} | ({"property": one.property_name} if one.property_name else {})
    return ExceptionReport(
        kind=kinds.DRIFT,
        subject=one.subject,
        cause=one.cause,
        detail=detail,
        cause_key=f"{connection.key} {one.subject.type} {one.subject.id}",
    )
