"""A connection was set up otherwise: what waited for that need not wait for the next lead."""

from collections.abc import Collection
from datetime import datetime

from crm_sync.connection import circuit
from crm_sync.models import CrmConnection
from crm_sync.outbound import broken_rules, left_out


def set_up_anew(keys: Collection[str], *, by: str, now: datetime) -> None:
    """Forget what went wrong with these connections, and push again what a mapping or a rule has held back there."""
    circuit.resume(keys, by=by, now=now)
    for connection in CrmConnection.objects.filter(key__in=list(keys), active=True):
        left_out.replay(connection, now=now, changed=True)
        broken_rules.replay(connection, now=now)
