"""What a person says of possible spam: it is spam, or it is not."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from exception_queue.queue import Attempt
from intake import blocklist
from intake.accept import DRAIN
from intake.models import BlockedSender, Submission
from plumbing.bulk import update_rows
from plumbing.nudges import nudge

Status = Submission.Status

BLOCK_OPTIONS: Mapping[str, str] = {
    BlockedSender.Kind.EMAIL: "Block the e-mail address",
    BlockedSender.Kind.DOMAIN: "Block the domain, unless it is a public mail service's",
    BlockedSender.Kind.IP: "Block the network address",
}
WAITING = (Status.HELD, Status.RETRYING)
# A person can change their mind about what was called spam, by a person or by a check.
UNDECIDED = (*WAITING, Status.SPAM)


def settle_as_spam(subject_ids: Collection[str], *, by: str, options: Collection[str] = ()) -> list[str]:
    """Spam: these submissions end here and are never due again; returns the ids of those that still waited.

    `options` are kinds of BLOCK_OPTIONS: their senders are blocked too. A worker that has one in hand loses its claim.
    """
    found = _locked(subject_ids, among=WAITING)
    for submission in found:
        submission.status, submission.stage, submission.due_at = Status.SPAM, "", None
        submission.unchecked, submission.cleared_by = False, ""
        submission.reason = f"{by} said that it is spam."
    _save(found)
    blocklist.block(found, kinds=options, reason=f"Spam, said {by}")
    return _ids(found)


def let_through(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """Not spam: these submissions go on at once, past every spam check."""
    found = _locked(subject_ids, among=UNDECIDED)
    for submission in found:
        # It goes on where it waits; one that ended as spam starts anew.
        submission.status, submission.due_at = Status.RETRYING, now
        submission.unchecked, submission.cleared_by, submission.attempts = False, by[:200], 0
        submission.reason = f"{by} said that it is no spam."
    _save(found)
    nudge(DRAIN)
    return Attempt(pending=_ids(found))


def _locked(subject_ids: Collection[str], *, among: Sequence[str]) -> list[Submission]:
    rows = Submission.objects.filter(pk__in=subject_ids, status__in=among)
    return list(rows.select_for_update(no_key=True).order_by("pk"))


def _save(submissions: Sequence[Submission]) -> None:
    for submission in submissions:
        submission.claim_token = submission.claimed_until = None
    update_rows(
        submissions,
        fields=[
            "status", "stage", "due_at", "claim_token", "claimed_until", "attempts", "unchecked", "cleared_by", "reason",
        ],
    )  # fmt: skip


def _ids(submissions: Sequence[Submission]) -> list[str]:
    return [str(submission.pk) for submission in submissions]
