"""The one writer of differences and of rounds."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from crm_sync.models import CrmConnection, CrmDifference, CrmLink, Reconciliation
from crm_sync.reconcile.comparing import FoundDifference, Kind
from plumbing.bulk import insert_rows, update_rows

Settled = CrmDifference.Settled
# What a report of a round counts besides the kinds: leads that were being written as they were compared.
ON_THEIR_WAY = "on_their_way"


def keep(
    connection: CrmConnection,
    lead_ids: Collection[UUID],
    found: Mapping[UUID, Sequence[FoundDifference]],
    *,
    waiting: Collection[UUID],
    now: datetime,
) -> None:
    """What these leads differ in now. What was found before and is not any more is settled; a lead that is on its way is left."""
    open_ones = {
        (row.lead_id, row.kind): row
        for row in _open(connection).filter(lead_id__in=list(lead_ids)).select_for_update(no_key=True)
    }
    new, seen = [], []
    for lead_id, theirs in found.items():
        for one in theirs:
            lines = [asdict(line) for line in one.lines]
            row = open_ones.pop((lead_id, one.kind), None)
            if row is None:
                new.append(
                    CrmDifference(
                        connection=connection,
                        lead_id=lead_id,
                        kind=one.kind,
                        remote_id=one.remote_id,
                        lines=lines,
                        found_at=now,
                        seen_at=now,
                    )
                )
                continue
            # A repair that changed nothing is over.
            row.lines, row.remote_id, row.seen_at, row.repair_asked_at = lines, one.remote_id, now, None
            seen.append(row)
    insert_rows(new)
    update_rows(seen, fields=["lines", "remote_id", "seen_at", "repair_asked_at"])
    gone = [row for (lead_id, _), row in open_ones.items() if lead_id not in waiting]
    settle(CrmDifference.objects.filter(pk__in=[row.pk for row in gone]), now=now)


def keep_missing(connection: CrmConnection, lead_ids: Sequence[UUID], *, now: datetime) -> None:
    """Leads without a record there, all of them."""
    _open(connection).filter(kind=Kind.MISSING, lead_id__in=lead_ids).update(
        seen_at=now, repair_asked_at=None
    )
    known = set(_open(connection).filter(kind=Kind.MISSING).values_list("lead_id", flat=True))
    insert_rows(
        [
            CrmDifference(
                connection=connection, lead_id=lead_id, kind=Kind.MISSING, found_at=now, seen_at=now
            )
            for lead_id in lead_ids
            if lead_id not in known
        ]
    )
    settle(_open(connection).filter(kind=Kind.MISSING).exclude(lead_id__in=lead_ids), now=now)
    # Nothing of a lead whose link is gone is compared any more.
    links = CrmLink.objects.filter(connection=connection).values("lead_id")
    settle(_open(connection).exclude(kind=Kind.MISSING).exclude(lead_id__in=links), now=now)


def settle(rows: QuerySet[CrmDifference], *, now: datetime) -> None:
    """They are equal now."""
    repaired = rows.filter(settled_at=None, repair_asked_at__isnull=False)
    repaired.update(settled_at=now, settled_how=Settled.REPAIRED)
    rows.filter(settled_at=None).update(settled_at=now, settled_how=Settled.BY_ITSELF)


def count(
    round_: Reconciliation,
    links: Sequence[CrmLink],
    found: Mapping[UUID, Sequence[FoundDifference]],
    *,
    waiting: int,
) -> None:
    """A page of the round is done."""
    kinds = Counter({ON_THEIR_WAY: waiting} if waiting else {})
    kinds.update(one.kind.value for theirs in found.values() for one in theirs)
    kinds.update(round_.found)
    round_.found = dict(kinds)
    round_.reached = max(link.pk for link in links)
    round_.checked += len(links)
    round_.equal += max(0, len(links) - len(found) - waiting)
    round_.calls += 1
    round_.last_error = ""
    round_.save(update_fields=["found", "reached", "checked", "equal", "calls", "last_error"])


def finish(round_: Reconciliation, *, missing: int, now: datetime) -> None:
    """All was compared; how many there are is known only now, since leads came meanwhile."""
    if missing:
        round_.found = {**round_.found, Kind.MISSING.value: missing}
    round_.checked += missing
    round_.total, round_.finished_at = round_.checked, now
    round_.save(update_fields=["found", "checked", "total", "finished_at"])


def _open(connection: CrmConnection) -> QuerySet[CrmDifference]:
    return CrmDifference.objects.filter(connection=connection, settled_at=None)
