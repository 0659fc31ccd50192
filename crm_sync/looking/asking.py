"""One batched question to each CRM itself, about those of whom its mirror knows nothing, within a time budget."""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from datetime import datetime

from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Present, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from plumbing.http import RemoteError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LookUp:
    """Records by the address that was asked for. `missed`: why there is no answer, in words for people."""

    records: Mapping[str, Present] = field(default_factory=dict)
    missed: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """One that was asked, and what it is charged to."""

    connection: CrmConnection
    budget: Budget
    answer: Future[dict[str, Present]]
    asked_at: float


def ask(asked: Sequence[tuple[CrmConnection, Sequence[str]]], *, now: datetime) -> list[LookUp]:
    """Each CRM about these addresses, all at the same time; one call for a hundred. Each takes no longer than its connection's
    `look_up_ms`; 0 asks nothing."""
    pool = ThreadPoolExecutor(max_workers=max(len(asked), 1), thread_name_prefix="look-up")
    try:
        begun = [_begin(pool, connection, emails, now=now) for connection, emails in asked]
        return [_end(one) if isinstance(one, _Question) else one for one in begun]
    finally:
        # A late answer is dropped with its thread; the time is the customer's.
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(
    pool: ThreadPoolExecutor, connection: CrmConnection, emails: Sequence[str], *, now: datetime
) -> _Question | LookUp:
    crm = connection.crm_name
    if not emails or not connection.look_up_ms:
        return LookUp(
            missed="" if not emails else f"{crm} is not asked about people whom the mirror does not know"
        )
    if connection.health == CrmConnection.Health.AUTH_LOST:
        return LookUp(missed=f"{crm} does not let us in")
    if connection.not_before is not None and connection.not_before > now:
        return LookUp(missed=f"{crm} was not answering")
    budget = Budget(connection.budget)
    if not budget.has_to_spare(now=now):
        return LookUp(missed=f"{crm} has few calls left for the moment")
    try:
        connector = connect(connection, budget=budget)
    except (RemoteError, SetupProblem) as error:
        return _failed(connection, error)
    names = connector.names
    wanted = [name for name in (names.owner, names.lifecycle, names.lead_status) if name]
    reading = pool.submit(connector.read, emails, by="email", properties=wanted)
    return _Question(connection, budget, reading, time.monotonic())


def _end(question: _Question) -> LookUp:
    connection = question.connection
    left = question.asked_at + connection.look_up_ms / 1000 - time.monotonic()
    try:
        found = question.answer.result(timeout=max(left, 0))
    except TooLate:
        return LookUp(missed=f"{connection.crm_name} did not answer within {connection.look_up_ms} ms")
    except (RemoteError, SetupProblem) as error:
        return _failed(connection, error)
    if question.budget.state != connection.budget:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=question.budget.state)
    return LookUp(found)


def _failed(connection: CrmConnection, error: Exception) -> LookUp:
    log.info("look-up failed: %s", error)
    return LookUp(missed=f"{connection.crm_name}: {error}"[:200])
