"""Stage notify_owner: a row that says whom to tell. A sweep sends it, once the CRM shows the owner."""

from intake.batch import Batch, LeadWork
from routing.models import OwnerNotice
from routing.notices.sending import wait_for_crm, write_notices
from routing.stages.state import routed


def notify_owner(batch: Batch) -> None:
    """One notice per hand-off: the owner, or the team whose queue it is. Disqualified leads are no news."""
    notified = set()
    for work in batch.with_leads():
        notice = _notice(work)
        if notice is not None and work.lead.pk not in notified:
            notified.add(work.lead.pk)
            batch.leave(write_notices, wait_for_crm(notice, now=batch.now))


def _notice(work: LeadWork) -> OwnerNotice | None:
    found = routed(work)
    if found.score is not None and found.score.segment == "disqualified":
        return None
    if found.returning is not None and not found.returning.notify and not found.moved:
        return None
    notice = OwnerNotice(
        lead_id=work.lead.pk,
        cause=f"submission:{work.submission.pk}",
        created_at=work.submission.received_at,
    )
    if found.owner is not None:
        notice.owner = found.owner
        notice.kind = OwnerNotice.Kind.ASSIGNED if found.moved else OwnerNotice.Kind.RETURNED
    elif found.queue is not None and found.queue.team is not None and _reachable(found.queue.team):
        notice.team = found.queue.team
        notice.kind = OwnerNotice.Kind.QUEUED
    else:
        return None
    return notice


def _reachable(team: object) -> bool:
    """A team without addresses and without a manager chose not to hear of its queue."""
    return bool(getattr(team, "notify", None)) or getattr(team, "manager_id", None) is not None
