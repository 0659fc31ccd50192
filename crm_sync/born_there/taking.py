"""Contacts made in the CRM become submissions of the connection's own form, and go the way of all others.

A contact's turn comes by the connection's rate; then it is read there, outside any transaction, and its submission is stored
together with what became of it. Whoever dies in between leaves rows that are due: the submission has the record's number as its
key, so it is there once.
"""

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.born_there.which import is_switched_off, matching, waiting
from crm_sync.connection import circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import Present, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.definitions import PropertyNames
from crm_sync.inbound.values import canonical_values
from crm_sync.models import BornContact, CrmConnection, FieldMapping, KnownContact, MirrorProgress
from exception_queue.queue import Attempt, ExceptionReport, close_items, open_items
from intake import accept, bodies
from intake.matching.keys import keys_of
from intake.models import IntakeForm, LeadIdentity, Submission
from plumbing import claiming, nudges
from plumbing.backoff import RetryPolicy
from plumbing.bulk import update_rows
from plumbing.http import RemoteError
from plumbing.locks import lock_keys

log = logging.getLogger(__name__)

TAKE = "crm_sync.take_born_there"
LEASE = timedelta(seconds=60)
RATE_WINDOW = timedelta(minutes=1)
# The connection's own pause comes first; nobody waits much longer than that.
RETRIES = RetryPolicy(cap=60.0)
_AT_ONCE = 100
_RESULT = ["status", "result", "submission", "attempts", "due_at", "claim_token", "claimed_until"]

Status = BornContact.Status


class KeyTaken(Exception):
    """Another form has the key that the connection's own has to have; the text says which."""


def take_all(*, now: datetime | None = None) -> int:
    """For each connection that says so, whatever its rate allows at the moment; how many contacts were decided about.

    `now` None is the clock, which goes on while we work.
    """
    connections = CrmConnection.objects.filter(active=True, born_there__active=True).exclude(
        health=CrmConnection.Health.AUTH_LOST
    )
    taken = 0
    for connection in connections.filter(Q(not_before=None) | Q(not_before__lte=now or timezone.now())):
        while done := _take_some(connection, now=now or timezone.now()):
            taken += done
    return taken


def form_of(connection: CrmConnection) -> IntakeForm:
    """The form whose submissions they are, by the connection's key, as rules name it. Made when it is missing.

    Raises KeyTaken.
    """
    crm = connection.crm_name
    form, _ = IntakeForm.objects.get_or_create(
        key=connection.key,
        defaults={"name": f"Made in {crm} ({connection.key})", "kind": IntakeForm.Kind.CRM},
    )
    if form.kind != IntakeForm.Kind.CRM:
        raise KeyTaken(
            f"Contacts made in {crm} come in by a form with the key “{connection.key}”, and the form “{form.name}” has it. "
            "Give that one another key."
        )
    return form


def try_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for connections, by key: what could not be taken is due at once."""
    rows = BornContact.objects.filter(connection__key__in=list(subject_ids), connection__active=True)
    rows.filter(status=Status.WAITING).update(due_at=now)
    nudges.nudge(TAKE)
    return Attempt(pending=set(subject_ids))


def _take_some(connection: CrmConnection, *, now: datetime) -> int:
    """Claim a batch, read it in one call, decide about each in a transaction of its own. 0: stop for now."""
    budget = Budget(connection.budget)
    if not _is_mirrored(connection) or not budget.has_to_spare(now=now) or is_switched_off(connection):
        return 0
    _begin(connection, now=now)
    due = BornContact.objects.filter(connection=connection, status=Status.WAITING, due_at__lte=now)
    claim = claiming.claim(due.order_by("due_at", "pk"), limit=_AT_ONCE, lease=LEASE)
    if not claim.rows:
        return 0
    mappings = list(connection.mappings.filter(active=True))
    try:
        form = form_of(connection)
        connector = connect(connection, budget=budget)
        names = connector.names
        asked = {mapping.property for mapping in mappings} | {names.email, *names.usual.values()}
        present = connector.read([row.remote_id for row in claim.rows], by="id", properties=sorted(asked))
    except KeyTaken as taken:
        _failed(connection, claim.rows, str(taken), token=claim.token, now=now)
        return 0
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        _put_off(claim.rows, str(error), token=claim.token, now=now)
        return 0
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    taking = _Taking(connection, form, claim.rows, present, mappings=mappings, names=names)
    for row in claim.rows:
        try:
            with transaction.atomic():
                if claiming.relock(BornContact, token=claim.token, pks=[row.pk]):
                    taking.take(row, now=now)
        except Exception as error:
            log.exception("contact %s made in %s could not be taken", row.remote_id, connection)
            words = f"Contact {row.remote_id}: {type(error).__name__}: {error}"
            _failed(connection, [row], words, token=claim.token, now=now)
    nudges.nudge(accept.DRAIN)
    _close_over(connection, now=now)
    return len(claim.rows)


class _Taking:
    """What is known of a batch, and what becomes of each."""

    def __init__(
        self,
        connection: CrmConnection,
        form: IntakeForm,
        rows: Sequence[BornContact],
        present: Mapping[str, Present],
        *,
        mappings: Sequence[FieldMapping],
        names: PropertyNames,
    ) -> None:
        self.connection, self.form, self.present = connection, form, present
        ids = [row.remote_id for row in rows]
        self.contacts = {one.remote_id: one for one in matching(connection).filter(remote_id__in=ids)}
        self.values = {
            remote_id: canonical_values(mappings, one.properties, names=names)
            for remote_id, one in present.items()
        }
        self.leads = _leads_by_key(self.values.values())

    def take(self, row: BornContact, *, now: datetime) -> None:
        row.claim_token = row.claimed_until = None
        row.result = ""
        present, contact = self.present.get(row.remote_id), self.contacts.get(row.remote_id)
        values = self.values.get(row.remote_id, {})
        lead_id = next((self.leads[key] for key in _exclusive_keys(values) if key in self.leads), None)
        if present is None or present.remote_id != row.remote_id:
            row.status, row.result = Status.LEFT, "It does not stand there any more."
        elif present.lead_id or contact is None:
            row.status = Status.LEFT
            row.result = "It is a lead's record by now, or not what the connection asks for any more."
        elif "email" not in values and "phone" not in values:
            row.status, row.result = Status.LEFT, "It has neither e-mail nor phone."
        elif lead_id is not None:
            row.status, row.result = Status.KNOWN, "There is a lead with this address."
            outbox.queue_for(self.connection.pk, [lead_id], now=now)
            nudges.nudge(outbox.DRAIN)
        else:
            row.status, row.submission = Status.TAKEN, self._submission(contact, values, now=now)
        update_rows([row], fields=_RESULT)

    def _submission(self, contact: KnownContact, values: Mapping[str, Any], *, now: datetime) -> Submission:
        body = {**values, "crm_record": contact.remote_id, "crm_source": contact.source}
        envelope = accept.Envelope(
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type=bodies.JSON,
            headers={"user-agent": f"leadops {self.connection.key}"},
            ip=None,
            idempotency_key="",
            event_id=f"{self.connection.key}:{contact.remote_id}",
        )
        (accepted,) = accept.store(self.form, envelope, bodies.ParsedBody(body), now=now)
        return accepted.submission


def _is_mirrored(connection: CrmConnection) -> bool:
    """Accounts and deals decide with whom a contact goes: first the mirror has all of them."""
    rows = MirrorProgress.objects.filter(connection=connection, loaded_at__isnull=False)
    return rows.count() == len(MirrorProgress.Kind)


def _begin(connection: CrmConnection, *, now: datetime) -> None:
    """Give the next ones their turn, no more in any minute than the connection says."""
    with transaction.atomic():
        lock_keys([f"born_there:{connection.pk}"])
        lately = BornContact.objects.filter(connection=connection, begun_at__gt=now - RATE_WINDOW)
        room = min(_AT_ONCE, connection.born_there.per_minute - lately.count())
        if room <= 0:
            return
        BornContact.objects.bulk_create(
            [
                BornContact(
                    connection=connection,
                    remote_id=contact.remote_id,
                    contact_modified_at=contact.modified_at,
                    begun_at=now,
                    due_at=now,
                )
                for contact in waiting(connection)[:room]
            ],
            update_conflicts=True,
            unique_fields=["connection", "remote_id"],
            update_fields=["status", "result", "contact_modified_at", "begun_at", "due_at", "attempts"],
        )


def _exclusive_keys(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    email = str(values.get("email") or "").strip().lower()
    return [(key.kind, key.value) for key in keys_of({"email": email} if email else {}) if key.exclusive]


def _leads_by_key(found: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], UUID]:
    """Leads that certainly are the person, by the keys of these values; one query."""
    wanted = {key for values in found for key in _exclusive_keys(values)}
    rows = LeadIdentity.objects.filter(
        exclusive=True, kind__in={kind for kind, _ in wanted}, value__in={value for _, value in wanted}
    )
    return {(kind, value): lead_id for kind, value, lead_id in rows.values_list("kind", "value", "lead_id")}


def _put_off(rows: Sequence[BornContact], words: str, *, token: UUID, now: datetime) -> None:
    with transaction.atomic():
        held = claiming.relock(BornContact, token=token, pks=[row.pk for row in rows])
        mine = [row for row in rows if row.pk in held]
        for row in mine:
            row.attempts += 1
            row.due_at = now + RETRIES.delay_after(row.attempts)
            row.result, row.claim_token, row.claimed_until = words[:300], None, None
        update_rows(mine, fields=_RESULT)


def _failed(
    connection: CrmConnection, rows: Sequence[BornContact], words: str, *, token: UUID, now: datetime
) -> None:
    """It is not the CRM that failed: they are tried again, and a person hears of it."""
    _put_off(rows, words, token=token, now=now)
    report = ExceptionReport(
        kind=kinds.NOT_TAKEN,
        subject=circuit.subject_of(connection),
        cause=words,
        detail={"connection": connection.key},
    )
    open_items([report], now=now)


def _close_over(connection: CrmConnection, *, now: datetime) -> None:
    failing = BornContact.objects.filter(connection=connection, status=Status.WAITING, attempts__gt=0)
    if not failing.exists():
        close_items(
            kind=kinds.NOT_TAKEN,
            subject_type=circuit.SUBJECT,
            subject_ids=[connection.key],
            reason="What could not be taken was taken.",
            now=now,
        )
