"""A mirror that cannot be read: written down, asked about, and over by itself with the next page that comes."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from crm_sync import exception_kinds as kinds
from crm_sync.connection import circuit
from crm_sync.connectors.base import SetupProblem
from crm_sync.models import CrmConnection, MirrorProgress
from exception_queue.queue import Attempt, ExceptionReport, close_items, open_items
from plumbing.http import AuthLost, Permanent, RemoteError

_FORBIDDEN = 403


def failed(row: MirrorProgress, error: RemoteError | SetupProblem, *, token: UUID, now: datetime) -> None:
    """What concerns the whole connection is its affair; what the CRM refuses of one kind of records is the mirror's."""
    with transaction.atomic():
        # A row that somebody else has taken since is theirs.
        mine = MirrorProgress.objects.filter(pk=row.pk, claim_token=token)
        mine.update(asked_at=now, claim_token=None, claimed_until=None)
        if not _is_about_one_kind(error):
            circuit.failed(row.connection, error, now=now)
            return
        MirrorProgress.objects.filter(pk=row.pk).update(last_error=str(error))
        report = ExceptionReport(
            kind=kinds.MIRROR_BEHIND,
            subject=circuit.subject_of(row.connection),
            cause=f"{row.get_kind_display()}: {error}",
            detail={"connection": row.connection.key, "kind": row.kind},
        )
        open_items([report], now=now)


def over(connection: CrmConnection, *, now: datetime) -> None:
    """One kind can be read again: the item closes when no other is in trouble."""
    if MirrorProgress.objects.filter(connection=connection).exclude(last_error="").exists():
        return
    close_items(
        kind=kinds.MIRROR_BEHIND,
        subject_type=circuit.SUBJECT,
        subject_ids=[connection.key],
        reason="It can be read again.",
        now=now,
    )


def ask_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for connections, by key: the next sweep asks at once."""
    rows = MirrorProgress.objects.filter(connection__key__in=list(subject_ids), connection__active=True)
    troubled = rows.exclude(last_error="")
    keys = sorted(set(troubled.values_list("connection__key", flat=True)))
    troubled.update(asked_at=None)
    return Attempt(pending=keys)


def _is_about_one_kind(error: Exception) -> bool:
    """A missing scope is refused like a bad login, and leads may be written all the same."""
    missing_scope = (
        isinstance(error, AuthLost) and error.answer is not None and error.answer.status == _FORBIDDEN
    )
    return missing_scope or isinstance(error, Permanent)
