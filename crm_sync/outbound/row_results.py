"""What became of outbox rows: done, later, or given up. Inside a transaction that holds the lease."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds, outbox
from crm_sync.connection import lease
from crm_sync.exception_reports import rejected
from crm_sync.models import OutboxEntry
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import close_items, open_items
from intake.subjects import LEAD


def put_off_all(session: ConnectionSession, pushes: Collection[Push], *, words: str, ambiguous: bool) -> None:
    """The call failed as a whole: later. Raises LeaseLost."""
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        entries = [push.entry for push in pushes]
        outbox.mark_failed(entries, error=words, ambiguous=ambiguous, now=timezone.now())


def give_up_all(session: ConnectionSession, pushes: Collection[Push], *, words: str) -> None:
    """Dead letters, with the CRM's words. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        dead_letter(pushes, {push.lead.pk: words for push in pushes}, now=now)
        open_items([rejected(session.connection, push.lead, words=words) for push in pushes], now=now)


def finish_all(session: ConnectionSession, pushes: Collection[Push]) -> None:
    """Everything about these leads is in the CRM. Raises LeaseLost."""
    if pushes:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            finish(pushes)


def finish(pushes: Collection[Push]) -> None:
    """Delete the rows; items of leads that had trouble close, unless another connection still has it."""
    outbox.mark_done([push.entry for push in pushes])
    troubled = {push.lead.pk for push in pushes if push.entry.generation > 1 or push.entry.attempts}
    if troubled:
        dead = OutboxEntry.objects.filter(lead_id__in=troubled, status=OutboxEntry.Status.DEAD)
        troubled -= set(dead.values_list("lead_id", flat=True))
        ids = sorted(str(each) for each in troubled)
        for kind in (exception_kinds.REJECTED, exception_kinds.UNKNOWN_PROPERTY):
            close_items(kind=kind, subject_type=LEAD, subject_ids=ids, reason="It has arrived in the CRM.")


def put_off(
    pushes: Collection[Push], failed: Mapping[str, str], *, dead: dict[UUID, str], now: datetime
) -> set[str]:
    """Put off what failed this time; what has failed too often goes to `dead`. Returns the keys put off."""
    later = set()
    for push in keyed(pushes, failed):
        words = failed[push.key]
        if outbox.RETRIES.is_over(push.entry.attempts + 1):
            dead[push.lead.pk] = words
        else:
            outbox.mark_failed([push.entry], error=words, ambiguous=True, now=now)
            later.add(push.key)
    return later


def dead_letter(pushes: Collection[Push], dead: Mapping[UUID, str], *, now: datetime) -> None:
    outbox.mark_dead([push.entry for push in of_leads(pushes, dead)], errors=dead, now=now)


def of_leads(pushes: Collection[Push], lead_ids: Collection[UUID]) -> list[Push]:
    return [push for push in pushes if push.lead.pk in lead_ids]


def keyed(pushes: Collection[Push], keys: Collection[str]) -> list[Push]:
    return [push for push in pushes if push.key in keys]
