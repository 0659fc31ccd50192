"""Stage notify_owner: a row that says whom to tell. A sweep sends it, once it is released or its grace is over."""

from datetime import datetime

from intake.batch import Batch, LeadWork
from intake.pipeline import stage
from routing.models import OwnerNotice
from routing.notices import sending
from routing.stages.state import routed


@stage(needs=("route",))
def notify_owner(batch: Batch) -> None:
    """One notice per hand-off: the owner, or the team whose queue it is. Disqualified leads are no news. Whoever had a lead that
    came back and went elsewhere hears of that."""
    notified = set()
    for work in batch.with_leads():
        notice = _notice(work, now=batch.now)
        if notice is not None and work.lead.pk not in notified:
            notified.add(work.lead.pk)
            batch.leave(sending.write_notices, notice)
        found = routed(work)
        if found.moved and (had := found.had) is not None and had.active:
            cause = f"submission:{work.submission.pk}"
            gone = sending.for_former_owner(had, lead_id=work.lead.pk, cause=cause, now=batch.now)
            batch.leave(sending.write_notices, gone)


def _notice(work: LeadWork, *, now: datetime) -> OwnerNotice | None:
    found = routed(work)
    holder = found.owner or found.queue
    if holder is None or (found.score is not None and found.score.segment == "disqualified"):
        return None
    if found.returning is not None and not found.returning.notify and not found.moved:
        return None
    notice = sending.for_holder(
        holder,
        returned=not found.moved,
        lead_id=work.lead.pk,
        cause=f"submission:{work.submission.pk}",
        now=now,
    )
    if notice is not None:
        notice.created_at = work.submission.received_at
    return notice
