"""What `manage.py doctor` says about connections. Asks each CRM; writes only what `--fix` is told to."""

from collections.abc import Iterator
from functools import partial

from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection import circuit, owners
from crm_sync.connection.connecting import connect, webhook_secret_of
from crm_sync.connectors import can, ending, sends_events, version_of
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, OutboxEntry
from crm_sync.outbound import rights
from crm_sync.outbound.drift_findings import queues_that_show_nobody
from crm_sync.outbound.payload import needs_of
from crm_sync.polling import findings
from intake.models import TestAddress
from plumbing import secrets
from plumbing.findings import Finding
from plumbing.http import AuthLost, RemoteError
from routing.models import Owner


def check_connections() -> Iterator[Finding]:
    """Each active connection: is there a connector, are we let in, are properties and owners there, what is stuck."""
    connections = list(CrmConnection.objects.filter(active=True).order_by("key"))
    if not connections:
        yield Finding(
            "warn", "No CRM connection is active.", hint="Leads are routed, but nothing is written to a CRM."
        )
    for connection in connections:
        yield from _check(connection)


def _check(connection: CrmConnection) -> Iterator[Finding]:
    about = f"Connection {connection.key}"
    needs = needs_of(list(connection.mappings.filter(active=True)))
    lacking: list[str] = []
    try:
        connector = connect(connection, budget=Budget(connection.budget), needs=needs)
        lacking = rights.lacking(connection, connector)
        missing = connector.prepare(needs, create=False)
        people = connector.owners() if connector.can.owners else None
    except SetupProblem as problem:
        yield Finding("fail", f"{about}: {problem}")
    except AuthLost as error:
        yield Finding("fail", f"{about}: {error}", hint="Enter a new access token, then retry the exception.")
    except RemoteError as error:
        yield Finding("fail", f"{about}: {error}", hint=f"Is {connection.address} the right address?")
    else:
        if connector.can.reads or connection.writes:
            yield Finding("ok", f"{about}: {connection.address} answers.")
        yield from _mode(connection)
        yield from _properties(connection, connector, missing)
        here = None if people is None else {person.email for person in people if not person.archived}
        for email in Owner.objects.filter(active=True).order_by("email").values_list("email", flat=True):
            if here is not None and email.lower() not in here:
                yield Finding(
                    "warn",
                    f"{about}: {email} is no active owner there; their leads would stand there without an owner.",
                    hint="Invite them to the CRM with this address.",
                    fix=partial(_read_owners, connection) if connection.owners_read_at is None else None,
                )
        if connector.can.owners and (nobodys := queues_that_show_nobody()):
            yield Finding(
                "ok",
                f"{about}: leads in {', '.join(nobodys)} are nobody's there; “Shown in the CRM as”, on a queue's page, gives "
                "them to somebody.",
            )
        if connection.health != CrmConnection.Health.OK:
            yield Finding(
                "warn",
                f"{about}: {connection.get_health_display().lower()} when it was last used, but it answers now.",
                hint="Try again at once.",
                fix=partial(_resume, connection),
            )
    for words in lacking:
        yield Finding("warn", f"{about}: {words}", hint="Give it to the token in the CRM.")
    if words := ending(version_of(connection.kind, connection.api_version), today=timezone.now().date()):
        yield Finding(
            "warn", f"{about}: {words}", hint="The connection's page offers the versions that are known."
        )
    if Budget(connection.budget).is_short_today:
        left, of = connection.budget.get("daily_remaining"), connection.budget.get("daily_max")
        yield Finding(
            "warn",
            f"{about}: {left:,}{f' of {of:,}' if of else ''} calls are left of a day: they are kept for leads, and changes there "
            "come in seldom.",
            hint="They are counted for the whole account: look there at who uses them.",
        )
    yield from findings.of_connection(connection, now=timezone.now())
    yield from _stuck(connection)


def _mode(connection: CrmConnection) -> Iterator[Finding]:
    about = f"Connection {connection.key}"
    if connection.mode == CrmConnection.Mode.OBSERVE:
        yield Finding("ok", f"{about}: it is observed, nothing is written there.")
    elif connection.mode == CrmConnection.Mode.TEST:
        yield Finding("ok", f"{about}: it is in test mode, only test leads are written there.")
        if not TestAddress.objects.filter(active=True).exists():
            yield Finding(
                "warn",
                f"{about}: no test address is set, so no lead that comes in is a test lead.",
                hint="Add one under Test addresses, or mark leads as test on their pages.",
            )


def _properties(connection: CrmConnection, connector: Connector, missing: list[str]) -> Iterator[Finding]:
    ours = [name for name in missing if connector.names.is_ours(name)]
    if ours:
        yield Finding(
            "warn",
            f"Connection {connection.key}: properties of ours do not exist yet: {', '.join(ours)}.",
            hint="They are made with the first lead, or now.",
            fix=partial(_prepare, connection, connector),
        )
    for name in missing:
        if name not in ours:
            yield Finding(
                "fail",
                f"Connection {connection.key}: the CRM has no property {name}, but a mapping names it.",
                hint="Make the property in the CRM, or correct the mapping.",
            )


def _stuck(connection: CrmConnection) -> Iterator[Finding]:
    polled = can(connection.kind).reads
    if polled and sends_events(connection.kind) and not webhook_is_set_up(connection):
        variable = connection.webhook_secret_env
        unset = secrets.why_not_named(variable).rstrip(".") or f"the variable {variable} is not set"
        missing = unset if variable else "no webhook secret"
        yield Finding(
            "warn",
            f"Connection {connection.key}: {missing}, so changes made in the CRM come in by polling alone, every "
            f"{connection.poll_seconds} s.",
            hint=f"For less, enter the client secret of the CRM's app, or set {variable or 'its variable'}.",
        )
    dead = OutboxEntry.objects.filter(connection=connection, status=OutboxEntry.Status.DEAD)
    if count := dead.count():
        yield Finding(
            "warn",
            f"Connection {connection.key}: {count} leads have been given up.",
            hint="The exception queue says why; retry them there when the cause is fixed.",
            fix=partial(_retry_dead, connection),
        )


def webhook_is_set_up(connection: CrmConnection) -> bool:
    try:
        return bool(webhook_secret_of(connection))
    except SetupProblem:
        return False


def _prepare(connection: CrmConnection, connector: Connector) -> str:
    connector.prepare(needs_of(list(connection.mappings.filter(active=True))))
    CrmConnection.objects.filter(pk=connection.pk).update(prepared_at=timezone.now())
    return f"The properties of {connection.key} are made."


def _read_owners(connection: CrmConnection) -> str:
    owners.refresh(connection, connect(connection, budget=Budget(connection.budget)), now=timezone.now())
    return f"The owners of {connection.key} are read."


def _resume(connection: CrmConnection) -> str:
    circuit.resume_now(connection, now=timezone.now())
    return f"{connection.key} is tried again."


def _retry_dead(connection: CrmConnection) -> str:
    dead = OutboxEntry.objects.filter(connection=connection, status=OutboxEntry.Status.DEAD)
    lead_ids = [str(lead_id) for lead_id in dead.values_list("lead_id", flat=True)]
    outbox.retry_dead(lead_ids, by="doctor", now=timezone.now())
    return f"{len(lead_ids)} leads of {connection.key} are due again."
