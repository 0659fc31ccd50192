"""What a lead can need a person for."""

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection
from exception_queue.queue import ExceptionReport, Subject
from intake.models import Lead
from intake.subjects import LEAD, lead_subject


def unknown_property(connection: CrmConnection, *, name: str) -> ExceptionReport:
    return ExceptionReport(
        kind=kinds.UNKNOWN_PROPERTY,
        subject=Subject(type=LEAD, id="", label=""),
        cause=f"{connection.crm_name} has no property “{name}”.",
        detail={"connection": connection.key, "property": name},
        cause_key=f"{connection.key} {name}",
    )


def failing(connection: CrmConnection, lead: Lead, *, words: str) -> ExceptionReport:
    return ExceptionReport(
        kind=kinds.FAILING,
        subject=lead_subject(lead),
        cause=words,
        detail={"connection": connection.key},
    )


def events_unreadable(connection: CrmConnection, *, words: str, sample: str) -> ExceptionReport:
    return ExceptionReport(
        kind=kinds.EVENTS_UNREADABLE,
        subject=Subject(type="connection", id=connection.key, label=connection.key),
        cause=words,
        detail={"connection": connection.key, "first": sample[:1000]},
    )


def rejected(connection: CrmConnection, lead: Lead, *, words: str) -> ExceptionReport:
    return ExceptionReport(
        kind=kinds.REJECTED,
        subject=lead_subject(lead),
        cause=words,
        detail={"connection": connection.key},
    )
