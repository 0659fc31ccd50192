"""How far each way is by which changes come in from a CRM, for screens, metrics and doctor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min

from crm_sync.connectors import can
from crm_sync.models import Account, CrmConnection, InboundEvent, KnownContact, MirrorProgress, OpenDeal
from crm_sync.polling import pace

Kind = MirrorProgress.Kind
_ROWS = {Kind.CONTACTS: KnownContact, Kind.COMPANIES: Account, Kind.DEALS: OpenDeal}
# A poll that is later than this many of its intervals is behind.
_LATE_AFTER = 4


@dataclass(frozen=True, slots=True)
class InboundPath:
    """One kind of records. `rows`: how many the mirror has, None where that was not counted. While the first load goes on:
    `progress` in %, and the seconds that are `left`, where they can be told. `lag`: how long ago the CRM last told all that had
    changed, None before the first time. `every`: how often it is asked."""

    kind: str
    label: str
    rows: int | None
    read: int
    total: int | None
    is_loaded: bool
    progress: float
    left: float | None
    lag: timedelta | None
    every: timedelta
    is_late: bool
    error: str

    @property
    def is_behind(self) -> bool:
        """The CRM refuses it, or nobody has asked for too long."""
        return bool(self.error) or self.is_late


def paths(connection: CrmConnection, *, now: datetime, counted: bool = True) -> Sequence[InboundPath]:
    """Contacts, companies and deals, in this order, of a connection that can be read; four queries, one where rows are not
    counted."""
    if not can(connection.kind).reads:
        return []
    known = {row.kind: row for row in MirrorProgress.objects.filter(connection=connection)}
    return [
        _path(
            known.get(kind, MirrorProgress(connection=connection, kind=kind)),
            label=kind.label,
            rows=model._default_manager.filter(connection=connection, gone=False).count()
            if counted
            else None,
            now=now,
        )
        for kind, model in _ROWS.items()
    ]


def last_event(connection: CrmConnection) -> datetime | None:
    """When the CRM last told something by itself; what a poll has found does not count."""
    told = InboundEvent.objects.filter(connection=connection).exclude(dedupe_key__startswith="polled:")
    newest: datetime | None = told.aggregate(newest=Max("received_at"))["newest"]
    return newest


def events(connection: CrmConnection, *, now: datetime) -> timedelta:
    """How long the oldest event that came in waits for its turn; 0 where none does. One query."""
    waiting = InboundEvent.objects.filter(connection=connection, status=InboundEvent.Status.WAITING)
    oldest: datetime | None = waiting.aggregate(oldest=Min("received_at"))["oldest"]
    return max(now - oldest, timedelta(0)) if oldest else timedelta(0)


def _path(row: MirrorProgress, *, label: str, rows: int | None, now: datetime) -> InboundPath:
    loaded = row.loaded_at is not None
    heard = row.polled_at or row.loaded_at
    lag = now - heard if heard else None
    every = pace.every(row.connection)
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
        every=every,
        is_late=loaded and lag is not None and lag > _LATE_AFTER * every,
        error=row.last_error,
    )


def _left(row: MirrorProgress, *, now: datetime) -> float | None:
    """Seconds, at the pace so far."""
    if row.started_at is None or not row.total or not row.read:
        return None
    return (now - row.started_at).total_seconds() * max(0, row.total - row.read) / row.read
