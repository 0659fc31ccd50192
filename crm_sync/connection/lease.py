"""One sender per connection: a lease on the connection row, in the database's own time.

10 seconds, renewed with each call to the CRM. Whoever finds it taken leaves; results are booked only while the
token is still the holder's.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q
from django.db.models.functions import Now

from crm_sync.models import CrmConnection

LEASE = timedelta(seconds=10)


class LeaseLost(Exception):
    """Somebody else sends for this connection now: what was sent meanwhile is not ours to book."""


def take(connection_id: int) -> UUID | None:
    """A token, or None while somebody else holds the connection."""
    token = uuid4()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
    taken = CrmConnection.objects.filter(free, pk=connection_id, active=True)
    return token if taken.update(lease_token=token, lease_until=Now() + LEASE) else None


def renew(connection_id: int, token: UUID, *, budget: dict[str, Any]) -> None:
    """Before each call; raises LeaseLost."""
    held = CrmConnection.objects.filter(pk=connection_id, lease_token=token, lease_until__gt=Now())
    if not held.update(lease_until=Now() + LEASE, budget=budget):
        raise LeaseLost


def hold(connection_id: int, token: UUID) -> None:
    """First statement of a transaction that books results: nobody takes the lease until it ends. Raises LeaseLost."""
    rows = CrmConnection.objects.filter(pk=connection_id, lease_token=token).select_for_update(no_key=True)
    if not rows.values_list("pk", flat=True).first():
        raise LeaseLost


def release(connection_id: int, token: UUID, *, budget: dict[str, Any]) -> None:
    """Let others send. Nothing happens where the lease is somebody else's already."""
    held = CrmConnection.objects.filter(pk=connection_id, lease_token=token)
    held.update(lease_token=None, lease_until=None, budget=budget)
