"""What a lead can need a person for."""

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmConnection
from exception_queue.queue import ExceptionReport, Subject
from intake.models import Lead
from intake.subjects import lead_subject


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
