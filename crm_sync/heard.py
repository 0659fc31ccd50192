"""Changes that a poll or the sender has found, as the events that a webhook would have brought: one code decides what they
mean."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

from crm_sync.connectors.base import Present
from crm_sync.connectors.events import WHOLE_RECORD, RemoteChange
from crm_sync.connectors.records import RemoteContact
from crm_sync.models import CrmConnection, CrmLink, InboundEvent
from plumbing import nudges

WORK = "crm_sync.work_inbound"


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


def note_seen(connection: CrmConnection, found: Mapping[str, Present], *, now: datetime) -> set[str]:
    """An event for each of these records, by the id that we know, as it was just read; those that have not been worked on yet.

    Two statements, in the caller's transaction.
    """
    events = [
        InboundEvent.of(_seen(remote_id, present), connection=connection, now=now)
        for remote_id, present in found.items()
    ]
    InboundEvent.objects.bulk_create(events, ignore_conflicts=True)
    keys = [event.dedupe_key for event in events]
    waiting = InboundEvent.objects.filter(
        connection=connection, dedupe_key__in=keys, status=InboundEvent.Status.WAITING
    )
    nudges.nudge(WORK)
    return set(waiting.values_list("remote_id", flat=True))


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


def _seen(remote_id: str, present: Present) -> RemoteChange:
    moment = present.modified_at.isoformat() if present.modified_at else ""
    values = "\n".join(f"{name}={value}" for name, value in sorted(present.properties.items()))
    shown = blake2b(values.encode(), digest_size=8).hexdigest()
    return RemoteChange(
        dedupe_key=f"seen:{remote_id}:{present.remote_id}:{moment}:{shown}",
        remote_id=remote_id,
        property=WHOLE_RECORD,
        at=present.modified_at,
        raw={"seen": remote_id, "now": present.remote_id, "modified": moment},
    )
