"""Fills the mirror: the first load page by page, then what has changed, as often as the connection says.

One page is one turn: claim the row of a kind, call the CRM outside any transaction, then save the page and how far we are in
one, together with what it means for leads. Whoever dies in between has lost the reading of one page: the next one goes on where
the last page was saved.

The first load, and a poll's pages after its first, wait while the CRM has few calls left; a poll's first page does not, and is
asked for less often while they are those of the day.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from crm_sync import heard, outbox
from crm_sync.born_there.taking import TAKE
from crm_sync.connection import circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors import kinds_that_cannot
from crm_sync.connectors.base import Connector, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.records import RecordPage, RemoteContact, RemoteKind
from crm_sync.looking import following
from crm_sync.mirror import writing
from crm_sync.models import CrmConnection, MirrorProgress
from crm_sync.polling import pace, trouble
from plumbing import claiming, nudges
from plumbing.http import RemoteError

FILL = "crm_sync.fill_mirror"
LEASE = timedelta(seconds=60)
# A worker has other things to do, leads that wait to be written first of all: the next turn is a few seconds away.
TURN_SECONDS = 3.0
# A search may not know yet what was changed a moment ago, so each poll begins a little before the end of the last one.
OVERLAP = timedelta(seconds=20)
# Our clock may be ahead of the CRM's when the first load begins.
_CLOCKS_DIFFER = timedelta(minutes=10)
# What the CRM refuses is asked for again after.
_AGAIN_AFTER = timedelta(minutes=1)
# A connector cuts it to what its CRM gives.
_PAGE = 200
# Searches are few in every CRM: no more than four in a second, whatever the kind.
_SEARCH_SECONDS = 0.25
ID_ARGUMENTS: Mapping[RemoteKind, str] = {
    "contacts": "contact_ids",
    "companies": "account_ids",
    "deals": "deal_ids",
}
_BEGINNING = datetime.fromisoformat("1971-01-01T00:00:00+00:00")


def fill_all(*, seconds: float = TURN_SECONDS) -> int:
    """A page of each connection in turn, until none is due or the time is over; how many pages were read."""
    until = time.monotonic() + seconds
    readable = CrmConnection.objects.filter(active=True).exclude(kind__in=kinds_that_cannot("reads"))
    due = list(readable.values_list("pk", flat=True))
    for pk in due:
        _add_rows(pk)
    pages = 0
    while due and time.monotonic() < until:
        due = [pk for pk in due if _turn(pk)]
        pages += len(due)
        if any(outbox.has_due(pk, now=timezone.now()) for pk in due):
            break
    return pages


def _add_rows(connection_id: int) -> None:
    known = set(MirrorProgress.objects.filter(connection_id=connection_id).values_list("kind", flat=True))
    missing = [
        MirrorProgress(connection_id=connection_id, kind=kind)
        for kind in MirrorProgress.Kind
        if kind not in known
    ]
    MirrorProgress.objects.bulk_create(missing, ignore_conflicts=True)


def _turn(connection_id: int) -> bool:
    """One page; False where nothing is due or may be asked now. Seven statements beside the page's own."""
    now = timezone.now()
    callable_now = Q(not_before__isnull=True) | Q(not_before__lte=now)
    connection = (
        CrmConnection.objects.filter(callable_now, pk=connection_id, active=True)
        .exclude(health=CrmConnection.Health.AUTH_LOST)
        .first()
    )
    if connection is None:
        return False
    budget = Budget(connection.budget)
    claim = claiming.claim(_due(connection, budget, now=now), limit=1, lease=LEASE)
    if not claim.rows:
        return False
    row = claim.rows[0]
    row.connection = connection
    began, searches = time.monotonic(), row.loaded_at is not None or row.started_at is None
    try:
        connector = connect(connection, budget=budget)
        if row.started_at is None:
            row.started_at, row.total = now, _total(connector, row)
        since = _since(row)
        page = _ask(connector, row, since=since)
    except (RemoteError, SetupProblem) as error:
        trouble.failed(row, error, token=claim.token, now=timezone.now())
        return False
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    # While leads wait to be written, they find out whether the CRM works with us again.
    if connection.health == CrmConnection.Health.DOWN and not outbox.has_pending(connection.pk):
        circuit.answered(connection, now=timezone.now())
    if connection.last_error:
        circuit.has_calls_again(connection, now=timezone.now())
    _save(row, page, since=since, token=claim.token, now=timezone.now())
    if searches:
        time.sleep(max(0.0, _SEARCH_SECONDS - (time.monotonic() - began)))
    return True


def _due(connection: CrmConnection, budget: Budget, *, now: datetime) -> QuerySet[MirrorProgress]:
    polled_before = now - pace.every(connection, budget)
    due = Q(loaded_at__isnull=False, after="") & (Q(polled_at__isnull=True) | Q(polled_at__lte=polled_before))
    if budget.has_to_spare(now=now):
        due |= Q(loaded_at__isnull=True) | ~Q(after="")
    rows = MirrorProgress.objects.filter(connection=connection).filter(
        due, Q(last_error="") | Q(asked_at__isnull=True) | Q(asked_at__lte=now - _AGAIN_AFTER)
    )
    # In turn: one that takes many pages keeps no other waiting until its last.
    return rows.order_by(F("asked_at").asc(nulls_first=True))


def _total(connector: Connector, row: MirrorProgress) -> int | None:
    return connector.changed(kind_of(row), since=_BEGINNING, after="", limit=1).total


def _since(row: MirrorProgress) -> datetime:
    """Where this poll began: it goes on with the same question until its last page."""
    if row.loaded_at is not None and row.after:
        return datetime.fromisoformat(row.after.partition(" ")[0])
    return (row.changed_until or _BEGINNING + OVERLAP) - OVERLAP


def _ask(connector: Connector, row: MirrorProgress, *, since: datetime) -> RecordPage:
    if row.loaded_at is None:
        return connector.listing(kind_of(row), after=row.after, limit=_PAGE)
    return connector.changed(kind_of(row), since=since, after=row.after.partition(" ")[2], limit=_PAGE)


def _save(row: MirrorProgress, page: RecordPage, *, since: datetime, token: UUID, now: datetime) -> None:
    """The page and the place, in one transaction; nothing where somebody else has taken over."""
    with transaction.atomic():
        if row.pk not in claiming.relock(MirrorProgress, token=token, pks=[row.pk]):
            return
        changed = writing.save(row.connection, kind_of(row), page.records, now=now)
        if row.loaded_at is None:
            _loaded(row, page, now=now)
        else:
            _polled(row, page, since=since, now=now)
            # What others became is told also where its own row has not changed.
            told = [
                one
                for one in page.records
                if isinstance(one, RemoteContact) and (one.remote_id in changed or one.merged_ids)
            ]
            heard.note(row.connection, told, now=now)
            if told and row.connection.born_there.active:
                nudges.nudge(TAKE)
            following.changed(row.connection, **{ID_ARGUMENTS[kind_of(row)]: changed}, now=now)
        row.asked_at, row.claim_token, row.claimed_until = now, None, None
        had_trouble, row.last_error = bool(row.last_error), ""
        row.save()
        if had_trouble:
            trouble.over(row.connection, now=now)


def _loaded(row: MirrorProgress, page: RecordPage, *, now: datetime) -> None:
    row.read += len(page.records)
    row.after = page.after
    if not page.after:
        assert row.started_at is not None
        row.loaded_at, row.changed_until = now, row.started_at - _CLOCKS_DIFFER


def _polled(row: MirrorProgress, page: RecordPage, *, since: datetime, now: datetime) -> None:
    row.after = f"{since.isoformat()} {page.after}" if page.after else ""
    moments = [one.modified_at for one in page.records if one.modified_at]
    row.changed_until = max([*moments, *([row.changed_until] if row.changed_until else [])], default=None)
    if not page.after:
        row.polled_at = now


def kind_of(row: MirrorProgress) -> RemoteKind:
    kind: RemoteKind = row.kind  # type: ignore[assignment]
    return kind
