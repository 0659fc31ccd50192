"""A human hears of it: alert rules decide what is told to whom; notices carry it out of the transaction.

1. `decide`: for each rule that is not quiet, the open and unclaimed items that it has not mentioned yet.
   Enough of them: a notice row, and a mention row per item.
2. `deliver`: due notices are claimed, sent one by one outside any transaction, and booked. What fails is
   tried again later for the addresses that failed; after the last try, or when trying is useless, it
   becomes an item itself.

A rule never tells about its own failure, so two broken rules cannot keep each other busy.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from exception_queue import kinds, queue
from exception_queue.exception_kinds import ALERT_UNDELIVERED
from exception_queue.models import AlertMention, AlertNotice, AlertRule, ExceptionItem, load_pages
from plumbing import claiming, notify
from plumbing.backoff import RetryPolicy

_SUBJECT_TYPE = "alert rule"
_LEASE = timedelta(minutes=2)
_BATCH = 10
# About half an hour until a person has to look.
_RETRIES = RetryPolicy(base=10.0, attempts=8)
_CAUSES_TOLD = 20


def sweep(*, now: datetime) -> None:
    """Write the notices that are due to be written, then send the notices that are due to be sent."""
    decide(now=now)
    deliver(now=now)


def decide(*, now: datetime) -> list[AlertNotice]:
    """A notice for every rule that has something to tell; one transaction per rule."""
    notices = []
    for pk in AlertRule.objects.filter(active=True).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            # A rule that another sweep is looking at needs no second look.
            rule = AlertRule.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
            if rule is not None and not _quiet(rule, now=now):
                notices += _decide_for(rule, now=now)
    return notices


def deliver(*, now: datetime) -> int:
    """Send what is due; how many were sent. Raises nothing that a mail server or service can cause."""
    due = AlertNotice.objects.filter(status=AlertNotice.Status.PENDING, due_at__lte=now).order_by("due_at")
    claim = claiming.claim(due, limit=_BATCH, lease=_LEASE)
    sent = 0
    for notice in claim.rows:
        # Sending may take its time: the lease must cover the next one too.
        if not claiming.renew(AlertNotice, token=claim.token, lease=_LEASE, pks=[notice.pk]):
            continue
        problem: notify.NotifyError | None = None
        try:
            key = f"alert-{notice.pk}-{notice.created_at:%Y%m%d%H%M%S%f}"
            notify.send(to=notice.to, title=notice.title, body=notice.body, key=key)
        except notify.NotifyError as error:
            problem = error
        with transaction.atomic():
            if claiming.relock(AlertNotice, token=claim.token, pks=[notice.pk]):
                _book(notice, problem, now=timezone.now())
                sent += problem is None
    return sent


def retry_undelivered(subject_ids: list[str], *, by: str, now: datetime) -> queue.Attempt:
    """Retry handler: what the rules could not deliver is due again, to the addresses that the rule has now."""
    rules = [int(rule) for rule in subject_ids]
    due = set[str]()
    failed = AlertNotice.objects.filter(rule_id__in=rules, status=AlertNotice.Status.FAILED)
    for notice in failed.select_related("rule").order_by("pk").select_for_update(of=("self",)):
        notice.status, notice.due_at, notice.attempts = AlertNotice.Status.PENDING, now, 0
        notice.to = notice.rule.notify
        notice.save(update_fields=["status", "due_at", "attempts", "to"])
        due.add(str(notice.rule_id))
    return queue.Attempt(pending=due)


def kinds_nobody_hears() -> list[kinds.ExceptionKind]:
    """Kinds that no active rule tells about: if one of these happens, nobody hears of it."""
    heard = {key for rule in AlertRule.objects.filter(active=True) for key in rule.covered_kinds}
    return [kind for kind in kinds.all_kinds() if kind.key not in heard]


def _quiet(rule: AlertRule, *, now: datetime) -> bool:
    return rule.last_sent_at is not None and now < rule.last_sent_at + timedelta(minutes=rule.quiet_minutes)


def _decide_for(rule: AlertRule, *, now: datetime) -> list[AlertNotice]:
    mentioned = AlertMention.objects.filter(rule=rule, item=OuterRef("pk"))
    candidates = ExceptionItem.objects.filter(
        ~Exists(mentioned), status=ExceptionItem.Status.OPEN, claimed_by="", kind__in=rule.covered_kinds
    ).exclude(Q(kind=ALERT_UNDELIVERED) & Q(subject_id=str(rule.pk)))
    if rule.threshold > 1:
        since = now - timedelta(minutes=rule.window_minutes)
        candidates = candidates.filter(last_seen_at__gt=since)
    news = list(candidates.defer("detail"))
    if len(news) < rule.threshold:
        return []
    title, body = _words(news)
    notice = AlertNotice.objects.create(
        rule=rule, created_at=now, due_at=now, title=title, body=body, to=rule.notify
    )
    AlertMention.objects.bulk_create(
        [AlertMention(rule=rule, item=item, notice=notice) for item in news], batch_size=2000
    )
    rule.last_sent_at = now
    rule.save(update_fields=["last_sent_at"])
    return [notice]


def _words(news: Sequence[ExceptionItem]) -> tuple[str, str]:
    """Title and text of an alert: causes, not rows; the worst first, the newest item as its sample."""

    def cause_of(item: ExceptionItem) -> tuple[int, str, str]:
        return (item.described_kind.rank, item.kind, item.cause_key)

    causes = [list(same) for _, same in groupby(sorted(news, key=cause_of), key=cause_of)]
    first = causes[0][0].described_kind.title
    more = f" and {len(causes) - 1} more" if len(causes) > 1 else ""
    needs = "1 exception needs" if len(news) == 1 else f"{len(news)} exceptions need"
    parts = []
    samples = ExceptionItem.objects.in_bulk([same[0].pk for same in causes[:_CAUSES_TOLD]])
    load_pages(samples.values())
    for same in causes[:_CAUSES_TOLD]:
        item, kind = samples[same[0].pk], same[0].described_kind
        others = f" and {len(same) - 1} more" if len(same) > 1 else ""
        parts.append(f"{kind.title}: {item.subject_label}{others}\n{item.cause}\n{kind.what_to_do}")
        if item.subject_url:
            parts[-1] += f"\n{_absolute(item.subject_url)}"
    if len(causes) > _CAUSES_TOLD:
        parts.append(f"… and {len(causes) - _CAUSES_TOLD} other causes.")
    title = f"{needs} a person: {first}{more}"
    return title[:255], "\n\n".join(parts)


def _absolute(url: str) -> str:
    return settings.LEADOPS_PUBLIC_URL + url if url.startswith("/") else url


def _book(notice: AlertNotice, problem: notify.NotifyError | None, *, now: datetime) -> None:
    notice.claim_token = notice.claimed_until = None
    notice.attempts += 1
    if problem is None:
        notice.status, notice.sent_at, notice.last_error = AlertNotice.Status.SENT, now, ""
    else:
        notice.last_error = problem.message
        notice.to = list(problem.failed) or notice.to
        if problem.permanent or _RETRIES.is_over(notice.attempts):
            notice.status = AlertNotice.Status.FAILED
        else:
            notice.due_at = now + _RETRIES.delay_after(notice.attempts)
    notice.save()
    if notice.status == AlertNotice.Status.FAILED:
        queue.open_items([_undelivered(notice)], now=now)
    elif notice.status == AlertNotice.Status.SENT:
        queue.close_items(
            kind=ALERT_UNDELIVERED,
            subject_type=_SUBJECT_TYPE,
            subject_ids=[str(notice.rule_id)],
            reason="A later alert of this rule was delivered.",
            now=now,
        )


def _undelivered(notice: AlertNotice) -> queue.ExceptionReport:
    return queue.ExceptionReport(
        kind=ALERT_UNDELIVERED,
        subject=queue.Subject(
            type=_SUBJECT_TYPE,
            id=str(notice.rule_id),
            label=notice.rule.name,
        ),
        cause=notice.last_error,
        detail={"title": notice.title, "attempts": notice.attempts},
    )
