"""How far each way is by which changes come in from a CRM, for screens, metrics and doctor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from crm_sync.models import Account, CrmConnection, InboundEvent, KnownContact, MirrorProgress, OpenDeal

Kind = MirrorProgress.Kind
_ROWS = {Kind.CONTACTS: KnownContact, Kind.COMPANIES: Account, Kind.DEALS: OpenDeal}
# A poll that is later than this many of its intervals is behind.
_LATE_AFTER = 4


@dataclass(frozen=True, slots=True)
class InboundPath:
    """One kind of records. `rows`: how many the mirror has. While the first load goes on: `progress` in %, and the seconds that
    are `left`, where they can be told. `lag`: since when nothing was asked, None before the first time."""

    kind: str
    label: str
    rows: int
    read: int
    total: int | None
    is_loaded: bool
    progress: float
    left: float | None
    lag: timedelta | None
    is_late: bool
    error: str


def paths(connection: CrmConnection, *, now: datetime) -> Sequence[InboundPath]:
    """Contacts, companies and deals, in this order; four queries."""
    known = {row.kind: row for row in MirrorProgress.objects.filter(connection=connection)}
    return [
        _path(
            known.get(kind, MirrorProgress(connection=connection, kind=kind)),
            label=kind.label,
            rows=model._default_manager.filter(connection=connection, gone=False).count(),
            now=now,
        )
        for kind, model in _ROWS.items()
    ]


def last_event(connection: CrmConnection) -> datetime | None:
    """When the CRM last told something by itself; what a poll has found does not count."""
    told = InboundEvent.objects.filter(connection=connection).exclude(dedupe_key__startswith="polled:")
    newest: datetime | None = told.aggregate(newest=Max("received_at"))["newest"]
    return newest


def _path(row: MirrorProgress, *, label: str, rows: int, now: datetime) -> InboundPath:
    loaded = row.loaded_at is not None
    heard = row.polled_at or row.loaded_at
    lag = now - heard if heard else None
    late = timedelta(seconds=_LATE_AFTER * row.connection.poll_seconds)
    progress = 100.0 if loaded else min(99.0, 100 * row.read / row.total) if row.total else 0.0
    return InboundPath(
        kind=row.kind,
        label=label,
        rows=rows,
        read=row.read,
        total=row.total,
        is_loaded=loaded,
        progress=progress,
        left=None if loaded else _left(row, now=now),
        lag=lag,
        is_late=loaded and lag is not None and lag > late,
        error=row.last_error,
    )


def _left(row: MirrorProgress, *, now: datetime) -> float | None:
    """Seconds, at the pace so far."""
    if row.started_at is None or not row.total or not row.read:
        return None
    return (now - row.started_at).total_seconds() * max(0, row.total - row.read) / row.read
