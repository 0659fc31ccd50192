"""What the CRM has answered about records becomes rows, in one transaction that first makes sure the lease is still ours.

Lock order: connection, links by id, outbox rows by id, exception items.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import lost_records, outbox
from crm_sync.connection import lease, owners
from crm_sync.connectors.base import Report
from crm_sync.crm_state import owner_shown
from crm_sync.models import CrmLink
from crm_sync.outbound import left_out, row_results, task_results, tries
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import ExceptionReport, close_items, open_items
from intake.models import TimelineEntry
from intake.subjects import LEAD
from intake.timeline import record
from plumbing.bulk import insert_rows, update_rows
from routing.models import Assignment

log = logging.getLogger(__name__)

_LINK_FIELDS = [
    "remote_id", "writes", "unsure", "sent", "pushed_version", "pushed_at", "remote_modified_at", "shown_owner", "seen_at",
    "kept",
]  # fmt: skip


@dataclass(slots=True)
class Finished:
    """`over`: keys with nothing left to do in this batch. `shown`: leads whose right owner the CRM shows now."""

    over: set[str] = field(default_factory=set)
    shown: list[UUID] = field(default_factory=list)


def save(session: ConnectionSession, pushes: Collection[Push], report: Report) -> Finished:
    """Links, dead letters and intentions of tasks, after the records were written. Raises LeaseLost."""
    now = timezone.now()
    finished = Finished()
    without_owner = {push.owner for push in pushes if push.owner_unknown}
    problems = owners.unknown(without_owner, connection=session.connection)
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        standing = [push for push in pushes if push.written or (push.link and not push.sending)]
        if not session.connector.can.reads:
            _keep_apart(session, standing)
        _write_links(session, standing, now=now)
        refused = row_results.keyed(pushes, report.refused)
        dead = {push.lead.pk: report.refused[push.key] for push in refused}
        problems += row_results.put_off(session, pushes, report.again, now=now)
        problems += left_out.record(session.connection, session.plan, standing, now=now)
        problems += row_results.dead_letter(session, pushes, dead, now=now)
        finished.shown = _shown_right(standing)
        lead_ids = [str(lead_id) for lead_id in finished.shown]
        reason = "The CRM shows the owner here."
        close_items(kind=kinds.TWO_OWNERS, subject_type=LEAD, subject_ids=lead_ids, reason=reason, now=now)
        given_up = {push.key for push in row_results.of_leads(pushes, dead)}
        finished.over = given_up | set(report.again)
        gone = [push for push in pushes if push.gone]
        problems += _save_gone(session, gone, now=now)
        words = {key: refusal.message for key, refusal in report.refused.items()}
        tries.keep_answers(session, pushes, refused=words, again=report.again, now=now)
        finished.over |= {push.key for push in gone}
        going_on = [push for push in pushes if push.key not in finished.over]
        over = task_results.without_tasks(session, going_on)
        row_results.finish([push for push in over if push.lead.pk not in dead])
        finished.over |= {push.key for push in over}
        open_items(problems, now=now)
    return finished


def _keep_apart(session: ConnectionSession, standing: Sequence[Push]) -> None:
    """Whoever is told may say one id for two leads: only the first goes by it, any other by ours."""
    said = {push.lead.pk: push.written.remote_id for push in standing if push.written and push.link is None}
    links = CrmLink.objects.filter(connection_id=session.pk, remote_id__in=set(said.values()))
    having = dict(links.values_list("remote_id", "lead_id")) if said else {}
    for push in standing:
        if push.written is None or push.link is not None:
            continue
        if having.setdefault(push.written.remote_id, push.lead.pk) != push.lead.pk:
            push.written = replace(push.written, remote_id=push.key)


def _save_gone(session: ConnectionSession, pushes: Sequence[Push], *, now: datetime) -> list[ExceptionReport]:
    """Nothing was written for these: their records are not there."""
    links = CrmLink.objects.filter(
        connection=session.connection, lead_id__in=[push.lead.pk for push in pushes]
    )
    locked = {link.lead_id: link for link in links.order_by("pk").select_for_update(no_key=True)}
    problems: list[ExceptionReport] = []
    for how in {push.gone for push in pushes}:
        lost = [locked[push.lead.pk] for push in pushes if push.gone == how and push.lead.pk in locked]
        for link in lost:
            link.connection = session.connection
        problems += lost_records.lose(lost, how=how, now=now)
    row_results.drop(pushes, reason="Its record does not stand in the CRM any more.")
    return problems


def _write_links(session: ConnectionSession, standing: Sequence[Push], *, now: datetime) -> None:
    """Remember the records that stand as they should."""
    lead_ids = [push.lead.pk for push in standing]
    links = CrmLink.objects.filter(connection_id=session.pk, lead_id__in=lead_ids)
    known = {link.lead_id: link for link in links.order_by("pk").select_for_update(no_key=True)}
    _free_records(session, standing, known, now=now)
    entries: list[TimelineEntry] = []
    created: list[CrmLink] = []
    again: list[UUID] = []
    for push in standing:
        answer = push.written
        link = known.get(push.lead.pk)
        if link is None and answer is None:
            continue
        if link is None and answer is not None:
            link = CrmLink(connection=session.connection, lead=push.lead, remote_id=answer.remote_id)
            created.append(link)
        assert link is not None
        if answer is not None:
            if answer.created and link.pk is not None:
                # Somebody deleted the record there, and it was made again with the difference only.
                link.sent, link.task_id, link.task_clock, link.task_open = {}, "", None, False
                again.append(push.lead.pk)
            link.remote_id, link.pushed_at, link.seen_at = answer.remote_id, now, now
            link.writes += 1
            link.unsure = []
            link.remote_modified_at = answer.modified_at
        # What came in from the CRM meanwhile stays, except where we wrote over it.
        link.sent = link.sent | push.stands
        left = {name: text for name, text in link.kept.items() if name not in push.sending}
        link.kept = left | push.kept
        link.pushed_version = push.lead.version
        entries += _remember_owner(session, push, link, now=now)
        push.link = link
        task_results.intend_with_record(session, push, link)
    insert_rows(created)
    update_rows(list(known.values()), fields=[*_LINK_FIELDS, *task_results.LINK_FIELDS])
    outbox.queue_for(session.pk, again, now=now)
    record(entries)


def _remember_owner(
    session: ConnectionSession, push: Push, link: CrmLink, *, now: datetime
) -> list[TimelineEntry]:
    """Whom the CRM shows now; the lead's story says when it has arrived, and when its owner has."""
    before = link.shown_owner
    shows_ours = link.sent.get(session.plan.names.owner, "") == push.owner_id
    shown = not push.owner_unknown and (shows_ours or not session.plan.shows_owner)
    shown = shown and session.plan.names.owner not in link.kept
    if shown and _is_refused(session, push, before):
        return []
    if shown:
        link.shown_owner = push.owner
    elif push.adopting and push.present and (there := push.present.properties.get(session.plan.names.owner)):
        link.shown_owner = owners.shown_as(session.pk, there)
    if link.pk is None:
        verb = "crm_sync.adopted" if push.adopting else "crm_sync.created"
        owner = push.owner if push.owner_id else ""
        return [story_line(link, verb, owner=owner, owner_shown=shown, now=now)]
    if shown and push.owner and not before:
        return [story_line(link, "crm_sync.owner_shown", owner=push.owner, owner_shown=True, now=now)]
    return []


def _is_refused(session: ConnectionSession, push: Push, before: str) -> bool:
    """Somebody has typed another owner there, whom we refused: nothing of ours goes over that until our owner changes."""
    if before in ("", push.owner) or not session.plan.shows_owner:
        return False
    written = session.plan.names.owner in push.stands
    return not written and owners.is_somebody(session.pk, before)


def story_line(link: CrmLink, verb: str, *, owner: str, owner_shown: bool, now: datetime) -> TimelineEntry:
    """`owner_shown`: the lead is handed over, because the CRM shows whom it belongs to (or that it is nobody's)."""
    key = link.connection.key
    data = {"connection": key, "record": link.remote_id, "owner": owner, "owner_shown": owner_shown}
    return TimelineEntry(lead_id=link.lead_id, at=now, verb=verb, actor="", source=key, data=data)


def _shown_right(standing: Sequence[Push]) -> list[UUID]:
    """Leads whose owner of this moment is the one that the CRM shows: a reassign may have come while we sent."""
    shown = {push.lead.pk: push for push in standing if push.link and not push.owner_unknown}
    now = Assignment.objects.filter(lead_id__in=shown).select_related("owner", "queue__crm_owner")
    owners_now = {each.lead_id: owner_shown(each) for each in now}
    return [
        lead_id
        for lead_id, push in shown.items()
        if push.link is not None and push.link.shown_owner == push.owner == owners_now.get(lead_id)
    ]


def _free_records(
    session: ConnectionSession, standing: Sequence[Push], known: dict[UUID, CrmLink], *, now: datetime
) -> None:
    """A record that has just answered to a lead's key is no other lead's any more, whatever we believed.

    (The CRM was emptied, or restored, and counts anew.) The other lead is pushed again and gets a record of its own. Leads
    of this batch may swap numbers, and no two may have one at any moment: theirs are put aside first.
    """
    numbers, aside = list[str](), list[CrmLink]()
    for push in standing:
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


def say(connection_key: str, pushes: Mapping[str, Push], report: Report) -> None:
    """What the CRM has answered about each lead, once it is saved, in the log. `pushes` by the keys of the report."""
    answers: list[tuple[Collection[str], str]] = [
        (report.written, "written"),
        (report.refused, "refused"),
        (report.again, "put off"),
    ]
    for keys, outcome in answers:
        for key in keys:
            push = pushes.get(key)
            remote_id = push.link.remote_id if push and push.link else ""
            facts = {"lead": key, "connection": connection_key, "remote_id": remote_id}
            log.info("record sent", extra={**facts, "outcome": outcome})
