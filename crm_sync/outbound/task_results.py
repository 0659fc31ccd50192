"""What the CRM has answered about follow-up tasks becomes columns of the link."""

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from crm_sync.connection import lease
from crm_sync.connectors.base import Refusal, RemoteTask, TaskReport, TaskToCreate
from crm_sync.models import CrmLink
from crm_sync.outbound import follow_up, row_results, tries
from crm_sync.outbound.follow_up import TaskPlan
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import open_items
from plumbing.bulk import update_rows

LINK_FIELDS = ["task_id", "task_clock", "task_open", "task_sent"]


def save_intentions(session: ConnectionSession, pushes: Collection[Push]) -> list[TaskToCreate]:
    """The tasks to make, after it is written down that they are about to be made. Raises LeaseLost."""
    creations: list[TaskToCreate] = []
    new: list[CrmLink] = []
    for push in pushes:
        if push.link is not None and (made := follow_up.creation(push, push.link, plan=session.task_plan)):
            creations.append(made)
            if not push.intends_task:
                intend(push, push.link)
                new.append(push.link)
    if new:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            update_rows(new, fields=LINK_FIELDS)
    return creations


def save(session: ConnectionSession, pushes: Collection[Push], report: TaskReport) -> list[str]:
    """What became of tasks; returns the keys that are over because their task failed. Raises LeaseLost."""
    now = timezone.now()
    by_reference = {
        follow_up.reference(push.lead.pk, push.link.task_clock): push
        for push in pushes
        if push.link is not None and push.link.task_clock is not None
    }
    touched = [
        _taken_over(push, push.link, task_id=report.done.get(reference, ""), plan=session.task_plan)
        for reference, push in by_reference.items()
        if push.link is not None and (reference in report.done or reference in report.gone)
    ]
    dead = {
        push.lead.pk: Refusal(f"Follow-up task: {report.refused[reference].message}")
        for reference, push in by_reference.items()
        if reference in report.refused
    }
    failed = {push.key: report.again[ref] for ref, push in by_reference.items() if ref in report.again}
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        update_rows(touched, fields=LINK_FIELDS)
        problems = row_results.put_off(session, pushes, failed, now=now)
        problems += row_results.dead_letter(session, pushes, dead, now=now)
        put_off = {push.lead.pk: failed[push.key] for push in pushes if push.key in failed}
        words = {lead_id: said.message for lead_id, said in dead.items()}
        tries.keep_tasks(session, refused=words, again=put_off, now=now)
        open_items(problems, now=now)
    return [push.key for push in pushes if push.lead.pk in dead or push.key in failed]


def save_found(session: ConnectionSession, found: Mapping[Push, Sequence[RemoteTask]]) -> None:
    """What became of tasks that we meant to make and never heard of. Raises LeaseLost."""
    touched = []
    for push, there in found.items():
        link = push.link
        if link is None or link.task_clock is None:
            continue
        about = follow_up.reference(push.lead.pk, link.task_clock)
        task = next((each for each in there if each.reference == about), None)
        if task is not None:
            link.task_id, link.task_open, link.task_sent = task.task_id, task.open, {}
        else:
            link.task_clock = None
        touched.append(link)
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        update_rows(touched, fields=LINK_FIELDS)


def intend(push: Push, link: CrmLink) -> None:
    assert push.clock is not None
    link.task_clock, link.task_id, link.task_open, link.task_sent = push.clock.pk, "", False, {}
    push.intends_task = True


def intend_with_record(session: ConnectionSession, push: Push, link: CrmLink) -> None:
    """The intention of a task is written together with the record's link, where nothing has to be looked up first."""
    wants_one = follow_up.creation(push, link, plan=session.task_plan) is not None
    if wants_one and not follow_up.is_unresolved(link):
        intend(push, link)


def without_tasks(session: ConnectionSession, pushes: Sequence[Push]) -> list[Push]:
    """Pushes that are over: the record stands as it should, and no task needs anything."""
    return [
        push
        for push in pushes
        if push.link is not None
        and (push.written or not push.sending)
        and not _has_work(push, push.link, plan=session.task_plan)
    ]


def _has_work(push: Push, link: CrmLink, *, plan: TaskPlan) -> bool:
    return bool(
        push.intends_task
        or follow_up.is_unresolved(link)
        or follow_up.creation(push, link, plan=plan)
        or follow_up.change(push, link, plan=plan)
    )


def _taken_over(push: Push, link: CrmLink, *, task_id: str, plan: TaskPlan) -> CrmLink:
    want = follow_up.wanted(push, plan)
    if task_id and want is not None and want.clock_id == link.task_clock:
        link.task_id, link.task_open = task_id, True
        link.task_sent = follow_up.sent_values(want, plan)
    elif task_id:
        # Its clock has stopped, and it was closed.
        link.task_id, link.task_open = task_id, False
    else:
        link.task_open = False
    return link
