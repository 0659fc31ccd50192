"""What the exception queue calls when somebody says: try again."""

from collections.abc import Sequence
from datetime import datetime

from exception_queue.queue import Attempt
from intake.accept import DRAIN
from intake.models import Submission
from plumbing.nudges import nudge


def retry_submissions(subject_ids: Sequence[str], *, by: str, now: datetime) -> Attempt:
    """Work held submissions from the start again.

    From the start: the stored body is read again, so a fixed field map takes effect.
    """
    held = Submission.objects.select_for_update().filter(
        pk__in=subject_ids, status__in=[Submission.Status.HELD, Submission.Status.RETRYING]
    )
    going = [str(pk) for pk in held.order_by("pk").values_list("pk", flat=True)]
    Submission.objects.filter(pk__in=going).update(
        status=Submission.Status.RETRYING,
        stage="",
        due_at=now,
        attempts=0,
        retried_by=by[:200],
        reason=f"Tried again by {by}.",
    )
    nudge(DRAIN)
    return Attempt(pending=going)
