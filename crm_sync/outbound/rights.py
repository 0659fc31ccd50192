"""What a connection's token may not do, and what stays undone without it."""

from collections.abc import Sequence

from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.granted import Right
from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from crm_sync.outbound import crm_fields
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.drift_findings import RIGHT, Drift
from crm_sync.schema import reading
from exception_queue.queue import Subject
from plumbing.counting import counted
from plumbing.http import RemoteError

_WITHOUT = {
    "records": "no lead can be written",
    "properties": "the CRM's properties cannot be read",
    "companies": "accounts and customers there are not known",
    "deals": "open deals are not known",
    "touches": "e-mails that are logged there are no proof of a contact",
}
# Their own exception tells of these.
_MIRRORED = ("companies", "deals")


def lacking(connection: CrmConnection, connector: Connector) -> list[str]:
    """A sentence for each right that is missing, with the mappings that it stops. Some calls; raises RemoteError."""
    return [words for _, words in missing_of(connection, connector)]


def missing_of(connection: CrmConnection, connector: Connector) -> list[tuple[Right, str]]:
    """The same with the rights."""
    missing = [each for each in connector.rights() if not each.granted]
    if not missing:
        return []
    mappings = list(connection.mappings.filter(active=True))
    there = {name for name, each in reading.known(connection.pk).items() if not each.archived}
    is_ours = [each for each in mappings if connector.names.is_ours(each.property)]
    return [(each, _sentence(each, mappings, there=there, is_ours=is_ours)) for each in missing]


def drift_of(connection: CrmConnection) -> list[Drift] | None:
    """What the token may not do any more, with the leads that wait; None where the CRM could not be asked. What cannot be read of
    companies and deals, the mirror tells."""
    budget = Budget(connection.budget)
    try:
        missing = missing_of(connection, connect(connection, budget=budget))
    except (RemoteError, SetupProblem):
        return None
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    waiting = OutboxEntry.objects.filter(connection=connection, status=OutboxEntry.Status.PENDING).count()
    hit = f"{counted(waiting, 'lead waits', 'leads wait')} to be written there."
    return [
        Drift(Subject(RIGHT, f"{connection.key} {right.name}", right.name), words, hit)
        for right, words in missing
        if right.area not in _MIRRORED
    ]


def _sentence(
    right: Right, mappings: Sequence[FieldMapping], *, there: set[str], is_ours: Sequence[FieldMapping]
) -> str:
    match right.area:
        case "owners":
            stopped = [each for each in mappings if each.canonical == OWNER]
            without = "nobody can be found there as an owner"
        case "own_properties":
            stopped = [each for each in is_ours if each.property not in there]
            without = "properties of ours cannot be made"
        case "records":
            stopped, without = list(mappings), _WITHOUT["records"]
        case _:
            stopped, without = [], _WITHOUT[right.area]
    lines = ", ".join(f"{crm_fields.label(each.canonical)} → {each.property}" for each in stopped)
    return f"The token lacks {right.name}: {without}.{f' Mappings that it stops: {lines}.' if lines else ''}"
