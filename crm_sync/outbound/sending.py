"""The sender: what is due goes to the CRM, at once and in batches that grow by themselves.

There is no linger. A sender takes whatever is due now; what arrives while it works is its next batch.
"""

from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection import circuit, lease, login
from crm_sync.connection.lease import LeaseLost
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from crm_sync.outbound.push_batch import PushBatch
from crm_sync.outbound.session import open_session
from plumbing.http import RemoteError

BATCH = 100


def drain_all() -> None:
    """Every active connection, the primary one first: notices wait for it."""
    for connection in CrmConnection.objects.filter(active=True).order_by("-primary", "key"):
        now = timezone.now()
        circuit.settle(connection, now=now)
        pause_is_over = connection.not_before is None or connection.not_before <= now
        if connection.health == CrmConnection.Health.AUTH_LOST and pause_is_over:
            login.try_again(connection.pk)
        drain(connection.pk)


def drain(connection_id: int) -> int:
    """Send until nothing is due; how many rows were taken in hand.

    Leaves at once while somebody else sends. Looks once more after letting go: a row that was queued while we held
    the connection may have been left by others because of us.
    """
    sent = 0
    while outbox.has_due(connection_id, now=timezone.now()):
        token = lease.take(connection_id)
        if token is None:
            break
        connection = CrmConnection.objects.get(pk=connection_id)
        budget = Budget(connection.budget)
        try:
            session = open_session(connection, token=token, budget=budget)
            while entries := outbox.due(connection_id, limit=_limit(connection), now=timezone.now()):
                sent += len(entries)
                PushBatch(session, entries).run()
                circuit.answered(connection, now=timezone.now())
        except LeaseLost:
            break
        except (RemoteError, SetupProblem) as error:
            circuit.failed(connection, error, now=timezone.now())
        finally:
            lease.release(connection_id, token, budget=budget.state)
    return sent


def _limit(connection: CrmConnection) -> int:
    # The circuit is half open: one row finds out whether the CRM answers again.
    return 1 if connection.failures else BATCH
