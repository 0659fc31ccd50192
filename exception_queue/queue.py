"""The writers of the exception queue: only they open, change and settle items (rule 2).

An item that happens again while it is unsettled counts up and keeps its claim; a snoozed one wakes when its
time has come, or when it has happened ten times as often as when it was put to sleep. One that is being tried
again stays until the answer is there: it closes when the cause goes away, and counts up when the same is
reported again. What happens again after it was settled is a new item.

Rows are locked in the order (kind, subject type, subject id) by every writer, so that no two can wait for each
other; layers above call these writers last in a transaction. Where `now` is None it is the clock's.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Collate
from django.utils import timezone

from exception_queue import kinds
from exception_queue.models import AlertMention, ExceptionItem, ExceptionNote
from exception_queue.reports import Attempt, ExceptionReport, Retried, RetryRefused, Subject, row_of
from exception_queue.upsert import upsert
from plumbing import dotted

__all__ = [
    "Attempt", "ExceptionReport", "Retried", "RetryRefused", "Subject", "claim", "close_items", "dismiss", "forget", "is_open",
    "open_items", "release", "resolve", "retry", "snooze", "wake_snoozed",
]  # fmt: skip

Verb = ExceptionNote.Verb
Status = ExceptionItem.Status

ITSELF = "leadops"
# Byte order, as Python sorts; the database's own collation would lock in another order than the upsert.
_LOCK_ORDER = (Collate("kind", "C"), Collate("subject_type", "C"), Collate("subject_id", "C"))


def open_items(problems: Iterable[ExceptionReport], *, now: datetime) -> list[ExceptionItem]:
    """One unsettled item per kind and subject, counted up where there is one; sorted by key.

    Two statements (three when a snoozed item wakes), whatever the number of problems. Works inside the
    transaction of the caller, which then holds the items until it ends. Raises kinds.UnknownKind.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for problem in problems:
        row = row_of(problem)
        key = (row["kind"], row["subject_type"], row["subject_id"])
        row["count"] += rows[key]["count"] if key in rows else 0
        rows[key] = row
    if not rows:
        return []
    with transaction.atomic(savepoint=False):
        found = upsert([rows[key] for key in sorted(rows)], now=now)
        items = [item for item, _ in found]
        _note([item for item, is_new in found if is_new], verb=Verb.OPENED, actor=ITSELF, text="", at=now)
        _wake([item for item in items if item.status == Status.OPEN and item.snoozed_until], now=now)
        _failed_again([item for item in items if item.retried_at], now=now)
    return sorted(items, key=lambda item: (item.kind, item.subject_type, item.subject_id))


def close_items(
    *,
    kind: str | None,
    subject_type: str,
    subject_ids: Collection[str],
    reason: str,
    other_than: str | None = None,
    now: datetime | None = None,
) -> int:
    """The cause went away: resolve the unsettled items of these subjects (kind None: of every kind, but for
    `other_than`); how many. What somebody had tried again is resolved by them. Cheap when there is none.
    """
    if not subject_ids:
        return 0
    with transaction.atomic(savepoint=False):
        about = Q(subject_type=subject_type, subject_id__in=list(subject_ids))
        if kind is not None:
            about &= Q(kind=kind)
        if other_than is not None:
            about &= ~Q(kind=other_than)
        items = _locked(about)
        for by, theirs in groupby(sorted(items, key=_tried_by), key=_tried_by):
            verb = Verb.RESOLVED if by else Verb.CLOSED
            words = f"Tried again: {reason}" if by else reason
            _close(list(theirs), verb=verb, by=by or ITSELF, note=words, now=now or timezone.now())
        return len(items)


def is_open(*, kind: str, subject: Subject) -> bool:
    """Whether this kind of problem with this subject is unsettled; a sweep asks so as not to count its own rounds."""
    about = {"kind": kind, "subject_type": subject.type, "subject_id": subject.id}
    return ExceptionItem.objects.filter(**about, status__in=ExceptionItem.UNRESOLVED).exists()


def claim(
    items: Iterable[ExceptionItem], *, by: str, note: str = "", now: datetime | None = None
) -> list[ExceptionItem]:
    """Take what nobody else has claimed; it stays open. Returns what is `by`'s now."""
    now = now or timezone.now()
    with transaction.atomic(savepoint=False):
        theirs = [item for item in _locked(_among(items)) if item.claimed_by in ("", by)]
        new = [item for item in theirs if not item.claimed_by]
        for item in new:
            item.claimed_by, item.claimed_at = by, now
        ExceptionItem.objects.filter(pk__in=_keys(new)).update(claimed_by=by, claimed_at=now)
        _note(new, verb=Verb.CLAIMED, actor=by, text=note, at=now)
    return theirs


def release(
    items: Iterable[ExceptionItem], *, by: str, note: str = "", now: datetime | None = None
) -> list[ExceptionItem]:
    """Give claimed items back, whoever has them; the note on each says who did."""
    now = now or timezone.now()
    with transaction.atomic(savepoint=False):
        held = [item for item in _locked(_among(items)) if item.claimed_by]
        for item in held:
            item.claimed_by, item.claimed_at = "", None
        ExceptionItem.objects.filter(pk__in=_keys(held)).update(claimed_by="", claimed_at=None)
        _note(held, verb=Verb.RELEASED, actor=by, text=note, at=now)
    return held


def retry(items: Iterable[ExceptionItem], *, by: str, note: str = "", now: datetime | None = None) -> Retried:
    """Try again what failed, by the retry handler of each kind. The items stay until the answer is there.

    A handler is called as `handler(subject_ids, by=by, now=now)` and answers with an Attempt: it writes rows that make the
    work due again and nudges, or does what takes no time at once. It leaves alone subjects that wait for nothing
    (two people may press the button): their items are done. It raises RetryRefused when it cannot try; its
    kind's items then stay as they are.

    The handler comes before the items are locked, as everywhere: first the rows of the layers above, then the
    items. Each kind is a transaction of its own.
    """
    now = now or timezone.now()
    retried = Retried()
    asked = ExceptionItem.objects.filter(_among(items), status__in=ExceptionItem.UNRESOLVED)
    for key, of_kind in groupby(asked.order_by(*_LOCK_ORDER), key=lambda item: item.kind):
        chosen = list(of_kind)
        kind = kinds.described(key)
        try:
            with transaction.atomic():
                if kind.retry is None:
                    raise RetryRefused("It cannot be tried again: fix the cause, then resolve it.")
                ids = list(dict.fromkeys(item.subject_id for item in chosen))
                attempt: Attempt = dotted.resolve(kind.retry)(ids, by=by, now=now)
                retried.done += _closed_by_trying(chosen, by=by, note=note, now=now)
                _after(attempt, _locked(_among(chosen)), retried, by=by, note=note, now=now)
        except RetryRefused as refusal:
            retried.refusals.append(f"{kind.title}: {refusal}")
            _note(chosen, verb=Verb.REFUSED, actor=by, text=str(refusal), at=now)
        else:
            retried.refusals += [f"{kind.title}: {words}" for words in dict.fromkeys(attempt.failed.values())]
    return retried


def resolve(
    items: Iterable[ExceptionItem], *, by: str, note: str = "", now: datetime | None = None
) -> list[ExceptionItem]:
    """A person fixed the cause."""
    with transaction.atomic(savepoint=False):
        return _close(_locked(_among(items)), verb=Verb.RESOLVED, by=by, note=note, now=now or timezone.now())


def dismiss(
    items: Iterable[ExceptionItem],
    *,
    by: str,
    note: str = "",
    options: Collection[str] = (),
    now: datetime | None = None,
) -> list[ExceptionItem]:
    """A person decided that nothing needs to be done.

    For some kinds that decides about the subject too: `on_dismiss` is called as
    `handler(subject_ids, by=by, options=options)` in the transaction that closes the items, and before these are
    locked, as in `retry`. It leaves alone subjects that wait for nothing any more. `options` are keys of
    `dismiss_options`; a kind that does not offer one does not hear of it.
    """
    with transaction.atomic(savepoint=False):
        asked = ExceptionItem.objects.filter(_among(items), status__in=ExceptionItem.UNRESOLVED)
        for key, of_kind in groupby(asked.order_by(*_LOCK_ORDER), key=lambda item: item.kind):
            kind = kinds.described(key)
            if kind.on_dismiss is not None:
                dotted.resolve(kind.on_dismiss)(
                    list(dict.fromkeys(item.subject_id for item in of_kind)),
                    by=by,
                    options=[option for option in options if option in kind.dismiss_options],
                )
        return _close(
            _locked(_among(items)),
            verb=Verb.DISMISSED,
            by=by,
            note=note,
            now=now or timezone.now(),
            status=Status.DISMISSED,
        )


def snooze(
    items: Iterable[ExceptionItem], *, by: str, until: datetime, note: str = "", now: datetime | None = None
) -> list[ExceptionItem]:
    """Out of sight until then, or until it has happened ten times as often. ValueError for a past time."""
    now = now or timezone.now()
    if until <= now:
        raise ValueError("Snooze until a time that is still to come.")
    with transaction.atomic(savepoint=False):
        asleep = _locked(_among(items))
        for item in asleep:
            item.status, item.snoozed_until, item.snoozed_at_count = Status.SNOOZED, until, item.count
        ExceptionItem.objects.filter(pk__in=_keys(asleep)).update(
            status=Status.SNOOZED, snoozed_until=until, snoozed_at_count=F("count")
        )
        _note(asleep, verb=Verb.SNOOZED, actor=by, text=note, at=now)
    return asleep


def wake_snoozed(*, now: datetime) -> int:
    """Open what was snoozed until now, and make it news for the alert rules again; how many."""
    with transaction.atomic():
        return len(_wake(_locked(Q(status=Status.SNOOZED, snoozed_until__lte=now)), now=now))


def forget(keys: Collection[int]) -> None:
    """Settled items go for their age, with their notes."""
    ExceptionItem.objects.filter(pk__in=list(keys)).exclude(status__in=ExceptionItem.UNRESOLVED).delete()


def _after(
    attempt: Attempt, items: Sequence[ExceptionItem], retried: Retried, *, by: str, note: str, now: datetime
) -> None:
    pending = [item for item in items if item.subject_id in attempt.pending]
    failed = [item for item in items if item.subject_id in attempt.failed]
    _note([*pending, *failed], verb=Verb.RETRIED, actor=by, text=note, at=now)
    for item in pending:
        item.retried_at, item.retried_by, item.retried_cause_key = now, by, item.cause_key
    ExceptionItem.objects.filter(pk__in=_keys(pending)).update(
        retried_at=now, retried_by=by, retried_cause_key=F("cause_key")
    )
    for item in failed:
        item.count, item.last_seen_at = item.count + 1, now
        _note([item], verb=Verb.FAILED_AGAIN, actor=by, text=attempt.failed[item.subject_id], at=now)
    ExceptionItem.objects.filter(pk__in=_keys(failed)).update(count=F("count") + 1, last_seen_at=now)
    settled = [item for item in items if item not in pending and item not in failed]
    retried.trying += pending
    retried.failed += failed
    retried.done += _close(settled, verb=Verb.RETRIED, by=by, note=note, now=now)


def _closed_by_trying(
    items: Sequence[ExceptionItem], *, by: str, note: str, now: datetime
) -> list[ExceptionItem]:
    """What the handler itself has closed, in this transaction: it was the person's doing."""
    closed = list(ExceptionItem.objects.filter(_among(items), status=Status.RESOLVED, resolved_by=ITSELF))
    for item in closed:
        item.resolved_by = by
    ExceptionItem.objects.filter(pk__in=_keys(closed)).update(resolved_by=by)
    _note(closed, verb=Verb.RETRIED, actor=by, text=note, at=now)
    return closed


def _failed_again(items: Sequence[ExceptionItem], *, now: datetime) -> None:
    """What came of trying: the same answer, or another one."""
    for item in items:
        same = item.cause_key == item.retried_cause_key
        came = "the same answer" if same else item.cause
        _note(
            [item], verb=Verb.FAILED_AGAIN, actor=ITSELF, text=f"Tried by {item.retried_by}: {came}", at=now
        )
        item.retried_at, item.retried_by, item.retried_cause_key = None, "", ""
    if items:
        ExceptionItem.objects.filter(pk__in=_keys(items)).update(
            retried_at=None, retried_by="", retried_cause_key=""
        )


def _tried_by(item: ExceptionItem) -> str:
    return item.retried_by


def _among(items: Iterable[ExceptionItem]) -> Q:
    return Q(pk__in=items.values("pk") if isinstance(items, QuerySet) else _keys(items))


def _keys(items: Iterable[ExceptionItem]) -> list[int]:
    return [item.pk for item in items]


def _locked(about: Q) -> list[ExceptionItem]:
    unresolved = ExceptionItem.objects.filter(about, status__in=ExceptionItem.UNRESOLVED)
    return list(unresolved.order_by(*_LOCK_ORDER).select_for_update(no_key=True))


def _close(
    items: Sequence[ExceptionItem],
    *,
    verb: str,
    by: str,
    note: str,
    now: datetime,
    status: str = Status.RESOLVED,
) -> list[ExceptionItem]:
    end = {
        "status": status,
        "resolved_at": now,
        "resolved_by": by,
        "resolution": note,
        "retried_at": None,
        "retried_by": "",
        "retried_cause_key": "",
    }
    for item in items:
        for name, value in end.items():
            setattr(item, name, value)
    if items:
        ExceptionItem.objects.filter(pk__in=_keys(items)).update(**end)
    _note(items, verb=verb, actor=by, text=note, at=now)
    return list(items)


def _wake(items: Sequence[ExceptionItem], *, now: datetime) -> list[ExceptionItem]:
    if items:
        for item in items:
            item.status, item.snoozed_until, item.snoozed_at_count = Status.OPEN, None, None
        ExceptionItem.objects.filter(pk__in=_keys(items)).update(
            status=Status.OPEN, snoozed_until=None, snoozed_at_count=None
        )
        AlertMention.objects.filter(item__in=_keys(items)).delete()
    _note(items, verb=Verb.WOKEN, actor=ITSELF, text="", at=now)
    return list(items)


def _note(items: Sequence[ExceptionItem], *, verb: str, actor: str, text: str, at: datetime) -> None:
    ExceptionNote.objects.bulk_create(
        [ExceptionNote(item=item, at=at, actor=actor, verb=verb, text=text) for item in items],
        batch_size=1000,
    )
