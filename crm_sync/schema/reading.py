"""The properties of a CRM are read each hour, on demand, and whenever a connection is prepared; the rows keep them.

Each hour a CRM that can tell is only asked whether they have changed, which also means what the token may see of them, and once a
day all are read. So is where people look at its records.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from crm_sync.connection import circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.definitions import PropertyDefinition, Schema
from crm_sync.models import CrmConnection, CrmProperty
from plumbing.http import RemoteError

READ = "crm_sync.read_properties"
# Whoever is told that nothing has changed believes it no longer than that.
_WHOLE_EVERY = timedelta(days=1)
_COLUMNS = (
    "label",
    "type",
    "options",
    "length",
    "read_only",
    "required",
    "unique",
    "archived",
    "place_names",
    "seen_at",
)


def refresh(
    connection: CrmConnection, connector: Connector, *, now: datetime, if_changed: bool = False
) -> int:
    """Read and keep; how many there are. Two calls, outside any transaction. Raises RemoteError.

    `if_changed`: where the CRM can tell, what has not changed is not read again.
    """
    found = connector.schema(since=_stamp(connection, now=now) if if_changed else "")
    there = CrmProperty.objects.filter(connection=connection, archived=False)
    if found is None:
        there.update(seen_at=now)
        count = there.count()
    else:
        _store(connection, found, now=now)
        count = len(found.properties)
    key = connector.names.key
    if not there.filter(name=key).exists():
        # Before the next lead is written it is made, or somebody is asked to.
        CrmConnection.objects.filter(pk=connection.pk).update(prepared_at=None)
    if (address := connector.record_address()) and address != connection.record_address:
        connection.record_address = address
        CrmConnection.objects.filter(pk=connection.pk).update(record_address=address)
    return count


def read_now(connection: CrmConnection, *, if_changed: bool = False) -> int:
    """The same with a connector of its own. Raises RemoteError, SetupProblem."""
    budget = Budget(connection.budget)
    try:
        connector = connect(connection, budget=budget)
        return refresh(connection, connector, now=timezone.now(), if_changed=if_changed)
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)


def read_all() -> None:
    """Every active connection that lets us in and may be called now."""
    active = CrmConnection.objects.filter(active=True).exclude(health=CrmConnection.Health.AUTH_LOST)
    for connection in active:
        if connection.not_before is not None and connection.not_before > timezone.now():
            continue
        try:
            read_now(connection, if_changed=True)
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


def _stamp(connection: CrmConnection, *, now: datetime) -> str:
    """ "" where all are to be read."""
    row = CrmConnection.objects.only("schema_stamp", "schema_read_at").get(pk=connection.pk)
    is_new = row.schema_read_at is not None and now - row.schema_read_at < _WHOLE_EVERY
    return row.schema_stamp if is_new and read_at(connection.pk) is not None else ""


def _store(connection: CrmConnection, found: Schema, *, now: datetime) -> None:
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
            place_names=None if each.place_names is None else [list(pair) for pair in each.place_names],
            seen_at=now,
        )
        for name, each in sorted(found.properties.items())
    ]
    with transaction.atomic():
        CrmProperty.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["connection", "name"], update_fields=_COLUMNS
        )
        CrmProperty.objects.filter(connection=connection, seen_at__lt=now).update(archived=True)
        CrmConnection.objects.filter(pk=connection.pk).update(schema_stamp=found.stamp, schema_read_at=now)
