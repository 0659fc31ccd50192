"""Records that were deleted in the CRM. A poll does not tell of them, so the CRM's list of them is read once an hour.

Page by page, where the last page was saved, and only while nothing waits to be written and more than half of the calls are left.
What a CRM has erased for good is in no list: such a record of a lead is found by the sweep of linked records.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm_sync import outbox
from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.records import DeletedPage, RemoteContact
from crm_sync.inbound import polled
from crm_sync.looking import following
from crm_sync.mirror import writing
from crm_sync.models import CrmConnection, MirrorProgress
from crm_sync.polling import trouble
from crm_sync.polling.filling import ID_ARGUMENTS, LEASE, kind_of
from plumbing import claiming
from plumbing.http import RemoteError

FIND = "crm_sync.find_deleted"
EVERY = timedelta(hours=1)
# So many of each connection at a time: the next sweep goes on.
PAGES = 10
# A connector cuts it to what its CRM gives.
_PAGE = 200


def find_all() -> int:
    """Read on for each connection that has calls to spare; how many pages."""
    connections = CrmConnection.objects.filter(active=True, health=CrmConnection.Health.OK)
    return sum(_find_some(pk) for pk in list(connections.values_list("pk", flat=True)))


def _find_some(connection_id: int) -> int:
    for page in range(PAGES):
        if not _turn(connection_id):
            return page
    return PAGES


def _turn(connection_id: int) -> bool:
    """One page; False where nothing is due or may be asked now."""
    now = timezone.now()
    callable_now = Q(not_before__isnull=True) | Q(not_before__lte=now)
    connection = CrmConnection.objects.filter(callable_now, pk=connection_id, active=True).first()
    if connection is None or connection.health != CrmConnection.Health.OK:
        return False
    budget = Budget(connection.budget)
    if not budget.has_to_spare(now=now) or outbox.has_due(connection_id, now=now):
        return False
    # A kind that cannot be read is asked about already.
    loaded = MirrorProgress.objects.filter(connection=connection, loaded_at__isnull=False, last_error="")
    due = loaded.filter(Q(deleted_read_at__isnull=True) | Q(deleted_read_at__lte=now - EVERY))
    claim = claiming.claim(due.order_by("pk"), limit=1, lease=LEASE)
    if not claim.rows:
        return False
    row = claim.rows[0]
    row.connection = connection
    try:
        page = connect(connection, budget=budget).deleted(kind_of(row), after=row.deleted_after, limit=_PAGE)
    except (RemoteError, SetupProblem) as error:
        trouble.failed(row, error, token=claim.token, now=timezone.now())
        return False
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    # A record that was restored while we read is changed after this moment, and a poll brings it back.
    _save(row, page, token=claim.token, read_at=now)
    return True


def _save(row: MirrorProgress, page: DeletedPage, *, token: UUID, read_at: datetime) -> None:
    """The page and the place, in one transaction; nothing where somebody else has taken over."""
    with transaction.atomic():
        if row.pk not in claiming.relock(MirrorProgress, token=token, pks=[row.pk]):
            return
        kind = kind_of(row)
        gone = writing.mark_gone(row.connection, kind, page.ids, now=read_at)
        if kind == "contacts":
            polled.note(
                row.connection, [RemoteContact(one, modified_at=read_at) for one in gone], now=read_at
            )
        if gone:
            following.changed(row.connection, **{ID_ARGUMENTS[kind]: gone}, now=timezone.now())
        row.deleted_after = page.after
        if not page.after:
            row.deleted_read_at = read_at
        row.claim_token = row.claimed_until = None
        row.save(update_fields=["deleted_after", "deleted_read_at", "claim_token", "claimed_until"])
