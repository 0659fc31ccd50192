"""One sender's turn with one connection: the lease, the budget, the connector and the mappings."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from crm_sync.connection import lease
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Connector
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection
from crm_sync.outbound import broken_rules, left_out
from crm_sync.outbound.follow_up import TaskPlan
from crm_sync.outbound.lines import lines_of
from crm_sync.outbound.payload import Plan, needs_of, plan_of
from crm_sync.schema import reading

_READ_AT_MOST_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class ConnectionSession:
    connection: CrmConnection
    token: UUID
    budget: Budget
    connector: Connector
    plan: Plan
    task_plan: TaskPlan

    @property
    def pk(self) -> int:
        return self.connection.pk


def open_session(connection: CrmConnection, *, token: UUID, budget: Budget) -> ConnectionSession:
    """Makes our properties and reads all the first time. Raises RemoteError, SetupProblem, LeaseLost."""
    mappings = lines_of(connection)
    needs = needs_of(mappings)
    connector = connect(
        connection,
        budget=budget,
        needs=needs,
        before_call=lambda: lease.renew(connection.pk, token, budget=budget.state),
    )
    if connection.prepared_at is None:
        connector.prepare(needs)
        reading.refresh(connection, connector, now=timezone.now())
        left_out.replay(connection, now=timezone.now(), changed=True)
        broken_rules.replay(connection, now=timezone.now())
        connection.prepared_at = timezone.now()
        CrmConnection.objects.filter(pk=connection.pk).update(prepared_at=connection.prepared_at)
    return ConnectionSession(
        connection=connection,
        token=token,
        budget=budget,
        connector=connector,
        plan=plan_of(
            connection,
            mappings,
            connector=connector,
            properties=reading.known(connection.pk, [need.name for need in needs]),
        ),
        task_plan=TaskPlan.of(connection, encode=connector.encode),
    )


def read_properties_again(session: ConnectionSession) -> None:
    """What was read has turned out to be out of date: at most once a minute. Raises RemoteError."""
    now, read_at = timezone.now(), reading.read_at(session.pk)
    if read_at is not None and now - read_at < _READ_AT_MOST_EVERY:
        return
    reading.refresh(session.connection, session.connector, now=now)
    properties = reading.known(session.pk, list(session.plan.lines))
    session.plan = replace(session.plan, properties=properties)
