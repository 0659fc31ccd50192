"""What a connection's token may not do, and what stays undone without it."""

from collections.abc import Sequence

from crm_sync.connectors.base import Connector
from crm_sync.connectors.granted import Right
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import crm_fields
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.schema import reading

_WITHOUT = {
    "records": "no lead can be written",
    "properties": "the CRM's properties cannot be read",
    "companies": "accounts and customers there are not known",
    "deals": "open deals are not known",
    "touches": "e-mails that are logged there are no proof of a contact",
}


def lacking(connection: CrmConnection, connector: Connector) -> list[str]:
    """A sentence for each right that is missing, with the mappings that it stops. Some calls; raises RemoteError."""
    missing = [each for each in connector.rights() if not each.granted]
    if not missing:
        return []
    mappings = list(connection.mappings.filter(active=True))
    there = {name for name, each in reading.known(connection.pk).items() if not each.archived}
    return [
        _sentence(
            each, mappings, there=there, is_ours=[m for m in mappings if connector.names.is_ours(m.property)]
        )
        for each in missing
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
