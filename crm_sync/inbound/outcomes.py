"""What is known of a record of the CRM when events about it are judged, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from crm_sync.connectors.base import Connector, Present
from crm_sync.models import CrmConnection, InboundEvent
from crm_sync.outbound.payload import Plan
from exception_queue.queue import ExceptionReport

Status = InboundEvent.Status
Result = tuple[str, str]
"""A status and words for people."""


@dataclass(frozen=True, slots=True)
class Known:
    """`present`: the record as it was just read, None where it does not exist. `written`: when we had last written each record,
    by its id, before it was read."""

    connection: CrmConnection
    connector: Connector
    plan: Plan
    present: Present | None
    written: Mapping[str, datetime | None]


@dataclass(slots=True)
class Outcome:
    """`results` by event; `push`: something is to be written; `shown`: leads whose owner the CRM shows already.

    `taken_over`: the lead, where a change was.
    """

    results: dict[int, Result] = field(default_factory=dict)
    problems: list[ExceptionReport] = field(default_factory=list)
    shown: list[UUID] = field(default_factory=list)
    push: bool = False
    taken_over: UUID | None = None
