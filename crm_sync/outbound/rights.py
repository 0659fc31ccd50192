"""What a connection's token may not do, and what stays undone without it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_sync import outbox
from crm_sync.connection.connecting import connect
from crm_sync.connectors import can
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from crm_sync.outbound.drift_findings import RIGHT, Drift
from crm_sync.outbound.needed_rights import MIRRORED, NeededRight, needed
from exception_queue.queue import Subject
from plumbing.counting import counted
from plumbing.http import AuthLost, RemoteError


@dataclass(frozen=True, slots=True)
class Tested:
    """Right -> whether the token has it, None where that cannot be told while it lacks another. `error`: why nothing could be
    tried, in the CRM's words where it has answered; `refused`: because it does not let us in."""

    granted: Mapping[str, bool | None] = field(default_factory=dict)
    error: str = ""
    refused: bool = False


def try_all(connection: CrmConnection) -> Tested:
    """Try each right, also those that are only needed later. A call for each, in no transaction."""
    budget = Budget(connection.budget)
    try:
        connector = connect(connection, budget=budget)
        return Tested(connector.granted([each.name for each in needed(connection)]))
    except (RemoteError, SetupProblem) as error:
        return Tested(error=str(error), refused=isinstance(error, AuthLost))
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)


def lacking(connection: CrmConnection, connector: Connector) -> list[str]:
    """A sentence for each right that is missing, with the mappings that it stops. Some calls; raises RemoteError."""
    return [sentence(each) for each in missing_of(connection, connector)]


def missing_of(connection: CrmConnection, connector: Connector) -> list[NeededRight]:
    """The same as rights. What is needed only later is not missing."""
    now = [each for each in needed(connection) if not each.later]
    has = connector.granted([each.name for each in now])
    return [each for each in now if has[each.name] is False]


def drift_of(connection: CrmConnection) -> list[Drift] | None:
    """What the token may not do any more, with the leads that wait; None where the CRM could not be asked, or only by telling it
    something. What cannot be read of
    companies and deals, the mirror tells."""
    if not can(connection.kind).reads:
        return None
    budget = Budget(connection.budget)
    try:
        missing = missing_of(connection, connect(connection, budget=budget))
    except (RemoteError, SetupProblem):
        return None
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    waiting = outbox.to_be_sent().filter(connection=connection).count()
    hit = f"{counted(waiting, 'lead waits', 'leads wait')} to be written there."
    told_by_the_mirror = {*MIRRORED.values()} - {"contacts"}
    return [
        Drift(Subject(RIGHT, f"{connection.key} {right.name}", right.name), sentence(right), hit)
        for right in missing
        if not {use.purpose for use in right.uses} <= told_by_the_mirror
    ]


def sentence(right: NeededRight) -> str:
    """What is wrong, and what that stops."""
    lines = f" Mappings that it stops: {', '.join(right.lines)}." if right.lines else ""
    rules = f" Rules that need it: {', '.join(right.rules)}." if right.rules else ""
    return f"The token lacks {right.name}: {right.without}.{lines}{rules}"
