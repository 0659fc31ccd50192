"""Taking a submission: durable before anybody is told so (I1)."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from intake import aliases, bodies
from intake.bodies import ParsedBody
from intake.models import IntakeForm, Submission
from intake.reading import bot_filled, flatten, refusal
from intake.vendors.flat import Flat
from intake.vendors.registry import VENDORS
from plumbing.bulk import insert_rows
from plumbing.nudges import nudge

log = logging.getLogger(__name__)

KEY_KEPT = timedelta(days=7)
DRAIN = "intake.drain"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a body came in. `headers` have lower-case names and carry no credentials.

    `event_id` is what the sender itself knows this delivery by: the same one again is no second submission, as long as the
    first is kept. `signature` is the vendor's over this very body, where one was checked.
    """

    body: bytes
    content_type: str
    headers: Mapping[str, str]
    ip: str | None
    idempotency_key: str
    event_id: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the sender is told. `errors` by field: it was kept, but refused."""

    submission: Submission
    replayed: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)


class KeyReused(ValueError):
    """The idempotency key was used for another body (422)."""


def accept(form: IntakeForm, envelope: Envelope, parsed: ParsedBody, *, now: datetime) -> list[Accepted]:
    """Commit one Submission per lead in the body (Meta posts several), then nudge the worker.

    `parsed` is what the envelope's body says (`bodies.parse`). Raises KeyReused. Call it outside a transaction: the rows
    must be committed when it returns.
    """
    accepted = store(form, envelope, parsed, now=now)
    nudge(DRAIN)
    return accepted


def store(form: IntakeForm, envelope: Envelope, parsed: ParsedBody, *, now: datetime) -> list[Accepted]:
    """As `accept`, without the nudge: for who has something to write in the same transaction, and nudges DRAIN afterwards."""
    return [
        _accept_one(form, one, flatten(form, said), now=now) for one, said in _parts(form, envelope, parsed)
    ]


def _parts(form: IntakeForm, envelope: Envelope, parsed: ParsedBody) -> list[tuple[Envelope, ParsedBody]]:
    """One envelope per lead: a vendor that posts several at once is taken apart, each part kept as its own JSON body."""
    parts = VENDORS[form.vendor].split(parsed.value)
    if len(parts) < 2:
        return [(envelope, parsed)]
    key, signed = envelope.idempotency_key, envelope.signature
    return [
        (
            replace(
                envelope,
                body=json.dumps(part).encode(),
                content_type=bodies.JSON,
                idempotency_key=f"{key}#{number}" if key else "",
                signature=f"{signed}#{number}" if signed else "",
            ),
            ParsedBody(part, parsed.notes),
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
        notes=[note.to_json() for note in flat.notes] if errors else [],
    )
    existing = _insert(submission, now=now)
    log.info(
        "submission received" if existing is None else "submission received again",
        extra={
            "submission": str((existing or submission).pk),
            "form": form.key,
            "outcome": submission.status,
        },
    )
    if existing is None:
        return Accepted(submission, errors=errors)
    if expires is not None and existing.body_hash != submission.body_hash:
        raise KeyReused("This Idempotency-Key was used for another body. Use a new key for a new submission.")
    # A refusal is repeated as it was; what has been taken stays taken.
    refused = existing.status == Submission.Status.REJECTED and existing.lead_id is None
    return Accepted(existing, replayed=True, errors=errors if refused else {})


def _key(envelope: Envelope, flat: Flat, *, now: datetime) -> tuple[str | None, datetime | None]:
    """What this delivery is known by, and until when.

    A header is no part of what a vendor signs: it counts only where neither the body nor its signature says which delivery
    this is, or whoever has seen one could send it again and again under new keys.
    """
    if event_id := envelope.event_id or flat.event_id:
        return event_key(event_id), None
    if envelope.signature:
        return f"signed:{hashlib.sha256(envelope.signature.encode()).hexdigest()}", None
    if envelope.idempotency_key:
        return f"key:{envelope.idempotency_key}", now + KEY_KEPT
    return None, None


def event_key(event_id: str) -> str:
    """How a sender's own id stands in `Submission.idempotency_key`."""
    return f"event:{hashlib.sha256(event_id.encode()).hexdigest()}"


def _insert(submission: Submission, *, now: datetime) -> Submission | None:
    """Insert it; returns the submission that has the same key already, if there is one.

    One statement, which commits by itself where no transaction is open. A key that is taken is no error: PostgreSQL would
    write the whole statement, with the person's body, into its log.
    """
    for _attempt in range(3):
        if insert_rows([submission], ignore_conflicts=True):
            return None
        same_key = Submission.objects.filter(form=submission.form, idempotency_key=submission.idempotency_key)
        existing = same_key.first()
        if existing is not None:
            if existing.key_expires_at is None or existing.key_expires_at > now:
                return existing
            same_key.filter(key_expires_at__lte=now).update(idempotency_key=None, key_expires_at=None)
    raise RuntimeError("The idempotency key changes hands too quickly.")


def answer_status(form: IntakeForm) -> int:
    """The status that this form's sender needs to see for success."""
    if form.success_status != IntakeForm.SuccessStatus.ACCEPTED:
        return int(form.success_status)
    return VENDORS[form.vendor].answer_status
