"""How a connection stands: what waits, what was given up, how many calls are left, what the CRM said last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count, Max, Min, Q

from crm_sync import crm_state
from crm_sync.connection import archived
from crm_sync.connectors import can, ending, version_of
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, CrmLink, CrmProperty, InboundEvent, OutboxEntry, OwnerLink
from crm_sync.outbox import NEWS_AFTER
from plumbing.counting import counted
from plumbing.findings import Finding, headline

# A row that is older has missed a few rounds of the sender.
BEHIND_AFTER = timedelta(seconds=30)


State = Literal[
    "ok",
    "ending",
    "sparing",
    "short",
    "ownerless",
    "behind",
    "used_up",
    "down",
    "auth_lost",
    "test",
    "observed",
    "off",
]


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """`used_up`: no call of the day is left; `sparing`: what is left is kept for leads. `short`: it answers, and some leads were
    given up or fail again and again. `ownerless`: some stand there without the right owner. `ending`: the version of its API soon
    does. `test`: only test leads are written. `owners_gone`: who is archived there and gets no leads here for it.

    `oldest` is since when the oldest pending row waits, but for those that keep failing, or are kept until it is live;
    `written_today` counts records of the last 24 hours."""

    state: State
    answer: str
    pending: int
    dead: int
    ownerless: int
    oldest: datetime | None
    records: int
    written_today: int
    events_today: int
    events_waiting: int
    owners: int
    owners_gone: int
    properties: int
    properties_read_at: datetime | None
    calls_left: int | None
    calls_of: int | None
    calls_left_today: int | None
    calls_of_today: int | None
    is_sparing: bool
    paused_until: datetime | None


def of_connection(connection: CrmConnection, *, now: datetime) -> ConnectionStatus:
    """Eight queries, and one more in test mode."""
    since = now - timedelta(days=1)
    pending = Q(status=OutboxEntry.Status.PENDING)
    # A lead that the CRM fails on waits for its next try: that says nothing about the others.
    failing = pending & Q(attempts__gte=NEWS_AFTER)
    is_test = connection.mode == CrmConnection.Mode.TEST
    written = pending & Q(lead__is_test=True) if is_test else pending
    outbox = OutboxEntry.objects.filter(connection=connection).aggregate(
        pending=Count("pk", filter=pending),
        failing=Count("pk", filter=failing),
        dead=Count("pk", filter=Q(status=OutboxEntry.Status.DEAD)),
        written=Count("pk", filter=written),
        oldest=Min("created_at", filter=written & ~failing),
    )
    links = CrmLink.objects.filter(connection=connection, gone_at=None).aggregate(
        all=Count("pk"), today=Count("pk", filter=Q(pushed_at__gte=since))
    )
    events = InboundEvent.objects.filter(connection=connection).aggregate(
        today=Count("pk", filter=Q(received_at__gte=since)),
        waiting=Count("pk", filter=Q(status=InboundEvent.Status.WAITING)),
    )
    there = CrmProperty.objects.filter(connection=connection).aggregate(
        all=Count("pk", filter=Q(archived=False)), read_at=Max("seen_at")
    )
    budget = connection.budget or {}
    paused = connection.not_before if connection.not_before and connection.not_before > now else None
    ownerless = crm_state.without_right_owner().filter(connection=connection).count()
    found = list(
        _findings(
            connection,
            outbox["oldest"],
            pending=outbox["pending"],
            written=outbox["written"],
            failing=outbox["failing"],
            dead=outbox["dead"],
            ownerless=ownerless,
            now=now,
        )
    )
    return ConnectionStatus(
        state=found[0][0] if found else "ok",
        answer=headline((one for _, one in found), praise=_praise(outbox["written"])),
        pending=outbox["pending"],
        dead=outbox["dead"],
        ownerless=ownerless,
        oldest=outbox["oldest"],
        records=links["all"],
        written_today=links["today"],
        events_today=events["today"],
        events_waiting=events["waiting"],
        owners=OwnerLink.objects.filter(connection=connection, archived=False).count(),
        owners_gone=len(archived.gone_in(connection)),
        properties=there["all"],
        properties_read_at=there["read_at"],
        calls_left=budget.get("remaining"),
        calls_of=budget.get("max"),
        calls_left_today=budget.get("daily_remaining"),
        calls_of_today=budget.get("daily_max"),
        is_sparing=Budget(budget).is_short_today,
        paused_until=paused,
    )


def _findings(
    connection: CrmConnection,
    oldest: datetime | None,
    *,
    pending: int,
    written: int,
    failing: int,
    dead: int,
    ownerless: int,
    now: datetime,
) -> Iterator[tuple[State, Finding]]:
    """What is wrong, the worst first, with the state that it puts the connection in."""
    waiting = f"{counted(written, 'lead waits', 'leads wait')} to be written"
    if not connection.active:
        yield "off", Finding("fail", f"Switched off: {waiting}." if pending else "Switched off.")
    elif not connection.writes:
        reads = "it is read, and " if can(connection.kind).reads else ""
        left = f" {counted(pending, 'lead waits', 'leads wait')} until it is live again." if pending else ""
        yield "observed", Finding("warn", f"Observed: {reads}nothing is written there.{left}")
    elif connection.health == CrmConnection.Health.AUTH_LOST:
        yield "auth_lost", Finding("fail", f"The CRM does not let us in: {waiting}.")
    elif connection.health == CrmConnection.Health.DOWN:
        yield "down", Finding("fail", f"The CRM does not answer: {waiting}.")
    elif (until := connection.not_before) and until > now and connection.budget.get("daily_remaining") == 0:
        used_up = f"No call of the day is left, for anybody who calls the account: {waiting}."
        yield "used_up", Finding("fail", used_up)
    elif oldest and now - oldest > BEHIND_AFTER:
        yield "behind", Finding("fail", f"Behind: {waiting}.")
    if connection.active and connection.mode == CrmConnection.Mode.TEST:
        yield "test", Finding("warn", _of_tests(connection, kept=pending - written))
    if ownerless:
        them = "it" if ownerless == 1 else "them"
        lacking = f"{counted(ownerless, 'lead')} there without the right owner"
        yield "ownerless", Finding("fail", f"{lacking}: whoever should answer does not see {them}.")
    if failing:
        yield "short", Finding("warn", f"Failing: {counted(failing, 'lead is', 'leads are')} tried again.")
    if dead:
        yield "short", Finding("warn", f"Given up: {counted(dead, 'lead')} could not be written in full.")
    if connection.active and Budget(connection.budget).is_short_today:
        yield (
            "sparing",
            Finding("warn", "Few calls are left today: they are kept for leads, and other work waits."),
        )
    if words := ending(version_of(connection.kind, connection.api_version), today=now.date()):
        yield "ending", Finding("warn", words)


def _of_tests(connection: CrmConnection, *, kept: int) -> str:
    links = CrmLink.objects.filter(connection=connection, lead__is_test=True, gone_at=None).count()
    others = f" {counted(kept, 'other waits', 'others wait')} until it is live." if kept else ""
    return f"Only test leads are written there: {links:,} so far.{others}"


def _praise(pending: int) -> str:
    if not pending:
        return "In step: everything is written."
    return f"In step: {counted(pending, 'lead waits', 'leads wait')} to be written right now."
