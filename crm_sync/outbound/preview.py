"""What a lead's record would be given by these lines: worked out by the code that sends, and not sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_sync.connection import owners
from crm_sync.connectors import connector_class
from crm_sync.connectors.definitions import PropertyDefinition
from crm_sync.models import CrmConnection, FieldMapping, LeftOutValue, OutboxEntry
from crm_sync.outbound import crm_fields, lead_push, payload
from crm_sync.outbound.crm_fields import OWNER
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.payload import Plan
from crm_sync.schema import reading
from intake.models import Lead


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """`value` is what goes over the wire, `means` the label of the option that it is; `why` is set where nothing is sent.

    `left_out`: there is a value, and it does not fit.
    """

    field: str
    property: str
    value: str = ""
    means: str = ""
    why: str = ""
    left_out: bool = False


def of_lead(
    connection: CrmConnection, mappings: Sequence[FieldMapping], lead: Lead
) -> list[PreviewLine] | None:
    """As for a record that is new there; `mappings` need not be saved. None where the CRM has no connector here. No call."""
    connector = connector_class(connection.kind)
    if connector is None:
        return None
    properties = reading.known(connection.pk)
    plan = payload.plan_of(connection, mappings, connector=connector, properties=properties)
    entry = OutboxEntry(connection=connection, lead_id=lead.pk)
    (push,) = lead_push.load(
        [entry], connection_id=connection.pk, email_property=plan.names.email, fields=plan.fields
    )
    push.link, push.lacking = None, frozenset()
    push.owner_id = owners.ids_of(connection.pk, {push.owner}).get(push.owner, "") if push.owner else ""
    payload.fill(push, plan)
    return [_line(name, push, plan, properties.get(name)) for name in plan.lines]


def _line(prop: str, push: Push, plan: Plan, definition: PropertyDefinition | None) -> PreviewLine:
    lines = plan.lines[prop]
    moved = push.shares_email and prop == plan.names.email
    name = plan.names.shared_email if moved else prop
    field = " + ".join(crm_fields.label(each.canonical) for each in lines)
    if value := push.sending.get(name, ""):
        return PreviewLine(field, name, value, means=_meaning(value, definition))
    values = crm_fields.values_of(push)
    ours = ", ".join(filter(None, (plan.encode(values.get(each.canonical)) for each in lines)))
    if why := push.left_out.get(name):
        return PreviewLine(field, name, ours, why=LeftOutValue.Why(why).label, left_out=True)
    if lines[0].canonical == OWNER and push.owner_unknown:
        return PreviewLine(field, name, push.owner, why="No owner there has this address", left_out=True)
    return PreviewLine(field, name, why=_why_nothing(prop, ours, plan))


def _why_nothing(prop: str, ours: str, plan: Plan) -> str:
    if all(plan.direction_of(each.canonical) == "from_crm" for each in plan.lines[prop]):
        return "It comes only from there to here"
    return f"“{ours}” has no translation, or one that leaves it empty" if ours else "The lead has no value"


def _meaning(value: str, definition: PropertyDefinition | None) -> str:
    found = dict(definition.options).get(value, "") if definition else ""
    return "" if found == value else found
