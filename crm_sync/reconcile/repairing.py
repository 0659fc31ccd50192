"""Putting differences right, through the doors of everything else: outbox, inbound changes, making a record again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from crm_sync import lost_records, outbox
from crm_sync.connectors.events import RemoteChange
from crm_sync.heard import WORK
from crm_sync.models import CrmDifference, CrmLink, InboundEvent
from exception_queue.queue import RetryRefused
from plumbing import nudges
from plumbing.bulk import update_rows

Kind = CrmDifference.Kind
# `rules`: what changed there is taken over, or changed back, as the connection says. `ours`: what we have is written.
How = Literal["rules", "ours"]


@dataclass(frozen=True, slots=True)
class Repair:
    """`asked`: how many are being put right. `refused`: why others are not, in words, with how many."""

    asked: int
    refused: Mapping[str, int]


def repair(differences: Sequence[CrmDifference], *, how: How, by: str, now: datetime) -> Repair:
    """One transaction. What has been asked for is compared again once it is written."""
    asked: list[CrmDifference] = []
    refused: dict[str, int] = {}
    with transaction.atomic():
        rows = CrmDifference.objects.filter(pk__in=[one.pk for one in differences], settled_at=None)
        for row in (
            rows.select_related("connection", "lead")
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        ):
            try:
                _DOORS[Kind(row.kind)](row, how, by, now)
            except RetryRefused as why:
                refused[str(why)] = refused.get(str(why), 0) + 1
                continue
            row.repair_asked_at, row.repair_asked_by = now, by[:200]
            asked.append(row)
        update_rows(asked, fields=["repair_asked_at", "repair_asked_by"])
        nudges.nudge(outbox.DRAIN)
        nudges.nudge(WORK)
    return Repair(len(asked), refused)


def _write(row: CrmDifference, how: How, by: str, now: datetime) -> None:
    if why_not := row.connection.why_not_written(is_test=row.lead.is_test):
        raise RetryRefused(why_not)
    outbox.queue_for(row.connection_id, [row.lead_id], now=now)


def _changed(row: CrmDifference, how: How, by: str, now: datetime) -> None:
    link = (
        CrmLink.objects.select_for_update(no_key=True)
        .filter(connection=row.connection, lead=row.lead_id)
        .first()
    )
    if link is None:
        raise RetryRefused("There is no record any more: look again.")
    names = [line["property"] for line in row.lines]
    if how == "ours":
        # What stands there is not ours, so the next push writes ours over it where the mapping's mode lets it.
        link.sent = link.sent | {line["property"]: line["stands"] for line in row.lines}
        link.kept = {name: text for name, text in link.kept.items() if name not in names}
        link.stopped = [name for name in link.stopped if name not in names]
        update_rows([link], fields=["sent", "kept", "stopped"])
        _write(row, how, by, now)
        return
    events = [
        InboundEvent.of(
            RemoteChange(
                dedupe_key=f"reconciled:{row.pk}:{name}:{now.isoformat()}",
                remote_id=link.remote_id,
                property=name,
                at=now,
                raw={"difference": row.pk, "property": name},
            ),
            connection=row.connection,
            now=now,
        )
        for name in names
    ]
    InboundEvent.objects.bulk_create(events, ignore_conflicts=True)


def _make_again(row: CrmDifference, how: How, by: str, now: datetime) -> None:
    lost_records.create_again([str(row.lead_id)], by=by, now=now)


def _by_a_person(row: CrmDifference, how: How, by: str, now: datetime) -> None:
    raise RetryRefused(
        "Records are never merged from here: merge or separate them in the CRM, then compare again."
    )


_DOORS: Mapping[Kind, Callable[[CrmDifference, How, str, datetime], None]] = {
    Kind.MISSING: _write,
    Kind.BEHIND: _write,
    Kind.CHANGED: _changed,
    Kind.OWNER: _changed,
    Kind.DELETED: _make_again,
    Kind.MERGED: _by_a_person,
    Kind.DUPLICATE: _by_a_person,
}
