"""The lines by which leads go to a connection: those that people have made, and one for each field that is told there."""

from crm_sync.connection.connecting import bodies_of
from crm_sync.connectors import messages_of
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import crm_fields
from plumbing import json_templates

Mode = FieldMapping.Mode


def lines_of(connection: CrmConnection) -> list[FieldMapping]:
    """Active lines in their order; one query.

    Where leads are told of, a field goes by its own name unless a line of somebody's fills that: always where its change is
    told, else along with what is told. The lines for these are not stored.
    """
    stored = list(connection.mappings.filter(active=True))
    if not messages_of(connection.kind):
        return stored
    modes = _modes(connection)
    for line in stored:
        line.mode = modes.pop(line.property, Mode.IF_NEW)
    told = [
        FieldMapping(connection=connection, canonical=name, property=name, mode=mode, position=place)
        for place, (name, mode) in enumerate(modes.items())
    ]
    return [*told, *stored]


def _modes(connection: CrmConnection) -> dict[str, str]:
    """Our field -> how it is written, for all that is told."""
    bodies = bodies_of(connection)
    kinds = [kind for kind in messages_of(connection.kind) if kind.name in bodies]
    modes: dict[str, str] = {}
    for kind in kinds:
        modes |= dict.fromkeys(kind.fields, Mode.APPEND if kind.only_filled else Mode.OVERWRITE)
    for kind in kinds:
        for name in (*kind.needs, *json_templates.names(bodies[kind.name])):
            if crm_fields.is_field(name):
                modes.setdefault(name, Mode.IF_NEW)
    return modes
