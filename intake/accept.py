"""Taking a submission: durable before anybody is told so (I1)."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from intake import aliases, bodies
from intake.models import IntakeForm, Submission
from intake.reading import bot_filled, flatten, refusal
from intake.vendors.flat import Flat
from intake.vendors.registry import VENDORS
from plumbing.nudges import nudge

KEY_KEPT = timedelta(days=7)
DRAIN = "intake.drain"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a body came in. `headers` have lower-case names and carry no credentials.

    `event_id` is what the sender itself knows this delivery by: the same one again is no second submission, as long as the
    first is kept.
    """

    body: bytes
    content_type: str
    headers: Mapping[str, str]
    ip: str | None
    idempotency_key: str
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the sender is told. `errors` by field: it was kept, but refused."""

    submission: Submission
    replayed: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)


class KeyReused(ValueError):
    """The idempotency key was used for another body (422)."""


def accept(form: IntakeForm, envelope: Envelope, *, now: datetime) -> list[Accepted]:
    """Commit one Submission per lead in the body (Meta posts several), then nudge the worker.

    Raises bodies.MalformedBody, bodies.UnsupportedMedia, KeyReused. Call it outside a transaction: the rows must be
    committed when it returns.
    """
    accepted = []
    for part in _parts(form, envelope):
        flat = flatten(form, body=part.body, content_type=part.content_type)
        accepted.append(_accept_one(form, part, flat, now=now))
    nudge(DRAIN)
    return accepted


def _parts(form: IntakeForm, envelope: Envelope) -> list[Envelope]:
    """One envelope per lead: a vendor that posts several at once is taken apart, each part kept as its own JSON body."""
    split = VENDORS[form.vendor].split
    parts = split(bodies.parse(envelope.body, envelope.content_type))
    if len(parts) < 2:
        return [envelope]
    key = envelope.idempotency_key
    return [
        replace(
            envelope,
            body=json.dumps(part).encode(),
            content_type=bodies.JSON,
            idempotency_key=f"{key}#{number}" if key else "",
        )
        for number, part in enumerate(parts)
    ]


def _accept_one(form: IntakeForm, envelope: Envelope, flat: Flat, *, now: datetime) -> Accepted:
    errors: dict[str, list[str]] = {}
    if form.on_invalid == IntakeForm.OnInvalid.REJECT and not bot_filled(form, flat):
        errors = refusal(form, flat, aliases=aliases.load)
    key, expires = _key(envelope, flat, now=now)
    submission = Submission(
        form=form,
        received_at=now,
        status=Submission.Status.REJECTED if errors else Submission.Status.RECEIVED,
        reason="; ".join(text for listed in errors.values() for text in listed),
        due_at=None if errors else now,
        is_test=flat.is_test,
        body=envelope.body,
        content_type=envelope.content_type,
        headers=dict(envelope.headers),
        ip=envelope.ip,
        idempotency_key=key,
        key_expires_at=expires,
        body_hash=hashlib.sha256(envelope.body).hexdigest(),
    )
    existing = _insert(submission, now=now)
    if existing is None:
        return Accepted(submission, errors=errors)
    by_header = bool(envelope.idempotency_key)
    if by_header and existing.body_hash != submission.body_hash:
        raise KeyReused("This Idempotency-Key was used for another body. Use a new key for a new submission.")
    # A refusal is repeated as it was; what has been taken stays taken.
    refused = existing.status == Submission.Status.REJECTED and existing.lead_id is None
    return Accepted(existing, replayed=True, errors=errors if refused else {})


def _key(envelope: Envelope, flat: Flat, *, now: datetime) -> tuple[str | None, datetime | None]:
    if envelope.event_id:
        return event_key(envelope.event_id), None
    if envelope.idempotency_key:
        return f"key:{envelope.idempotency_key}", now + KEY_KEPT
    if flat.event_id:
        return f"event:{hashlib.sha256(flat.event_id.encode()).hexdigest()}", None
    return None, None


def event_key(event_id: str) -> str:
    """How a sender's own id stands in `Submission.idempotency_key`."""
    return f"event:{hashlib.sha256(event_id.encode()).hexdigest()}"


def _insert(submission: Submission, *, now: datetime) -> Submission | None:
    """Insert it; returns the submission that has the same key already, if there is one."""
    for _attempt in range(3):
        try:
            _insert_row(submission)
        except IntegrityError:
            same_key = Submission.objects.filter(
                form=submission.form, idempotency_key=submission.idempotency_key
            )
            existing = same_key.first()
            if existing is None:
                continue
            if existing.key_expires_at is None or existing.key_expires_at > now:
                return existing
            same_key.filter(key_expires_at__lte=now).update(idempotency_key=None, key_expires_at=None)
        else:
            return None
    raise RuntimeError("The idempotency key changes hands too quickly.")


def _insert_row(submission: Submission) -> None:
    """One statement, which commits by itself; a savepoint only where the caller has a transaction open."""
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        submission.save(force_insert=True)


def answer_status(form: IntakeForm) -> int:
    """The status that this form's sender needs to see for success."""
    if form.success_status != IntakeForm.SuccessStatus.ACCEPTED:
        return int(form.success_status)
    return VENDORS[form.vendor].answer_status
