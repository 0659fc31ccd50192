"""Telling owners, managers and teams: rows that a sweep sends when they are due (rules 3 and 4)."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.db.models.functions import Now
from django.utils import timezone

from exception_queue import queue
from exception_queue.queue import ExceptionReport, Subject
from intake.models import TimelineEntry
from intake.timeline import record
from plumbing import claiming
from plumbing.backoff import RetryPolicy
from plumbing.bulk import insert_rows
from plumbing.notify import NotifyError, send
from plumbing.nudges import nudge
from routing.exception_kinds import NOTICE_FAILED
from routing.models import Owner, OwnerNotice, Queue
from routing.notices import texts

log = logging.getLogger(__name__)

SEND = "routing.send_notices"
LEASE = timedelta(seconds=60)
RETRIES = RetryPolicy(base=5.0, attempts=6)
MAIL_ONLY_PREFIX = "mailto:"


def write_notices(rows: Sequence[OwnerNotice], *, now: datetime) -> None:
    """The batch writer: one notice per lead and cause; a second one with the same cause is no news."""
    insert_rows(rows, ignore_conflicts=True)


def for_holder(
    holder: Owner | Queue, *, returned: bool, lead_id: UUID, cause: str, now: datetime
) -> OwnerNotice | None:
    """The notice to whoever has a lead now, or None where nobody wants to hear of it: an owner, or the team of a queue.
    `returned`: they had it before, and it came back."""
    if isinstance(holder, Owner):
        kind = OwnerNotice.Kind.RETURNED if returned else OwnerNotice.Kind.ASSIGNED
        notice = OwnerNotice(owner=holder, kind=kind)
    elif holder.team is not None and (holder.team.notify or holder.team.manager_id is not None):
        # A team without addresses and without a manager chose not to hear of its queue.
        notice = OwnerNotice(team=holder.team, kind=OwnerNotice.Kind.QUEUED)
    else:
        return None
    notice.lead_id, notice.cause, notice.created_at = lead_id, cause, now
    return hold(notice, now=now)


def for_former_owner(owner: Owner, *, lead_id: UUID, cause: str, now: datetime) -> OwnerNotice:
    """The notice to whoever had the lead until now."""
    kind, cause = OwnerNotice.Kind.LOST, f"{cause}:lost"
    return OwnerNotice(lead_id=lead_id, owner=owner, kind=kind, cause=cause, created_at=now, due_at=now)


def hold(notice: OwnerNotice, *, now: datetime) -> OwnerNotice:
    """Let it wait until it is released, at most LEADOPS_NOTICE_GRACE seconds: whoever is told should find the lead."""
    grace = timedelta(seconds=settings.LEADOPS_NOTICE_GRACE)
    notice.due_at = now + grace
    notice.hold_until = notice.due_at if grace else None
    return notice


def release(lead_ids: Collection[UUID], *, now: datetime) -> int:
    """Whoever has these leads finds them where they work: their notices go out now. Returns how many were let go."""
    if not lead_ids:
        return 0
    freed = OwnerNotice.objects.filter(
        lead__in=lead_ids, status=OwnerNotice.Status.WAITING, hold_until__isnull=False
    ).update(hold_until=None, due_at=now)
    if freed:
        nudge(SEND)
    return freed


def cancel(lead_ids: Iterable[UUID], *, kinds: Collection[str]) -> int:
    """Notices that are not news any more (the lead has been answered, or has gone elsewhere)."""
    return OwnerNotice.objects.filter(
        lead__in=list(lead_ids), kind__in=kinds, status=OwnerNotice.Status.WAITING
    ).update(status=OwnerNotice.Status.CANCELLED)


def mail_is_set_up() -> bool:
    """Without an EMAIL_URL mail waits; `doctor` says so."""
    return bool(settings.EMAIL_URL)


def send_due(*, now: datetime) -> int:
    """Send what is due at `now` until nothing is left; returns how many went out. What is written down about the sending
    goes by the clock: sending takes its time."""
    sent = 0
    if not mail_is_set_up():
        return _send_claimed(services_only=True, now=now)
    while count := _send_claimed(services_only=False, now=now):
        sent += count
    return sent


def _send_claimed(*, services_only: bool, now: datetime) -> int:
    due = OwnerNotice.objects.filter(status=OwnerNotice.Status.WAITING, due_at__lte=now)
    if services_only:
        # Owners are told by mail; only teams can have other addresses.
        due = due.filter(
            Q(team__isnull=False) & (Q(team__notify__icontains="://") | Q(team__notify__icontains='"env:'))
        )
    claim = claiming.claim(due.order_by("due_at"), limit=50, lease=LEASE)
    prefetch_related_objects(
        claim.rows, "owner__calendar", "owner__team__calendar", "team__calendar", "team__manager"
    )
    for notice in claim.rows:
        # A slow mail server makes a batch longer than its lease: what somebody else has taken meanwhile is theirs.
        if _begin(notice, token=claim.token):
            _send_one(notice, token=claim.token)
    return len(claim.rows)


def _begin(notice: OwnerNotice, *, token: UUID) -> bool:
    """Write down that it is about to be sent, while it is still ours. `notice.sending_since` stays as it was found."""
    held = OwnerNotice.objects.filter(pk=notice.pk, claim_token=token)
    return bool(held.update(sending_since=timezone.now(), claimed_until=Now() + LEASE))


def _send_one(notice: OwnerNotice, *, token: UUID) -> None:
    everybody = addresses(notice)
    to = [address for address in everybody if _digest(address) not in notice.told]
    problem: NotifyError | None = None
    if not everybody:
        problem = NotifyError("Nobody to tell: neither an address nor a manager is set.", permanent=True)
    elif to:
        title, body = texts.compose(notice)
        try:
            send(to=to, title=title, body=body, key=_key(notice))
        except NotifyError as error:
            problem = error
    now = timezone.now()
    with transaction.atomic():
        if not claiming.relock(OwnerNotice, token=token, pks=[notice.pk]):
            return
        failed = problem.failed if problem else ()
        notice.told += [_digest(address) for address in to if address not in failed]
        _book(notice, problem, to=everybody, now=now)


def _book(notice: OwnerNotice, problem: NotifyError | None, *, to: Sequence[str], now: datetime) -> None:
    notice.claim_token = notice.claimed_until = notice.sending_since = None
    notice.attempts += 1
    subject = subject_of(notice)
    if problem is None:
        failed_before = bool(notice.last_error)
        notice.status, notice.sent_at, notice.last_error = OwnerNotice.Status.SENT, now, ""
        notice.record_behind = notice.hold_until is not None
        notice.save()
        record([_told(notice, to, now=now)])
        if failed_before:
            queue.close_items(
                kind=NOTICE_FAILED,
                subject_type=subject.type,
                subject_ids=[subject.id],
                reason="It was sent.",
                now=now,
            )
        return
    notice.last_error = str(problem)[:500]
    if problem.permanent or RETRIES.is_over(notice.attempts):
        notice.status = OwnerNotice.Status.FAILED
        notice.save()
        found = ExceptionReport(
            kind=NOTICE_FAILED,
            subject=subject,
            cause=str(problem)[:200],
            detail={"to": list(to), "lead": str(notice.lead_id), "kind": notice.kind},
        )
        queue.open_items([found], now=now)
        return
    notice.due_at = now + RETRIES.delay_after(notice.attempts)
    notice.save()


def _digest(address: str) -> str:
    """An address can carry a secret, so it is not kept a second time."""
    return blake2b(address.strip().encode(), digest_size=8).hexdigest()


def _key(notice: OwnerNotice) -> str:
    """A restored or emptied database gives numbers again; not at the same microsecond."""
    return f"notice-{notice.pk}-{notice.created_at:%Y%m%d%H%M%S%f}"


def addresses(notice: OwnerNotice) -> list[str]:
    """Where a notice goes: the owner's mailbox, else the team's addresses, else its manager's mailbox."""
    if notice.owner is not None:
        return [f"{MAIL_ONLY_PREFIX}{notice.owner.email}"]
    if notice.team is None:
        return []
    if notice.team.notify:
        return list(notice.team.notify)
    return [f"{MAIL_ONLY_PREFIX}{notice.team.manager.email}"] if notice.team.manager else []


def subject_of(notice: OwnerNotice) -> Subject:
    """How the exception queue names a notice."""
    label = f"{notice.get_kind_display()} to {notice.owner or notice.team}: {notice.lead}"
    return Subject("notice", str(notice.pk), label)


def _told(notice: OwnerNotice, to: Sequence[str], *, now: datetime) -> TimelineEntry:
    data = {
        "kind": notice.kind,
        "label": notice.get_kind_display(),
        "to": str(notice.owner or notice.team),
        "by": "e-mail" if all(one.startswith(MAIL_ONLY_PREFIX) for one in to) else "message",
        "record_behind": notice.record_behind,
    }
    return TimelineEntry(lead_id=notice.lead_id, at=now, verb="routing.notified", source="notice", data=data)
