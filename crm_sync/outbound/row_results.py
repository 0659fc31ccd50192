"""What became of outbox rows: done, later, or given up. Inside a transaction that holds the lease."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds, outbox
from crm_sync.connection import lease
from crm_sync.exception_reports import failing
from crm_sync.models import OutboxEntry
from crm_sync.outbound import tries
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import ExceptionReport, close_items, open_items
from intake.subjects import LEAD


def put_off_all(session: ConnectionSession, pushes: Collection[Push], *, words: str, ambiguous: bool) -> None:
    """The call failed as a whole, because of the CRM: later. Raises LeaseLost."""
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        entries, now = [push.entry for push in pushes], timezone.now()
        outbox.mark_failed(entries, error=words, ambiguous=ambiguous, now=now)
        tries.keep_failure(session, pushes, words=words, now=now)


def put_off_one(session: ConnectionSession, push: Push, *, words: str, ambiguous: bool) -> None:
    """The call failed because of this lead: later, and a person hears of it in the end. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        outbox.mark_failed([push.entry], error=words, ambiguous=ambiguous, now=now)
        tries.keep_failure(session, [push], words=words, now=now)
        open_items(_news(session, [push], {push.key: words}), now=now)


def finish_all(session: ConnectionSession, pushes: Collection[Push]) -> None:
    """Everything about these leads is in the CRM. Raises LeaseLost."""
    if pushes:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            finish(pushes)


def drop_all(session: ConnectionSession, pushes: Collection[Push], *, reason: str) -> None:
    """Nothing is written for these leads. Raises LeaseLost."""
    if pushes:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            drop(pushes, reason=reason)


def drop(pushes: Collection[Push], *, reason: str) -> None:
    """Their rows go, and so does the trouble that there was with them."""
    outbox.mark_done([push.entry for push in pushes])
    _close_trouble([push.lead.pk for push in pushes], reason=reason)


def finish(pushes: Collection[Push]) -> None:
    """Delete the rows; items of leads that had trouble close, unless another connection still has it."""
    outbox.mark_done([push.entry for push in pushes])
    troubled = {push.lead.pk for push in pushes if push.entry.generation > 1 or push.entry.attempts}
    if troubled:
        dead = OutboxEntry.objects.filter(lead_id__in=troubled, status=OutboxEntry.Status.DEAD)
        troubled -= set(dead.values_list("lead_id", flat=True))
        _close_trouble(troubled, reason="It has arrived in the CRM.")


def _close_trouble(lead_ids: Collection[UUID], *, reason: str) -> None:
    ids = sorted(str(each) for each in lead_ids)
    for kind in (exception_kinds.FAILING, exception_kinds.REJECTED, exception_kinds.UNKNOWN_PROPERTY):
        close_items(kind=kind, subject_type=LEAD, subject_ids=ids, reason=reason)


def put_off(
    session: ConnectionSession, pushes: Collection[Push], failed: Mapping[str, str], *, now: datetime
) -> list[ExceptionReport]:
    """Put off what failed this time, by key; returns what a person should hear of by now."""
    theirs = keyed(pushes, failed)
    for push in theirs:
        outbox.mark_failed([push.entry], error=failed[push.key], ambiguous=True, now=now)
    return _news(session, theirs, failed)


def dead_letter(pushes: Collection[Push], dead: Mapping[UUID, str], *, now: datetime) -> None:
    """Refused: no try of ours changes that, so what was known as failing is not any more."""
    outbox.mark_dead([push.entry for push in of_leads(pushes, dead)], errors=dead, now=now)
    failing = [str(push.lead.pk) for push in of_leads(pushes, dead) if push.entry.attempts]
    close_items(
        kind=exception_kinds.FAILING,
        subject_type=LEAD,
        subject_ids=sorted(failing),
        reason="The CRM says something else now.",
        now=now,
    )


def _news(
    session: ConnectionSession, pushes: Collection[Push], words: Mapping[str, str]
) -> list[ExceptionReport]:
    return [
        failing(session.connection, push.lead, words=words[push.key])
        for push in pushes
        if push.entry.attempts + 1 >= outbox.NEWS_AFTER
    ]


def of_leads(pushes: Collection[Push], lead_ids: Collection[UUID]) -> list[Push]:
    return [push for push in pushes if push.lead.pk in lead_ids]


def keyed(pushes: Collection[Push], keys: Collection[str]) -> list[Push]:
    return [push for push in pushes if push.key in keys]
