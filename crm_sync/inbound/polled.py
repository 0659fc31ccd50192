"""Changes that a poll has found, as the events that a webhook would have brought: one code decides what they mean."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from crm_sync.connectors.base import WHOLE_RECORD, RemoteChange
from crm_sync.connectors.records import RemoteContact
from crm_sync.inbound.webhook_events import WORK
from crm_sync.models import CrmConnection, CrmLink, InboundEvent
from plumbing import nudges


def note(connection: CrmConnection, contacts: Sequence[RemoteContact], *, now: datetime) -> int:
    """An event for each record of a lead that was changed since we wrote it, or merged into another; returns how many.

    Two statements, none for nobody; in the caller's transaction.
    """
    said = {one.remote_id: one for one in contacts} | {old: one for one in contacts for old in one.merged_ids}
    if not said:
        return 0
    links = CrmLink.objects.filter(connection=connection, remote_id__in=said)
    events = [
        InboundEvent.of(_change(remote_id, said[remote_id]), connection=connection, now=now)
        for remote_id, written_at in links.values_list("remote_id", "remote_modified_at")
        if _is_news(remote_id, said[remote_id], written_at)
    ]
    if events:
        InboundEvent.objects.bulk_create(events, ignore_conflicts=True)
        nudges.nudge(WORK)
    return len(events)


def _is_news(remote_id: str, one: RemoteContact, written_at: datetime | None) -> bool:
    """Whether it is not what we have written ourselves."""
    if remote_id != one.remote_id or written_at is None or one.modified_at is None:
        return True
    return one.modified_at > written_at


def _change(remote_id: str, one: RemoteContact) -> RemoteChange:
    moment = one.modified_at.isoformat() if one.modified_at else ""
    # Where a CRM counts whole seconds, two changes may have one moment.
    shown = blake2b(
        "\n".join((one.owner_id, one.lead_status, one.lifecycle)).encode(), digest_size=8
    ).hexdigest()
    return RemoteChange(
        dedupe_key=f"polled:{remote_id}:{moment}:{shown}",
        remote_id=remote_id,
        property=WHOLE_RECORD,
        at=one.modified_at,
        raw={"polled": remote_id, "now": one.remote_id, "modified": moment},
    )
