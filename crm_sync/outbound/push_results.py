"""What the CRM has answered becomes rows, in one transaction that first makes sure the lease is still ours.

Lock order: connection, links by id, outbox rows by id, exception items.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds, outbox
from crm_sync.connection import lease, owners
from crm_sync.connection_settings import TaskRule
from crm_sync.connectors.base import RemoteTask, Report, TaskReport, TaskToCreate
from crm_sync.exception_reports import rejected, unknown_property
from crm_sync.models import CrmLink, OutboxEntry
from crm_sync.outbound import follow_up
from crm_sync.outbound.lead_push import Push, owner_shown
from crm_sync.outbound.session import Session
from exception_queue.queue import close_items, open_items
from intake.models import TimelineEntry
from intake.subjects import LEAD, lead_subject
from intake.timeline import record
from plumbing.bulk import insert_rows, update_rows
from routing.models import Assignment

_LINK_FIELDS = ["sent", "pushed_version", "pushed_at", "remote_modified_at", "shown_owner"]
_TASK_FIELDS = ["task_id", "task_clock", "task_open", "task_sent"]


@dataclass(slots=True)
class Finished:
    """`over`: keys with nothing left to do in this round. `shown`: leads whose right owner the CRM shows now."""

    over: set[str] = field(default_factory=set)
    shown: list[UUID] = field(default_factory=list)


def contacts(session: Session, pushes: Collection[Push], report: Report) -> Finished:
    """Links, dead letters and intentions of tasks, after the records were written. Raises LeaseLost."""
    now = timezone.now()
    finished = Finished()
    problems = [
        owners.unknown(push.owner, connection=session.connection) for push in pushes if push.owner_unknown
    ]
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        unchanged = [push for push in pushes if push.written or (push.link and not push.sending)]
        _write_links(session, unchanged, now=now)
        dead = {push.lead.pk: report.refused[push.key].message for push in _named(pushes, report.refused)}
        later = _later(pushes, report.again, dead=dead, now=now)
        problems += [
            rejected(session.connection, push.lead, words=dead[push.lead.pk]) for push in _of(pushes, dead)
        ]
        for name, keys in report.unknown.items():
            problem = unknown_property(session.connection, name=name)
            lacking = _named(pushes, keys)
            problems += [replace(problem, subject=lead_subject(push.lead)) for push in lacking]
            dead |= {push.lead.pk: problem.cause for push in lacking}
        _dead_letter(pushes, dead, now=now)
        finished.shown = _shown_right(unchanged)
        # A lead that lacks one value is in the CRM all the same: its task is made.
        lacking_keys = {key for keys in report.unknown.values() for key in keys}
        finished.over = {push.key for push in _of(pushes, dead) if push.key not in lacking_keys} | later
        over = _without_tasks(session, [push for push in pushes if push.key not in finished.over])
        _done([push for push in over if push.lead.pk not in dead])
        finished.over |= {push.key for push in over}
        open_items(problems, now=now)
    return finished


def intend_tasks(session: Session, pushes: Collection[Push]) -> list[TaskToCreate]:
    """The tasks to make, after it is written down that they are about to be made. Raises LeaseLost."""
    config = session.connection.task
    creations: list[TaskToCreate] = []
    new: list[CrmLink] = []
    for push in pushes:
        if push.link is not None and (made := follow_up.creation(push, push.link, config=config)):
            creations.append(made)
            if not push.intends_task:
                _intend(push, push.link)
                new.append(push.link)
    if new:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            update_rows(new, fields=_TASK_FIELDS)
    return creations


def tasks(session: Session, pushes: Collection[Push], report: TaskReport) -> list[str]:
    """Book what became of tasks; returns the keys that are over because their task failed. Raises LeaseLost."""
    now = timezone.now()
    by_reference = {
        follow_up.reference(push.lead.pk, push.link.task_clock): push
        for push in pushes
        if push.link is not None and push.link.task_clock is not None
    }
    touched = [
        _save_task_result(
            push, push.link, task_id=report.done.get(reference, ""), config=session.connection.task
        )
        for reference, push in by_reference.items()
        if push.link is not None and (reference in report.done or reference in report.gone)
    ]
    dead = {
        push.lead.pk: f"Follow-up task: {report.refused[reference].message}"
        for reference, push in by_reference.items()
        if reference in report.refused
    }
    failed = {push.key: report.again[ref] for ref, push in by_reference.items() if ref in report.again}
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        update_rows(touched, fields=_TASK_FIELDS)
        later = _later(pushes, failed, dead=dead, now=now)
        _dead_letter(pushes, dead, now=now)
        problems = [
            rejected(session.connection, push.lead, words=dead[push.lead.pk]) for push in _of(pushes, dead)
        ]
        open_items(problems, now=now)
    return [push.key for push in pushes if push.lead.pk in dead or push.key in later]


def _save_task_result(push: Push, link: CrmLink, *, task_id: str, config: TaskRule) -> CrmLink:
    want = follow_up.wanted(push, config)
    if task_id and want is not None and want.clock_id == link.task_clock:
        link.task_id, link.task_open, link.task_sent = task_id, True, follow_up.sent_values(want)
    elif task_id:
        # Its clock has stopped, and it was closed.
        link.task_id, link.task_open = task_id, False
    else:
        link.task_open = False
    return link


def found_tasks(session: Session, found: Mapping[Push, Sequence[RemoteTask]]) -> None:
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
        update_rows(touched, fields=_TASK_FIELDS)


def done(session: Session, pushes: Collection[Push]) -> None:
    """Everything about these leads is in the CRM. Raises LeaseLost."""
    if pushes:
        with transaction.atomic():
            lease.hold(session.pk, session.token)
            _done(pushes)


def put_off(session: Session, pushes: Collection[Push], *, words: str, ambiguous: bool) -> None:
    """The call failed as a whole: later. Raises LeaseLost."""
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        entries = [push.entry for push in pushes]
        outbox.mark_failed(entries, error=words, ambiguous=ambiguous, now=timezone.now())


def give_up(session: Session, pushes: Collection[Push], *, words: str) -> None:
    """Dead letters, with the CRM's words. Raises LeaseLost."""
    now = timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        _dead_letter(pushes, {push.lead.pk: words for push in pushes}, now=now)
        open_items([rejected(session.connection, push.lead, words=words) for push in pushes], now=now)


def _write_links(session: Session, unchanged: Sequence[Push], *, now: datetime) -> None:
    """Remember the records that stand as they should."""
    lead_ids = [push.lead.pk for push in unchanged]
    links = CrmLink.objects.filter(connection_id=session.pk, lead_id__in=lead_ids)
    known = {link.lead_id: link for link in links.order_by("pk").select_for_update(no_key=True)}
    _free_records(session, unchanged, known, now=now)
    entries: list[TimelineEntry] = []
    created: list[CrmLink] = []
    again: list[UUID] = []
    for push in unchanged:
        answer = push.written
        link = known.get(push.lead.pk)
        if link is None and answer is None:
            continue
        if link is None and answer is not None:
            link = CrmLink(connection=session.connection, lead=push.lead, remote_id=answer.remote_id)
            created.append(link)
            entries.append(_arrived(session, push, remote_id=answer.remote_id, now=now))
        assert link is not None
        if answer is not None:
            if answer.created and link.pk is not None:
                # Somebody deleted the record there, and it was made again with the difference only.
                link.sent, link.task_id, link.task_clock, link.task_open = {}, "", None, False
                again.append(push.lead.pk)
            link.remote_id, link.pushed_at, link.remote_modified_at = (
                answer.remote_id,
                now,
                answer.modified_at,
            )
        # What came in from the CRM meanwhile stays, except where we wrote over it.
        link.sent = link.sent | push.stands
        link.pushed_version = push.lead.version
        shows_ours = link.sent.get(session.plan.owner_property, "") == push.owner_id
        if not push.owner_unknown and (shows_ours or not session.plan.shows_owner):
            link.shown_owner = push.owner
        push.link = link
        if _creation_now(session, push, link):
            _intend(push, link)
    insert_rows(created)
    update_rows(list(known.values()), fields=["remote_id", *_LINK_FIELDS, *_TASK_FIELDS])
    outbox.queue_for(session.pk, again, now=now)
    record(entries)


def _shown_right(unchanged: Sequence[Push]) -> list[UUID]:
    """Leads whose owner of this moment is the one that the CRM shows: a reassign may have come while we sent."""
    shown = {push.lead.pk: push for push in unchanged if push.link and not push.owner_unknown}
    now = Assignment.objects.filter(lead_id__in=shown).select_related("owner", "queue__crm_owner")
    owners_now = {each.lead_id: owner_shown(each) for each in now}
    return [
        lead_id
        for lead_id, push in shown.items()
        if push.link is not None and push.link.shown_owner == push.owner == owners_now.get(lead_id)
    ]


def _creation_now(session: Session, push: Push, link: CrmLink) -> bool:
    unresolved = follow_up.is_unresolved(link)
    return not unresolved and follow_up.creation(push, link, config=session.connection.task) is not None


def _intend(push: Push, link: CrmLink) -> None:
    assert push.clock is not None
    link.task_clock, link.task_id, link.task_open, link.task_sent = push.clock.pk, "", False, {}
    push.intends_task = True


def _free_records(
    session: Session, unchanged: Sequence[Push], known: dict[UUID, CrmLink], *, now: datetime
) -> None:
    """A record that has just answered to a lead's key is no other lead's any more, whatever we believed.

    (The CRM was emptied, or restored, and counts anew.) The other lead is pushed again and gets a record of its own. Leads
    of this batch may swap numbers, and no two may have one at any moment: theirs are put aside first.
    """
    numbers, aside = list[str](), list[CrmLink]()
    for push in unchanged:
        link = known.get(push.lead.pk)
        if push.written is None or (link is not None and link.remote_id == push.written.remote_id):
            continue
        numbers.append(push.written.remote_id)
        if link is not None:
            link.remote_id = f"aside:{link.pk}"
            aside.append(link)
    if not numbers:
        return
    update_rows(aside, fields=["remote_id"])
    stale = CrmLink.objects.filter(connection_id=session.pk, remote_id__in=numbers)
    if others := list(stale.values_list("lead_id", flat=True)):
        outbox.queue_for(session.pk, others, now=now)
        stale.delete()
        for lead_id in others:
            known.pop(lead_id, None)


def _without_tasks(session: Session, pushes: Sequence[Push]) -> list[Push]:
    """Pushes that are over: the record stands as it should, and no task needs anything."""
    config = session.connection.task
    over = []
    for push in pushes:
        link = push.link
        stands = link is not None and (push.written or not push.sending)
        if (link is None and push.is_merged_away) or (stands and not _has_task_work(push, config=config)):
            over.append(push)
    return over


def _has_task_work(push: Push, *, config: TaskRule) -> bool:
    link = push.link
    return link is not None and bool(
        push.intends_task
        or follow_up.is_unresolved(link)
        or follow_up.creation(push, link, config=config)
        or follow_up.change(push, link, config=config)
    )


def _later(
    pushes: Collection[Push], failed: Mapping[str, str], *, dead: dict[UUID, str], now: datetime
) -> set[str]:
    """Put off what failed this time; what has failed too often goes to `dead`. Returns the keys put off."""
    put_off = set()
    for push in _named(pushes, failed):
        words = failed[push.key]
        if push.entry.attempts + 1 >= outbox.MOST_ATTEMPTS:
            dead[push.lead.pk] = words
        else:
            outbox.mark_failed([push.entry], error=words, ambiguous=True, now=now)
            put_off.add(push.key)
    return put_off


def _dead_letter(pushes: Collection[Push], dead: Mapping[UUID, str], *, now: datetime) -> None:
    outbox.mark_dead([push.entry for push in _of(pushes, dead)], errors=dead, now=now)


def _done(pushes: Collection[Push]) -> None:
    """Delete the rows; items of leads that had trouble close, unless another connection still has it."""
    outbox.mark_done([push.entry for push in pushes])
    troubled = {push.lead.pk for push in pushes if push.entry.generation > 1 or push.entry.attempts}
    if troubled:
        dead = OutboxEntry.objects.filter(lead_id__in=troubled, status=OutboxEntry.Status.DEAD)
        troubled -= set(dead.values_list("lead_id", flat=True))
        ids = sorted(str(each) for each in troubled)
        for kind in (exception_kinds.REJECTED, exception_kinds.UNKNOWN_PROPERTY):
            close_items(kind=kind, subject_type=LEAD, subject_ids=ids, reason="It has arrived in the CRM.")


def _of(pushes: Collection[Push], lead_ids: Collection[UUID]) -> list[Push]:
    return [push for push in pushes if push.lead.pk in lead_ids]


def _named(pushes: Collection[Push], keys: Collection[str]) -> list[Push]:
    return [push for push in pushes if push.key in keys]


def _arrived(session: Session, push: Push, *, remote_id: str, now: datetime) -> TimelineEntry:
    return TimelineEntry(
        lead=push.lead,
        at=now,
        verb="crm_sync.adopted" if push.adopting else "crm_sync.created",
        actor="",
        source=session.connection.key,
        data={
            "connection": session.connection.key,
            "record": remote_id,
            "owner": push.owner if push.owner_id else "",
        },
    )
