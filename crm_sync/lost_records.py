"""Whether a record still stands where we believe: the one judge for events, the sweep and the sender, and what follows.

| what the CRM answers for the record's id | what that means                                                               |
|------------------------------------------|-------------------------------------------------------------------------------|
| nothing                                  | somebody deleted it: the lead is shown so, and a person is asked              |
| another record                           | merged: ours from now on, unless it is another lead's; then as if deleted     |
| the record, though it was gone           | somebody restored it: all goes on as before                                   |

Nothing is made again by itself: who deletes somebody, for privacy perhaps, does not find them there again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.connectors import connector_class
from crm_sync.connectors.base import Present
from crm_sync.models import CrmLink
from exception_queue.queue import Attempt, ExceptionReport, RetryRefused, close_items
from intake.models import Lead, TimelineEntry
from intake.subjects import LEAD, lead_subject
from intake.timeline import record
from plumbing import nudges
from plumbing.bulk import update_rows

Gone = CrmLink.Gone
_CAUSES = {
    Gone.DELETED: "The record was deleted in {crm}.",
    Gone.ERASED: "The person was erased in {crm} for privacy: whoever makes a record again needs a reason to keep them.",
    Gone.MERGED: "The record was merged into another lead's record in {crm}.",
}


def compare(
    link: CrmLink, present: Present | None, *, erased: bool = False, now: datetime
) -> list[ExceptionReport]:
    """What the CRM has just answered for the link's id. The caller holds the link; opens what is returned last."""
    if link.gone_how == Gone.MOVED:
        return []  # It is left as it is, whatever that is.
    if present is None:
        how = Gone.ERASED if erased else Gone.DELETED
        return lose([link], how=how, now=now)
    if present.remote_id != link.remote_id:
        return _moved(link, present, now=now)
    if link.gone_at:
        _found(link, verb="crm_sync.record_found", reason="The record stands there again.", now=now)
    return []


def lose(links: Sequence[CrmLink], *, how: str, now: datetime) -> list[ExceptionReport]:
    """Their records do not stand there any more, which is written down and asked about, once."""
    links = [link for link in links if not _is_known(link, how)]
    for link in links:
        link.gone_at, link.gone_how, link.left_gone = now, how, False
    update_rows(links, fields=["gone_at", "gone_how", "left_gone"])
    record([_line(link, "crm_sync.record_gone", now=now, actor="") for link in links])
    leads = Lead.objects.in_bulk([link.lead_id for link in links])
    return [
        ExceptionReport(
            kind=kinds.RECORD_GONE,
            subject=lead_subject(leads[link.lead_id]),
            cause=_CAUSES[Gone(how)].format(crm=link.connection.crm_name),
            detail={"connection": link.connection.key, "record": link.remote_id},
            cause_key=f"{link.connection.key} {how}",
        )
        for link in links
    ]


def _is_known(link: CrmLink, how: str) -> bool:
    """Who was erased stays so: whoever looks later, for an event that comes late, sees only that nothing stands there."""
    if link.gone_at is None:
        return False
    return how == link.gone_how or (how == Gone.DELETED and link.gone_how == Gone.ERASED)


def create_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads whose record is gone: they get another one, whole.

    Raises RetryRefused when none of their connections writes them.
    """
    gone = _lost(subject_ids)
    with transaction.atomic():
        rows = gone.select_related("connection", "lead").order_by("pk")
        why_not = {
            link: link.connection.why_not_written(is_test=link.lead.is_test)
            for link in rows.select_for_update(of=("self",))
        }
        links = [link for link, why in why_not.items() if not why]
        if why_not and not links:
            raise RetryRefused(next(iter(why_not.values())))
        record([_line(link, "crm_sync.record_wanted", now=now, actor=by) for link in links])
        for link in links:
            link.delete()
            outbox.queue_for(link.connection_id, [link.lead_id], now=now)
        nudges.nudge(outbox.DRAIN)
    return Attempt()


def leave(subject_ids: Collection[str], *, by: str, options: Collection[str]) -> None:
    """What dismissing does: the lead stays here alone, and its page says so."""
    _lost(subject_ids).update(left_gone=True)


def _lost(subject_ids: Collection[str]) -> QuerySet[CrmLink]:
    """Without those that were left as they stand."""
    gone = CrmLink.objects.filter(lead_id__in=outbox.lead_ids(subject_ids), gone_at__isnull=False)
    return gone.exclude(gone_how=Gone.MOVED)


def _moved(link: CrmLink, present: Present, *, now: datetime) -> list[ExceptionReport]:
    theirs = CrmLink.objects.filter(connection=link.connection, remote_id=present.remote_id)
    if theirs.exclude(pk=link.pk).exists() or _is_another_lead(present, link.lead_id):
        return lose([link], how=Gone.MERGED, now=now)
    link.remote_id = present.remote_id
    if not present.lead_id:
        # Our key is not on it: it is written whole, and the key with it; but for the owner: who stands there now, and by whom,
        # is looked at like any other change there.
        owner = _owner_property(link)
        link.sent = {name: value for name, value in link.sent.items() if name == owner}
        outbox.queue_for(link.connection_id, [link.lead_id], now=now)
    _found(
        link, verb="crm_sync.record_merged", reason="It was merged into a record that is ours now.", now=now
    )
    return []


def _found(link: CrmLink, *, verb: str, reason: str, now: datetime) -> None:
    was_gone = link.gone_at is not None
    link.gone_at, link.gone_how, link.left_gone = None, "", False
    update_rows([link], fields=["remote_id", "sent", "gone_at", "gone_how", "left_gone"])
    record([_line(link, verb, now=now, actor="")])
    if was_gone:
        outbox.queue_for(link.connection_id, [link.lead_id], now=now)
        close_items(
            kind=kinds.RECORD_GONE,
            subject_type=LEAD,
            subject_ids=[str(link.lead_id)],
            reason=reason,
            now=now,
        )


def _owner_property(link: CrmLink) -> str:
    found = connector_class(link.connection.kind)
    return found.names.owner if found else ""


def _is_another_lead(present: Present, lead_id: UUID) -> bool:
    try:
        other = UUID(present.lead_id)
    except ValueError:
        return False
    return other != lead_id and Lead.objects.filter(pk=other).exists()


def _line(link: CrmLink, verb: str, *, now: datetime, actor: str) -> TimelineEntry:
    key = link.connection.key
    data = {"connection": key, "record": link.remote_id, "how": link.gone_how}
    source = "console" if actor else key
    return TimelineEntry(lead_id=link.lead_id, at=now, verb=verb, actor=actor, source=source, data=data)
