"""What the CRM tells us (the third motion): stored and answered at once, worked afterwards.

Events come unordered, several times and late, so nothing in them is believed but that something has happened to a
record: the record is read again, and what stands there now is compared with what we know to have written.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import DataError, transaction
from django.db.models import F
from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection import circuit, logins, owners
from crm_sync.connection.connecting import connect, webhook_secret_of
from crm_sync.connectors import CONNECTORS, connector_class
from crm_sync.connectors.base import Connector, Present, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.events import WHOLE_RECORD, MalformedEvents
from crm_sync.exception_kinds import CHANGE_REFUSED
from crm_sync.exception_reports import events_unreadable
from crm_sync.heard import WORK
from crm_sync.inbound.changes import apply, refused
from crm_sync.inbound.outcomes import Known, Outcome
from crm_sync.models import CrmConnection, CrmLink, InboundEvent, OwnerLink
from crm_sync.outbound import payload
from crm_sync.outbound.lines import lines_of
from exception_queue.queue import Attempt, close_items, open_items
from intake.subjects import LEAD, lead_subject
from plumbing import claiming, nudges, signatures
from plumbing.backoff import RetryPolicy
from plumbing.bulk import update_rows
from plumbing.http import Permanent, RemoteError
from plumbing.signatures import BadSignature
from routing.notices import sending

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RETRIES = RetryPolicy(attempts=8)
# Our own record whose number the sender is just about to save.
_ON_ITS_WAY = RetryPolicy(base=2.0, cap=60.0, attempts=8)

Status = InboundEvent.Status


class UnknownConnection(LookupError):
    """No active connection has this key, or its kind sends nothing to us."""


class WrongAccount(Exception):
    """The secret is right, and the events are of another account than the connection; the text says of which."""


@dataclass(frozen=True, slots=True)
class AcceptedEvents:
    """How many events are `new`, and what the CRM wants to hear: (content type, text), None where a status is enough."""

    new: int
    acknowledgement: tuple[str, str] | None


def security_schemes() -> dict[str, Mapping[str, Any]]:
    """How CRMs prove that events are theirs, for our OpenAPI document."""
    found = {kind: connector_class(kind) for kind in CONNECTORS}
    return {
        f"{kind}Signature": each.webhook_security
        for kind, each in found.items()
        if each is not None and each.webhook_security is not None
    }


def accept(
    *, connection_key: str, headers: Mapping[str, str], raw_body: bytes, method: str, uri: str, now: datetime
) -> AcceptedEvents:
    """Store what came, once. `uri` is the public address as it was called.

    Raises UnknownConnection, BadSignature, WrongAccount, MalformedEvents. The last two are counted on the connection: whoever
    sends them knows its secret.
    """
    connection = CrmConnection.objects.filter(key=connection_key, active=True).first()
    connector = connector_class(connection.kind) if connection else None
    if connection is None or connector is None or connector.webhook_security is None:
        raise UnknownConnection(connection_key)
    try:
        secret = webhook_secret_of(connection)
    except SetupProblem as problem:
        raise BadSignature(str(problem)) from problem
    signatures.check(
        connector.verify, headers=headers, raw_body=raw_body, secret=secret, method=method, uri=uri, now=now
    )
    try:
        found = connector.parse_events(raw_body)
        _check_account(connection, found.account)
    except (MalformedEvents, WrongAccount) as error:
        CrmConnection.objects.filter(pk=connection.pk).update(
            events_refused=F("events_refused") + 1,
            events_refused_at=now,
            events_refused_why=str(error)[:300],
        )
        raise
    events = [InboundEvent.of(change, connection=connection, now=now) for change in found.changes]
    # What is stored already stays as it is: redelivery is harmless.
    known = InboundEvent.objects.filter(
        connection=connection, dedupe_key__in=[each.dedupe_key for each in events]
    )
    seen = set(known.values_list("dedupe_key", flat=True))
    unreadable = [*found.unreadable, *_store(events)]
    problems = [events_unreadable(connection, words=words, sample=repr(event)) for words, event in unreadable]
    open_items(problems, now=now)
    nudges.nudge(WORK)
    lost = {each.dedupe_key for _, each in unreadable if isinstance(each, InboundEvent)}
    new = len({each.dedupe_key for each in events} - seen - lost)
    return AcceptedEvents(new, connector.acknowledgement)


def _check_account(connection: CrmConnection, sender: str) -> None:
    """Raises WrongAccount."""
    if not sender:
        return
    ours = logins.account_of(connection)
    if not ours:
        raise WrongAccount(
            f"They are of the account {sender}, and which one the connection is of is known with its first login."
        )
    if sender != ours:
        raise WrongAccount(f"They are of the account {sender}, and the connection is of {ours}.")


def _store(events: Sequence[InboundEvent]) -> list[tuple[str, InboundEvent]]:
    """All of them, or where one cannot be stored all others; returns why and which not."""
    try:
        with transaction.atomic():
            InboundEvent.objects.bulk_create(events, ignore_conflicts=True)
    except (DataError, ValueError) as error:
        if len(events) == 1:
            return [(f"An event could not be stored: {error}", events[0])]
        middle = len(events) // 2
        return [*_store(events[:middle]), *_store(events[middle:])]
    return []


def work_all(*, now: datetime | None = None) -> None:
    """Work on what has come in, for every connection that may be called, until nothing is due.

    `now` None is the clock, which goes on while we work. Claims are in real time either way.
    """
    for connection in CrmConnection.objects.filter(active=True).exclude(
        health=CrmConnection.Health.AUTH_LOST
    ):
        if connection.not_before is None or connection.not_before <= (now or timezone.now()):
            while _work_some(connection, at=now):
                pass


def _work_some(connection: CrmConnection, *, at: datetime | None) -> bool:
    """Claim a batch, read its records in one call, change one record per transaction. False: stop for now."""
    now = at or timezone.now()
    waiting = InboundEvent.objects.filter(connection=connection, status=Status.WAITING, due_at__lte=now)
    if not waiting.exists():
        return False
    budget = Budget(connection.budget)
    mappings = lines_of(connection)
    try:
        connector = connect(connection, budget=budget)
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        return False
    ordered = waiting.order_by("due_at", "id")
    claim = claiming.claim(ordered, limit=connector.most_with_history, lease=LEASE)
    if not claim.rows:
        return False
    plan = payload.plan_of(connection, mappings, connector=connector, properties={})
    ids = {event.remote_id for event in claim.rows}
    links = CrmLink.objects.filter(connection=connection, remote_id__in=ids)
    written = dict(links.values_list("remote_id", "pushed_at"))
    present: Mapping[str, Present]
    try:
        if connector.can.reads:
            present = _read(
                connection, connector, claim.rows, mapped={mapping.property for mapping in mappings}
            )
        else:
            present = _told(connection, connector, claim.rows, now=now)
    except RemoteError as error:
        circuit.failed(connection, error, now=now)
        _put_off(claim.rows, error=str(error), passes=not isinstance(error, Permanent), now=now)
        return False
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    by_record = sorted(claim.rows, key=lambda event: (event.remote_id, event.pk))
    for remote_id, events in groupby(by_record, key=lambda event: event.remote_id):
        known = Known(connection, connector, plan, present.get(remote_id), written)
        _work_record(known, list(events), token=claim.token, now=at or timezone.now())
    return True


def _read(
    connection: CrmConnection, connector: Connector, events: Sequence[InboundEvent], *, mapped: set[str]
) -> dict[str, Present]:
    named = {event.property_name for event in events}
    changed = mapped if WHOLE_RECORD in named else named & mapped
    ids = sorted({event.remote_id for event in events})
    present = connector.read(ids, by="id", properties=sorted(mapped), history=sorted(changed))
    owning = {one.properties.get(connector.names.owner, "") for one in present.values()} - {""}
    links = OwnerLink.objects.filter(connection=connection, remote_id__in=owning)
    now = timezone.now()
    if len(owning) > links.count() and owners.may_ask(connection, now=now):
        owners.refresh(connection, connector, now=now)
    return present


def _told(
    connection: CrmConnection, connector: Connector, events: Sequence[InboundEvent], *, now: datetime
) -> dict[str, Present]:
    """Where nothing can be read: what stands there by the events, the latest word of each. Whoever is gone stands nowhere."""
    found: dict[str, Present] = {}
    for event in sorted(events, key=lambda event: (event.occurred_at or event.received_at, event.pk)):
        told = connector.told(event.payload)
        if told.gone:
            found.pop(event.remote_id, None)
            continue
        before = found.get(event.remote_id)
        values = {**(before.properties if before else {}), **told.values}
        found[event.remote_id] = Present(event.remote_id, values, lead_id="")
    owning = {one.properties.get(connector.names.owner, "") for one in found.values()} - {""}
    if OwnerLink.objects.filter(connection=connection, remote_id__in=owning).count() < len(owning):
        owners.refresh(connection, connector, now=now)
    return found


def _work_record(known: Known, events: Sequence[InboundEvent], *, token: Any, now: datetime) -> None:
    try:
        with transaction.atomic():
            held = claiming.relock(InboundEvent, token=token, pks=[event.pk for event in events])
            mine = [event for event in events if event.pk in held]
            outcome = apply(known, mine, now=now)
            tried_again = any(event.result for event in mine)
            _save_results(mine, outcome, now=now)
            open_items(outcome.problems, now=now)
            is_over = not outcome.problems and all(event.status != Status.WAITING for event in mine)
            if is_over and (outcome.taken_over or tried_again):
                _close_refused(known.connection, events[0].remote_id)
    except Exception as error:
        log.exception("CRM events of record %s could not be worked on", events[0].remote_id)
        _put_off(events, error=f"{type(error).__name__}: {error}", passes=False, now=now)
        return
    if outcome.push:
        nudges.nudge(outbox.DRAIN)
    if outcome.shown and known.connection.primary:
        sending.release(outcome.shown, now=now)


def _close_refused(connection: CrmConnection, remote_id: str) -> None:
    links = CrmLink.objects.filter(connection=connection, remote_id=remote_id)
    close_items(
        kind=CHANGE_REFUSED,
        subject_type=LEAD,
        subject_ids=[str(lead_id) for lead_id in links.values_list("lead_id", flat=True)],
        reason="What stands in the CRM was taken over, or stands here already.",
    )


def _save_results(events: Sequence[InboundEvent], outcome: Outcome, *, now: datetime) -> None:
    for event in events:
        event.claim_token = event.claimed_until = None
        status, words = outcome.results.get(event.pk, (Status.IGNORED, "Nothing to do with leads"))
        if status == Status.WAITING:
            event.attempts += 1
            event.due_at = now + _ON_ITS_WAY.delay_after(event.attempts)
            if _ON_ITS_WAY.is_over(event.attempts):
                status = Status.IGNORED
        event.status, event.result = status, words[:300]
    update_rows(events, fields=["status", "result", "attempts", "due_at", "claim_token", "claimed_until"])


def _put_off(events: Sequence[InboundEvent], *, error: str, passes: bool, now: datetime) -> None:
    """Later; events that cannot be worked on at all end as failed, with an item. `passes`: it is the CRM, not they."""
    with transaction.atomic():
        for event in events:
            event.attempts += 1
            event.due_at = now + RETRIES.delay_after(event.attempts)
            event.claim_token = event.claimed_until = None
            is_over = RETRIES.is_over(event.attempts) and not passes
            event.status = Status.FAILED if is_over else Status.WAITING
            event.result = error[:300]
        update_rows(events, fields=["status", "result", "attempts", "due_at", "claim_token", "claimed_until"])
        failed = {(event.connection_id, event.remote_id) for event in events if event.status == Status.FAILED}
        links = CrmLink.objects.filter(remote_id__in=[remote_id for _, remote_id in failed]).select_related(
            "lead"
        )
        problems = [
            refused(lead_subject(link.lead), words=error)
            for link in links
            if (link.connection_id, link.remote_id) in failed
        ]
        open_items(problems, now=now)


def retry_refused(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads whose change in the CRM was refused: read and try again."""
    links = CrmLink.objects.filter(
        lead_id__in=outbox.lead_ids(subject_ids), connection__active=True
    ).values_list("lead_id", "connection_id", "remote_id")
    due = set[str]()
    for lead_id, connection_id, remote_id in links:
        failed = InboundEvent.objects.filter(
            status=Status.FAILED, connection_id=connection_id, remote_id=remote_id
        )
        if failed.update(status=Status.WAITING, due_at=now, attempts=0):
            due.add(str(lead_id))
    nudges.nudge(WORK)
    return Attempt(pending=due)


def write_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads with a value that was changed back again and again: write it once more.

    Nothing is awaited: the item says that we have stopped writing, and that is over.
    """
    leads = outbox.lead_ids(subject_ids)
    with transaction.atomic():
        stopped = CrmLink.objects.filter(lead_id__in=leads).exclude(stopped=[])
        links = list(stopped.order_by("pk").select_for_update(no_key=True))
        for link in links:
            link.stopped, link.trail = [], []
        update_rows(links, fields=["stopped", "trail"])
        outbox.queue_rows([link.lead_id for link in links], now=now)
        nudges.nudge(outbox.DRAIN)
    return Attempt()
