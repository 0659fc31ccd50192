"""A connection that is not let in asks again by itself: one cheap call after each pause, by one process at a time."""

from django.utils import timezone

from crm_sync.connection import circuit, lease
from crm_sync.connection.connecting import connect
from crm_sync.connection.lease import LeaseLost
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from plumbing.http import RemoteError


def try_again(connection_id: int) -> None:
    """Nothing happens while the pause lasts, or somebody else asks."""
    token = lease.take(connection_id)
    if token is None:
        return
    connection = CrmConnection.objects.get(pk=connection_id)
    budget = Budget(connection.budget)
    try:
        if _is_due(connection):
            connect(
                connection,
                budget=budget,
                before_call=lambda: lease.renew(connection_id, token, budget=budget.state),
            ).ping()
            circuit.let_in(connection, now=timezone.now())
    except LeaseLost:
        return
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=timezone.now())
    finally:
        lease.release(connection_id, token, budget=budget.state)


def _is_due(connection: CrmConnection) -> bool:
    pause_is_over = connection.not_before is None or connection.not_before <= timezone.now()
    return connection.health == CrmConnection.Health.AUTH_LOST and pause_is_over
