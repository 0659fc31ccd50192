"""What the CRM tells us (the third motion): stored and answered at once, worked afterwards.

Events come unordered, several times and late, so nothing in them is believed but that something has happened to a
record: the record is read again, and what stands there now is compared with what we know to have written.
"""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection import circuit, owners
from crm_sync.connectors import connect, webhook_secret_of
from crm_sync.connectors.base import Connector, Present, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.exception_kinds import CHANGE_REFUSED
from crm_sync.inbound.changes import Known, Outcome, apply, refused
from crm_sync.models import CrmConnection, CrmLink, InboundEvent, OwnerLink
from crm_sync.outbound import payload
from exception_queue.queue import close_items, open_items
from intake.subjects import LEAD, lead_subject
from intake.vendors.signatures import BadSignature, verify
from plumbing import claiming, nudges
from plumbing.backoff import delay_after
from plumbing.bulk import update_rows
from plumbing.http import RemoteError
from routing.notices import sending

log = logging.getLogger(__name__)

WORK = "crm_sync.work_inbound"
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 8
MOST_EVENTS = 1000

Status = InboundEvent.Status
_SCHEMES = {CrmConnection.Kind.HUBSPOT.value: "hubspot_v3"}


class UnknownConnection(LookupError):
    """No active connection has this key, or its kind sends nothing to us."""


class Malformed(ValueError):
    """The body is not what this CRM sends; the text says what is wrong."""


def accept(
    *, connection_key: str, headers: Mapping[str, str], raw_body: bytes, method: str, uri: str, now: datetime
) -> int:
    """Store what came, once; how many events are new. `uri` is the public address as it was called.

    Raises UnknownConnection, BadSignature, Malformed.
    """
    connection = CrmConnection.objects.filter(key=connection_key, active=True).first()
    scheme = _SCHEMES.get(connection.kind) if connection else None
    if connection is None or scheme is None:
        raise UnknownConnection(connection_key)
    try:
        secret = webhook_secret_of(connection)
    except SetupProblem as problem:
        raise BadSignature(str(problem)) from problem
    verify(scheme, headers=headers, raw_body=raw_body, secret=secret, method=method, uri=uri, now=now)
    events = [
        InboundEvent(
            connection=connection,
            dedupe_key=_dedupe_key(each)[:200],
            remote_id=str(each.get("objectId"))[:60],
            payload=each,
            received_at=now,
            due_at=now,
        )
        for each in _events(raw_body)
    ]
    # What is stored already stays as it is: redelivery is harmless.
    known = InboundEvent.objects.filter(
        connection=connection, dedupe_key__in=[each.dedupe_key for each in events]
    )
    seen = set(known.values_list("dedupe_key", flat=True))
    InboundEvent.objects.bulk_create(events, ignore_conflicts=True)
    nudges.nudge(WORK)
    return len({each.dedupe_key for each in events} - seen)


def work_all() -> None:
    """Work on what has come in, for every connection that may be called, until nothing is due."""
    for connection in CrmConnection.objects.filter(active=True).exclude(
        health=CrmConnection.Health.AUTH_LOST
    ):
        if connection.not_before is None or connection.not_before <= timezone.now():
            while _work_some(connection):
                pass


def _work_some(connection: CrmConnection) -> bool:
    """Claim a batch, read its records in one call, change one record per transaction. False: stop for now."""
    now = timezone.now()
    waiting = InboundEvent.objects.filter(connection=connection, status=Status.WAITING, due_at__lte=now)
    if not waiting.exists():
        return False
    budget = Budget(connection.budget)
    mappings = list(connection.mappings.filter(active=True))
    try:
        connector = connect(connection, budget=budget)
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        return False
    ordered = waiting.order_by("due_at", "id")
    claim = claiming.claim(ordered, limit=connector.most_with_history, lease=LEASE, now=now)
    if not claim.rows:
        return False
    plan = payload.plan_of(connection, mappings, names=connector)
    try:
        present = _read(connection, connector, claim.rows, mapped={mapping.property for mapping in mappings})
    except RemoteError as error:
        circuit.failed(connection, error, now=now)
        _put_off(claim.rows, error=str(error), now=now)
        return False
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    by_record = sorted(claim.rows, key=lambda event: (event.remote_id, event.pk))
    for remote_id, events in groupby(by_record, key=lambda event: event.remote_id):
        known = Known(connection=connection, connector=connector, plan=plan, present=present.get(remote_id))
        _work_record(known, list(events), token=claim.token)
    return True


def _read(
    connection: CrmConnection, connector: Connector, events: Sequence[InboundEvent], *, mapped: set[str]
) -> dict[str, Present]:
    changed = {str(event.payload.get("propertyName") or "") for event in events} & mapped
    ids = sorted({event.remote_id for event in events})
    present = connector.read(ids, by="id", properties=sorted(mapped), history=sorted(changed))
    named = {one.properties.get(connector.owner_property, "") for one in present.values()} - {""}
    links = OwnerLink.objects.filter(connection=connection, remote_id__in=named)
    now = timezone.now()
    if len(named) > links.count() and owners.may_ask(connection, now=now):
        owners.refresh(connection, connector, now=now)
    return present


def _work_record(known: Known, events: Sequence[InboundEvent], *, token: Any) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            held = claiming.relock(InboundEvent, token=token, pks=[event.pk for event in events])
            mine = [event for event in events if event.pk in held]
            outcome = apply(known, mine, now=now)
            _save_results(mine, outcome, now=now)
            open_items(outcome.problems, now=now)
            if outcome.taken_over and not outcome.problems:
                _close_refused(outcome.taken_over)
    except Exception as error:
        log.exception("CRM events of record %s could not be worked on", events[0].remote_id)
        _put_off(events, error=f"{type(error).__name__}: {error}", now=now)
        return
    if outcome.push:
        nudges.nudge(outbox.DRAIN)
    if outcome.shown and known.connection.primary:
        sending.release(outcome.shown, now=now)


def _close_refused(lead_id: UUID) -> None:
    reason = "A change made in the CRM was taken over."
    close_items(kind=CHANGE_REFUSED, subject_type=LEAD, subject_ids=[str(lead_id)], reason=reason)


def _save_results(events: Sequence[InboundEvent], outcome: Outcome, *, now: datetime) -> None:
    for event in events:
        event.claim_token = event.claimed_until = None
        status, words = outcome.results.get(event.pk, (Status.IGNORED, "Nothing to do with leads"))
        if status == Status.WAITING:
            event.attempts += 1
            event.due_at = now + delay_after(event.attempts, base=2.0, cap=60.0)
            if event.attempts >= MOST_ATTEMPTS:
                status = Status.IGNORED
        event.status, event.result = status, words[:300]
    update_rows(events, fields=["status", "result", "attempts", "due_at", "claim_token", "claimed_until"])


def _put_off(events: Sequence[InboundEvent], *, error: str, now: datetime) -> None:
    """Later; events that cannot be worked on at all end as failed, with an item."""
    with transaction.atomic():
        for event in events:
            event.attempts += 1
            event.due_at = now + delay_after(event.attempts)
            event.claim_token = event.claimed_until = None
            event.status = Status.FAILED if event.attempts >= MOST_ATTEMPTS else Status.WAITING
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


def retry_refused(subject_ids: Collection[str], *, by: str) -> None:
    """The retry handler for leads whose change in the CRM was refused: read and try again."""
    links = CrmLink.objects.filter(lead_id__in=outbox.lead_ids(subject_ids)).values(
        "connection_id", "remote_id"
    )
    now = timezone.now()
    for link in links:
        InboundEvent.objects.filter(status=Status.FAILED, **link).update(
            status=Status.WAITING, due_at=now, attempts=0
        )
    nudges.nudge(WORK)


def write_again(subject_ids: Collection[str], *, by: str) -> None:
    """The retry handler for leads with a value that was changed back again and again: write it once more."""
    leads = outbox.lead_ids(subject_ids)
    now = timezone.now()
    with transaction.atomic():
        stopped = CrmLink.objects.filter(lead_id__in=leads).exclude(stopped=[])
        links = list(stopped.order_by("pk").select_for_update(no_key=True))
        for link in links:
            link.stopped, link.trail = [], []
        update_rows(links, fields=["stopped", "trail"])
        outbox.queue_rows([link.lead_id for link in links], now=now)
        nudges.nudge(outbox.DRAIN)


def _events(raw_body: bytes) -> list[dict[str, Any]]:
    try:
        body = json.loads(raw_body)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error
    if not isinstance(body, list) or not all(
        isinstance(each, dict) and each.get("objectId") for each in body
    ):
        raise Malformed("The body must be a list of events, each with an objectId.")
    if len(body) > MOST_EVENTS:
        raise Malformed(f"{len(body)} events at once are too many.")
    return body


def _dedupe_key(event: Mapping[str, Any]) -> str:
    """eventId is not unique; these four together are."""
    names = ("subscriptionType", "objectId", "propertyName", "occurredAt")
    return ":".join(str(event.get(name) or "") for name in names)
