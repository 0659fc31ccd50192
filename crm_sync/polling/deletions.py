"""Records that were deleted in the CRM. A poll does not tell of them, so the CRM's list is read: once an hour where events
tell of them too, and every few minutes where nothing does (`Connector.deletions_every`).

Page by page, where the last page was saved, and only while nothing waits to be written and more than half of the calls are left.
What a CRM has erased for good is in no list: such a record of a lead is found by the sweep of linked records.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm_sync import heard, outbox
from crm_sync.connection.connecting import connect
from crm_sync.connectors import connector_class
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.records import DeletedPage, RemoteContact
from crm_sync.looking import following
from crm_sync.mirror import writing
from crm_sync.models import CrmConnection, CrmLink, MirrorProgress
from crm_sync.polling import trouble
from crm_sync.polling.filling import ID_ARGUMENTS, LEASE, kind_of
from plumbing import claiming
from plumbing.http import RemoteError

FIND = "crm_sync.find_deleted"
# The CRM's clock may be behind ours, and a deletion may be listed late.
OVERLAP = timedelta(minutes=10)
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
    kind_of_crm = connector_class(connection.kind)
    if kind_of_crm is None:
        return False
    due = loaded.filter(
        Q(deleted_read_at__isnull=True) | Q(deleted_read_at__lte=now - kind_of_crm.deletions_every)
    )
    claim = claiming.claim(due.order_by("pk"), limit=1, lease=LEASE)
    if not claim.rows:
        return False
    row = claim.rows[0]
    row.connection = connection
    since = row.deleted_read_at - OVERLAP if row.deleted_read_at else None
    try:
        connector = connect(connection, budget=budget)
        page = connector.deleted(kind_of(row), since=since, after=row.deleted_after, limit=_PAGE)
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
            # Of leads also whom the mirror has never seen: made by us and deleted before the next poll.
            links = CrmLink.objects.filter(
                connection=row.connection, remote_id__in=list(page.ids), gone_at__isnull=True
            )
            told = {*gone, *links.values_list("remote_id", flat=True)}
            heard.note(
                row.connection, [RemoteContact(one, modified_at=read_at) for one in sorted(told)], now=read_at
            )
        if gone:
            following.changed(row.connection, **{ID_ARGUMENTS[kind]: gone}, now=timezone.now())
        row.deleted_after = page.after
        if not page.after:
            row.deleted_read_at = read_at
        row.claim_token = row.claimed_until = None
        row.save(update_fields=["deleted_after", "deleted_read_at", "claim_token", "claimed_until"])
