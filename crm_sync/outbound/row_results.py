"""What became of outbox rows: done, later, or given up. Inside a transaction that holds the lease."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds, outbox
from crm_sync.connection import lease
from crm_sync.connectors.base import Refusal
from crm_sync.exception_reports import failing, rejected
from crm_sync.models import CrmLink, OutboxEntry
from crm_sync.outbound import alike_records, broken_rules, tries
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import ExceptionReport, close_items, open_items
from intake.subjects import LEAD
from plumbing.bulk import update_rows

_SAYS_ELSE = "The CRM says something else now."


def put_off_all(session: ConnectionSession, pushes: Collection[Push], *, words: str, ambiguous: bool) -> None:
    """The call failed as a whole, because of the CRM: later. Raises LeaseLost."""
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        if ambiguous:
            _doubt(pushes)
        entries, now = [push.entry for push in pushes], timezone.now()
        outbox.mark_failed(entries, error=words, ambiguous=ambiguous, now=now)
        tries.keep_failure(session, pushes, words=words, now=now)


def put_off_one(session: ConnectionSession, push: Push, *, words: str, ambiguous: bool) -> None:
    """The call failed because of this lead: later, and a person hears of it in the end. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        if ambiguous:
            _doubt([push])
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
    broken_rules.forget(pushes, reason=reason)
    _close_trouble([push.lead.pk for push in pushes], reason=reason)


def finish(pushes: Collection[Push]) -> None:
    """Delete the rows; items of leads that had trouble close, unless another connection still has it."""
    outbox.mark_done([push.entry for push in pushes])
    broken_rules.arrived(pushes, now=timezone.now())
    troubled = {push.lead.pk for push in pushes if push.entry.generation > 1 or push.entry.attempts}
    if troubled:
        dead = OutboxEntry.objects.filter(lead_id__in=troubled, status=OutboxEntry.Status.DEAD)
        troubled -= set(dead.values_list("lead_id", flat=True))
        _close_trouble(troubled, reason="It has arrived in the CRM.")


def _close_trouble(lead_ids: Collection[UUID], *, reason: str) -> None:
    ids = sorted(str(each) for each in lead_ids)
    for kind in (
        exception_kinds.FAILING,
        exception_kinds.REJECTED,
        exception_kinds.DUPLICATE,
        exception_kinds.UNKNOWN_PROPERTY,
    ):
        close_items(kind=kind, subject_type=LEAD, subject_ids=ids, reason=reason)


def put_off(
    session: ConnectionSession, pushes: Collection[Push], failed: Mapping[str, str], *, now: datetime
) -> list[ExceptionReport]:
    """Put off what failed this time, by key; returns what a person should hear of by now."""
    theirs = keyed(pushes, failed)
    _doubt(theirs)
    for push in theirs:
        outbox.mark_failed([push.entry], error=failed[push.key], ambiguous=True, now=now)
    return _news(session, theirs, failed)


def dead_letter(
    session: ConnectionSession, pushes: Collection[Push], refused: Mapping[UUID, Refusal], *, now: datetime
) -> list[ExceptionReport]:
    """Refused: no try of ours changes that, so what was known as failing is not any more; what a person should hear of.

    Leads that break a rule of the CRM are told together, any other lead by itself.
    """
    theirs = of_leads(pushes, refused)
    dead = {lead_id: said.message for lead_id, said in refused.items()}
    found = broken_rules.found(theirs, refused)
    rules = {lead_id: rule.key for lead_id, rule in found.items()}
    asked = [push for push in theirs if push.alike]
    said = alike_records.said_of(session.connection, asked, names=session.plan.names) if asked else []
    alike = {push.lead.pk: one for push, one in zip(asked, said, strict=True)}
    outbox.mark_dead([push.entry for push in theirs], errors=dead, now=now, rules=rules, alike=alike)
    problems = [alike_records.asked(session.connection, push) for push in asked]
    problems += [
        rejected(session.connection, push.lead, words=dead[push.lead.pk])
        for push in theirs
        if push.lead.pk not in found and not push.alike
    ]
    problems += broken_rules.reports(session.connection, theirs, found)
    over = {
        exception_kinds.FAILING: [push for push in theirs if push.entry.attempts],
        exception_kinds.REJECTED: [push for push in theirs if push.lead.pk in found or push.alike],
        exception_kinds.DUPLICATE: [push for push in theirs if push.entry.alike and not push.alike],
    }
    for kind, some in over.items():
        ids = sorted(str(push.lead.pk) for push in some)
        close_items(kind=kind, subject_type=LEAD, subject_ids=ids, reason=_SAYS_ELSE, now=now)
    broken_rules.forget(theirs, reason=_SAYS_ELSE)
    return problems


def _doubt(pushes: Collection[Push]) -> None:
    """What was being written may stand there: should ours be as before by the next try, it is written all the same."""
    sent = {push.link.pk: push.sending for push in pushes if push.link and push.sending and not push.written}
    if not sent:
        return
    links = list(CrmLink.objects.filter(pk__in=sent).order_by("pk").select_for_update(no_key=True))
    for link in links:
        link.unsure = sorted({*link.unsure, *sent[link.pk]})
    update_rows(links, fields=["unsure"])


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
