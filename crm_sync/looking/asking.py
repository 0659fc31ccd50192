"""One batched question to the CRM itself, about those of whom the mirror knows nothing, within a time budget."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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


def ask(connection: CrmConnection, emails: Sequence[str], *, now: datetime) -> LookUp:
    """One call for a hundred addresses. It takes no longer than the connection's `look_up_ms`; 0 asks nothing."""
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
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="look-up")
    try:
        connector = connect(connection, budget=budget)
        names = connector.names
        asked = [name for name in (names.owner, names.lifecycle, names.lead_status) if name]
        reading = pool.submit(connector.read, emails, by="email", properties=asked)
        found = reading.result(timeout=connection.look_up_ms / 1000)
    except TooLate:
        return LookUp(missed=f"{crm} did not answer within {connection.look_up_ms} ms")
    except (RemoteError, SetupProblem) as error:
        log.info("look-up failed: %s", error)
        return LookUp(missed=f"{crm}: {error}"[:200])
    finally:
        # A late answer is dropped with its thread; the time is the customer's.
        pool.shutdown(wait=False, cancel_futures=True)
    if budget.state != connection.budget:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    return LookUp(found)
