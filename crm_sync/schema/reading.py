"""The properties of a CRM are read each hour, on demand, and whenever a connection is prepared; the rows keep them.

So is where people look at its records.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from crm_sync.connection import circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import CrmConnection, CrmProperty
from plumbing.http import RemoteError

READ = "crm_sync.read_properties"
_COLUMNS = ("label", "type", "options", "length", "read_only", "required", "unique", "archived", "seen_at")


def refresh(connection: CrmConnection, connector: Connector, *, now: datetime) -> int:
    """Read and keep; how many there are. Two calls, outside any transaction. Raises RemoteError."""
    found = connector.schema()
    _store(connection, found, now=now)
    if (address := connector.record_address()) and address != connection.record_address:
        connection.record_address = address
        CrmConnection.objects.filter(pk=connection.pk).update(record_address=address)
    return len(found)


def read_now(connection: CrmConnection) -> int:
    """The same with a connector of its own. Raises RemoteError, SetupProblem."""
    budget = Budget(connection.budget)
    try:
        return refresh(connection, connect(connection, budget=budget), now=timezone.now())
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)


def read_all() -> None:
    """Every active connection that lets us in and may be called now."""
    active = CrmConnection.objects.filter(active=True).exclude(health=CrmConnection.Health.AUTH_LOST)
    for connection in active:
        if connection.not_before is not None and connection.not_before > timezone.now():
            continue
        try:
            read_now(connection)
        except (RemoteError, SetupProblem) as error:
            circuit.failed(connection, error, now=timezone.now())


def known(connection_id: int, names: Collection[str] | None = None) -> dict[str, PropertyDefinition]:
    """What was read last, by name: of these, or of all. {} before the first time. One query."""
    rows = CrmProperty.objects.filter(connection_id=connection_id)
    if names is not None:
        rows = rows.filter(name__in=names)
    return {row.name: row.definition for row in rows}


def read_at(connection_id: int) -> datetime | None:
    """When they were read last."""
    found: datetime | None = CrmProperty.objects.filter(connection_id=connection_id).aggregate(
        at=Max("seen_at")
    )["at"]
    return found


def _store(connection: CrmConnection, found: Mapping[str, PropertyDefinition], *, now: datetime) -> None:
    rows = [
        CrmProperty(
            connection=connection,
            name=name[:200],
            label=each.label[:300],
            type=each.type,
            options=[list(option) for option in each.options],
            length=each.length,
            read_only=each.read_only,
            required=each.required,
            unique=each.unique,
            archived=each.archived,
            seen_at=now,
        )
        for name, each in sorted(found.items())
    ]
    with transaction.atomic():
        CrmProperty.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["connection", "name"], update_fields=_COLUMNS
        )
        CrmProperty.objects.filter(connection=connection, seen_at__lt=now).update(archived=True)
