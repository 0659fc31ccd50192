"""A lead whose facts have changed so that it belongs into another connection: its record here is left as it stands.

Nothing is deleted, and nothing is written for it or taken over from it any more. Its task is closed, since whoever answers does
so there. When the conditions here hold again the record is the lead's as before.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import belonging
from crm_sync.connection import lease
from crm_sync.connectors.base import TaskReport, TaskToChange
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import follow_up, row_results
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import open_items
from intake.models import TimelineEntry
from intake.timeline import record
from plumbing.bulk import update_rows

_REASON = "The lead does not belong into {crm} any more."
_LINK_FIELDS = ["gone_at", "gone_how", "left_gone", "task_id", "task_clock", "task_open"]


def settle(session: ConnectionSession, pushes: Collection[Push]) -> list[Push]:
    """Those that are over because their leads have moved elsewhere, now or before; those that have come back are not among them.

    Raises RemoteError, LeaseLost.
    """
    before = [push for push in pushes if push.link and push.link.gone_how == CrmLink.Gone.MOVED]
    stay = belonging.outside(session.connection, [push.lead for push in before])
    still = [push for push in before if push.lead.pk in stay]
    row_results.drop_all(session, still, reason=_REASON.format(crm=session.connection.crm_name))
    _come_back(session, [push for push in before if push not in still])
    here = [push for push in pushes if push.link and push.link.gone_at is None and push not in before]
    moved = belonging.moved(session.connection, [push.lead for push in here])
    leaving = [push for push in here if push.lead.pk in moved]
    if leaving:
        _leave(session, leaving, moved, now=timezone.now())
    return still + leaving


def _leave(
    session: ConnectionSession,
    leaving: Collection[Push],
    moved: Mapping[UUID, CrmConnection],
    *,
    now: datetime,
) -> None:
    report = _close_tasks(session, leaving)
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        failed = {push.key: words for push in leaving if (words := report.again.get(_reference(push)))}
        problems = row_results.put_off(session, leaving, failed, now=now)
        gone = [push for push in leaving if push.key not in failed and _is_answered(push, report)]
        links = _locked(session, gone)
        for link in links:
            reference = follow_up.reference(link.lead_id, link.task_clock or 0)
            link.task_open = link.task_open and reference in report.refused
            if not link.task_id:
                link.task_clock = None
            link.gone_at, link.gone_how, link.left_gone = now, CrmLink.Gone.MOVED, True
        update_rows(links, fields=_LINK_FIELDS)
        record([_line(link, session, to=moved[link.lead_id], report=report, now=now) for link in links])
        row_results.drop(gone, reason=_REASON.format(crm=session.connection.crm_name))
        open_items(problems, now=now)
    if report.stopped is not None:
        raise report.stopped


def _close_tasks(session: ConnectionSession, leaving: Collection[Push]) -> TaskReport:
    """One that we meant to make and never heard of is looked for first. Raises RemoteError."""
    unsure = {
        push.link.remote_id: push for push in leaving if push.link and follow_up.is_unresolved(push.link)
    }
    found = session.connector.tasks_of(list(unsure)) if unsure else {}
    for number, push in unsure.items():
        task = next((one for one in found.get(number, []) if one.reference == _reference(push)), None)
        if push.link is not None and task is not None:
            push.link.task_id, push.link.task_open = task.task_id, task.open
    changes = [
        TaskToChange(reference=_reference(push), task_id=push.link.task_id, done=True)
        for push in leaving
        if push.link and _has_open_task(push)
    ]
    return session.connector.change_tasks(changes) if changes else TaskReport()


def _has_open_task(push: Push) -> bool:
    return push.link is not None and push.link.task_open and bool(push.link.task_id)


def _is_answered(push: Push, report: TaskReport) -> bool:
    said = {*report.done, *report.gone, *report.refused}
    return not _has_open_task(push) or _reference(push) in said


def _reference(push: Push) -> str:
    clock = push.link.task_clock if push.link is not None else None
    return follow_up.reference(push.lead.pk, clock or 0)


def _locked(session: ConnectionSession, pushes: Collection[Push]) -> list[CrmLink]:
    """As they are by now, with what was found of their tasks."""
    known = {push.lead.pk: push.link for push in pushes if push.link is not None}
    links = list(
        CrmLink.objects.filter(connection_id=session.pk, lead_id__in=known, gone_at=None)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    for link in links:
        seen = known[link.lead_id]
        link.task_id, link.task_open = seen.task_id, seen.task_open
    return links


def _come_back(session: ConnectionSession, pushes: Collection[Push]) -> None:
    """What people have changed meanwhile is what we last knew to stand there, until ours changes."""
    if not pushes:
        return
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        links = CrmLink.objects.filter(
            connection_id=session.pk,
            lead_id__in=[push.lead.pk for push in pushes],
            gone_how=CrmLink.Gone.MOVED,
        )
        rows = list(links.order_by("pk").select_for_update(no_key=True))
        for link in rows:
            link.gone_at, link.gone_how, link.left_gone = None, "", False
        update_rows(rows, fields=["gone_at", "gone_how", "left_gone"])
        record([_entry(link, session, "crm_sync.record_back", {}, now=now) for link in rows])
    for push in pushes:
        if push.link is not None:
            push.link.gone_at, push.link.gone_how, push.link.left_gone = None, "", False


def _line(
    link: CrmLink, session: ConnectionSession, *, to: CrmConnection, report: TaskReport, now: datetime
) -> TimelineEntry:
    refused = report.refused.get(follow_up.reference(link.lead_id, link.task_clock or 0))
    said = {"to": to.key} | ({"task": refused.message} if refused else {})
    return _entry(link, session, "crm_sync.record_left", said, now=now)


def _entry(
    link: CrmLink, session: ConnectionSession, verb: str, more: Mapping[str, str], *, now: datetime
) -> TimelineEntry:
    key = session.connection.key
    data = {"connection": key, "record": link.remote_id, **more}
    return TimelineEntry(lead_id=link.lead_id, at=now, verb=verb, source=key, data=data)
