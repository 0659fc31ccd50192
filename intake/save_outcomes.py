"""How a submission's record says what became of it. The only place that writes outcomes to Submission."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from exception_queue import queue
from exception_queue.queue import ExceptionReport
from intake.batch import Batch, LeadWork, Work
from intake.exception_kinds import POISON
from intake.models import Submission
from intake.outcomes import Hold, RetryAt, Stop
from intake.pipeline import pipeline
from intake.subjects import SUBMISSION, submission_subject
from plumbing import claiming
from plumbing.bulk import update_rows
from plumbing.readable import readable

_OUTCOME_FIELDS = [
    "status", "stage", "due_at", "claim_token", "claimed_until", "attempts", "values", "raw_values", "extra",
    "notes", "reason", "bot_filled", "is_test", "meeting", "unchecked", "lead", "handed_off_at",
]  # fmt: skip
HELD_BEFORE = (Submission.Status.HELD, Submission.Status.RETRYING)


def save_outcomes(batch: Batch) -> None:
    """Write each work's outcome, open the items that were asked for, close those whose cause has gone."""
    problems: list[ExceptionReport] = []
    went_on: list[str] = []
    held_again: dict[str, list[str]] = {}
    for work in batch.works:
        submission = work.submission
        before = submission.status
        problem = _save_one(work, now=batch.now)
        if problem:
            problems.append(problem)
            if before in HELD_BEFORE:
                held_again.setdefault(problem.kind, []).append(str(submission.pk))
        elif before in HELD_BEFORE and not isinstance(work.outcome, RetryAt):
            went_on.append(str(submission.pk))
    update_rows([work.submission for work in batch.works], fields=_OUTCOME_FIELDS)
    problems += batch.problems
    if problems:
        queue.open_items(problems, now=batch.now)
    close_for(went_on, reason="It went on.")
    for kind, ids in sorted(held_again.items()):
        close_for(ids, reason="It went on, and is held for another reason now.", other_than=kind)


def hold_alone(submission: Submission, *, token: UUID, error: Exception, now: datetime) -> None:
    """Hold one submission that cannot be worked, with its error, as poison."""
    with transaction.atomic():
        if not claiming.relock(Submission, token=token, pks=[submission.pk]):
            return
        submission.status = Submission.Status.HELD
        submission.due_at = submission.claim_token = submission.claimed_until = None
        submission.reason = readable(f"{type(error).__name__}: {error}")[:2000]
        update_rows([submission], fields=["status", "due_at", "claim_token", "claimed_until", "reason"])
        problem = ExceptionReport(
            kind=POISON,
            subject=submission_subject(submission),
            cause=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"[
                :200
            ],
            detail={"stage": submission.stage or "start", "error": submission.reason},
        )
        queue.open_items([problem], now=now)
        ids = [str(submission.pk)]
        close_for(ids, reason="It cannot be processed at all now.", other_than=problem.kind)


def close_for(submission_ids: Sequence[str], *, reason: str, other_than: str | None = None) -> None:
    """Close the items that were about these submissions: their cause has gone."""
    if not submission_ids:
        return
    queue.close_items(
        kind=None, subject_type=SUBMISSION, subject_ids=submission_ids, reason=reason, other_than=other_than
    )


def _save_one(work: Work, *, now: datetime) -> ExceptionReport | None:
    submission = work.submission
    submission.values, submission.raw_values = work.values, work.raw_values
    submission.extra, submission.notes, submission.unchecked = work.extra, work.notes, work.unchecked
    submission.bot_filled, submission.is_test = work.bot_filled, work.is_test
    submission.meeting = work.meeting
    submission.claim_token = submission.claimed_until = submission.due_at = None
    submission.attempts = 0
    match work.outcome:
        case None:
            submission.status = Submission.Status.HANDED_OFF
            submission.stage, submission.reason = "", ""
            submission.lead = work.lead if isinstance(work, LeadWork) else None
            submission.handed_off_at = now
        case Stop(status=status, reason=reason):
            submission.status, submission.reason, submission.stage = status, reason, ""
        case RetryAt(when=when, reason=reason):
            submission.status, submission.reason, submission.due_at = Submission.Status.RETRYING, reason, when
            submission.stage = _resume_at(work)
        case Hold(kind=kind, cause=cause, detail=detail, release_at=release_at, unchecked=unchecked):
            submission.status, submission.reason, submission.due_at = (
                Submission.Status.HELD,
                cause,
                release_at,
            )
            submission.stage = _resume_at(work)
            submission.unchecked = work.unchecked or unchecked
            return ExceptionReport(
                kind=kind, subject=submission_subject(submission), cause=cause, detail=detail
            )
    return None


def _resume_at(work: Work) -> str:
    """Above the mark: the stage that stopped it. Below: the first one there, since no lead was written."""
    lines = pipeline()
    return lines.names[min(work.stopped_at, lines.mark)]
