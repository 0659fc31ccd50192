"""Works submissions that are due, in batches.

1. Claim up to LEADOPS_BATCH_SIZE due submissions (token, lease of 30 s); whoever dies loses the claim, not the work.
   While many come in, wait for some more.
2. Run the stages above the mark. They may go on the wire, within their time budgets.
3. Open one transaction, re-lock the submissions by token and drop those that somebody else has taken meanwhile.
4. Run the stages below the mark: they decide in memory and leave rows.
5. Write all rows through their writers, book each submission's outcome, open exception items. Commit.
6. Wake whoever sends notices and feeds the CRM.
An error rolls everything back and replays the batch in halves, until the one bad submission is alone: it is held with its error.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, prefetch_related_objects
from django.db.models.functions import Now
from django.utils import timezone

from intake.batch import Batch, Work
from intake.models import Submission
from intake.pipeline import pipeline, wake_ups
from intake.save_outcomes import hold_alone, save_outcomes
from plumbing import claiming
from plumbing.backoff import RetryPolicy

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
# Of a submission: it kills its worker, or its batch, again and again.
TRIES = RetryPolicy(attempts=5, alone_after=3)
# A batch is tried whole this often when PostgreSQL ended it as the victim of a deadlock or a serialization failure.
CONFLICTS = RetryPolicy(base=0.02, attempts=8)
# A second worker joins in when a whole batch waits, or somebody for this long (whoever is at work may have died). Longer
# than LEADOPS_GATHER_MS: whoever waits for more is at work.
PATIENCE = timedelta(milliseconds=500)
# Many come in: so many a second, and so many of them are there already.
MANY_A_SECOND, MANY = 30, 5
_RETRYABLE = ("40P01", "40001", "55P03")


class _HeldBelowTheMark(Exception):
    """A stage inside the transaction stopped a work; rolls the transaction back."""


def drain(*, now: datetime | None = None) -> int:
    """Work everything that is due until nothing is left for us; returns the number of submissions worked.

    `now` None is the clock, which goes on while we work. Claims go by the database's clock either way.
    """
    pipeline()  # An idle process loads the stages with its first sweep, before a lead has to wait for it.
    worked = 0
    while _is_needed(now or timezone.now()) and (done := work_once(now=now)):
        worked += done
    return worked


def _is_needed(now: datetime) -> bool:
    """Whether to take a batch now, or to leave what is due to a worker that is at it.

    Two workers with a lead each do the work of two batches where one would do, and keep both from the CRM. Nothing is
    forgotten: a worker looks again after its last batch, so it sees what was committed before we saw that worker.
    """
    at_it = Submission.objects.filter(claim_token__isnull=False, claimed_until__gt=Now())
    due = (
        Submission.objects.filter(claiming.free(), due_at__lte=now)
        .order_by("due_at")
        .annotate(busy=Exists(at_it))
    )
    waiting = list(due.values_list("due_at", "busy")[: settings.LEADOPS_BATCH_SIZE])
    if not waiting:
        return False
    (longest, busy), *_others = waiting
    assert longest is not None
    return not busy or longest < now - PATIENCE or len(waiting) == settings.LEADOPS_BATCH_SIZE


def work_once(*, now: datetime | None = None) -> int:
    """Claim one batch and work it, at `now` or else by the clock; returns how many submissions were claimed."""
    real = timezone.now()
    due = Submission.objects.filter(due_at__lte=now or real).order_by("due_at")
    # Counted before the work: a submission that kills its worker must be found out too.
    claim = claiming.claim(due, limit=settings.LEADOPS_BATCH_SIZE, lease=LEASE, counting="attempts")
    if not claim.rows:
        return 0
    if now is None:
        _gather(claim)
    prefetch_related_objects(claim.rows, "form")
    together, alone = [], []
    for submission in claim.rows:
        failed = submission.attempts - 1
        if TRIES.is_over(failed):
            error = RuntimeError(f"It was tried {failed} times and never came to an end.")
            hold_alone(submission, token=claim.token, error=error, now=now or real)
        elif TRIES.is_alone(failed):
            alone.append(submission)
        else:
            together.append(submission)
    with _renewed(claim.token):
        for group in [together, *([one] for one in alone)]:
            if group:
                _replay_in_halves(group, token=claim.token, now=now)
    for wake in wake_ups():
        wake()
    return len(claim.rows)


def _gather(claim: claiming.Claim[Submission]) -> None:
    """While many come in, wait until the first of them has waited for LEADOPS_GATHER_MS, and take along who came meanwhile.

    Each batch costs the CRM a look-up and some writes, whatever its size, and a CRM counts calls. A lead that comes alone, or one
    of a few, waits for nobody.
    """
    longest = settings.LEADOPS_GATHER_MS / 1000
    first = claim.rows[0].due_at
    waited = (timezone.now() - first).total_seconds() if first else longest
    is_many = len(claim.rows) >= max(MANY, waited * MANY_A_SECOND)
    room = settings.LEADOPS_BATCH_SIZE - len(claim.rows)
    if not is_many or waited >= longest or room <= 0:
        return
    time.sleep(longest - max(0.0, waited))
    due = Submission.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    claim.rows.extend(
        claiming.claim(due, limit=room, lease=LEASE, counting="attempts", token=claim.token).rows
    )


def _replay_in_halves(submissions: Sequence[Submission], *, token: UUID, now: datetime | None) -> None:
    try:
        _run_whole(submissions, token=token, now=now)
    except OperationalError:
        # The database is in trouble, not the data: the claim lapses and the sweep takes the rows again.
        raise
    except Exception as error:
        log.exception("A batch of %d failed", len(submissions))
        if len(submissions) == 1:
            hold_alone(submissions[0], token=token, error=error, now=now or timezone.now())
            return
        half = len(submissions) // 2
        _replay_in_halves(submissions[:half], token=token, now=now)
        _replay_in_halves(submissions[half:], token=token, now=now)


def _run_whole(submissions: Sequence[Submission], *, token: UUID, now: datetime | None) -> None:
    for failed in count(1):
        try:
            _run(submissions, token=token, now=now)
            return
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code not in _RETRYABLE or CONFLICTS.is_over(failed):
                raise
            log.warning("Batch of %d is tried again: %s", len(submissions), code)
            time.sleep(CONFLICTS.delay_after(failed).total_seconds())


def _run(submissions: Sequence[Submission], *, token: UUID, now: datetime | None) -> None:
    lines = pipeline()
    batch = Batch((_take_up(submission) for submission in submissions), now=now or timezone.now())
    for position in range(lines.mark):
        batch.run(lines.stages[position], position=position)
    try:
        with transaction.atomic():
            _drop_what_is_lost(batch, token=token)
            for position in range(lines.mark, len(lines.stages)):
                batch.run(lines.stages[position], position=position)
            if any(work.outcome is not None and work.stopped_at >= lines.mark for work in batch.works):
                raise _HeldBelowTheMark
            batch.write()
            save_outcomes(batch)
        _say(batch)
    except _HeldBelowTheMark:
        # Nothing of a held lead may be written, a turn of a rotation least of all: the others run again without it.
        _save_held(batch, token=token)
        rest = [work.submission for work in batch.works if work.outcome is None]
        if rest:
            _run(rest, token=token, now=now)


def _save_held(batch: Batch, *, token: UUID) -> None:
    held = Batch((work for work in batch.works if work.outcome is not None), now=batch.now)
    with transaction.atomic():
        _drop_what_is_lost(held, token=token)
        save_outcomes(held)
    _say(held)


def _say(batch: Batch) -> None:
    """What has become of each, once it is committed."""
    for work in batch.works:
        submission = work.submission
        log.info(
            "submission worked",
            extra={
                "submission": str(submission.pk),
                "lead": str(submission.lead_id or ""),
                "form": work.form.key,
                "outcome": submission.status,
            },
        )


def _drop_what_is_lost(batch: Batch, *, token: UUID) -> None:
    ours = claiming.relock(Submission, token=token, pks=[work.submission.pk for work in batch.works])
    batch.works = [work for work in batch.works if work.submission.pk in ours]


def _take_up(submission: Submission) -> Work:
    return Work(
        submission=submission,
        form=submission.form,
        cursor=pipeline().position(submission.stage),
        values=dict(submission.values),
        raw_values=dict(submission.raw_values),
        extra=dict(submission.extra),
        notes=list(submission.notes),
        bot_filled=submission.bot_filled,
        is_test=submission.is_test,
        meeting=submission.meeting,
        unchecked=submission.unchecked,
    )


@contextmanager
def _renewed(token: UUID) -> Iterator[None]:
    """Renew the lease while working, from a thread with a connection of its own."""
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(LEASE.total_seconds() / 3):
            claiming.renew(Submission, token=token, lease=LEASE)
        connection.close()

    thread = threading.Thread(target=keep, daemon=True, name="submission-lease")
    thread.start()
    try:
        yield
    finally:
        stop.set()
