"""A slow sweep over all records that we know of: does each still stand there?

Events tell of deletions and merges at once, where a CRM sends any. What was never told is found here, a few records a
minute, whenever nothing waits to be written and more than half of the calls are left.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from crm_sync import heard, lost_records, outbox
from crm_sync.connection import circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors import kinds_that_cannot
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.records import RemoteContact
from crm_sync.models import CrmConnection, CrmLink
from exception_queue.queue import open_items
from plumbing.bulk import update_rows
from plumbing.http import RemoteError

CHECK = "crm_sync.check_links"
# Of each record, at most so often.
EVERY = timedelta(days=1)


def check_all() -> int:
    """Ask each connection that has calls to spare for some of its records; how many were looked for."""
    connections = CrmConnection.objects.filter(active=True, health=CrmConnection.Health.OK)
    readable = connections.exclude(kind__in=kinds_that_cannot("reads"))
    return sum(_check_some(connection) for connection in readable)


def _check_some(connection: CrmConnection) -> int:
    now = timezone.now()
    paused = connection.not_before is not None and connection.not_before > now
    budget = Budget(connection.budget)
    if paused or not budget.has_to_spare(now=now) or outbox.has_due(connection.pk, now=now):
        return 0
    try:
        connector = connect(connection, budget=budget)
        seen = _take(connection, limit=connector.most_with_history, now=now)
        present = connector.read(list(seen), by="id", properties=[])
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        CrmLink.objects.filter(connection=connection, seen_at=now).update(seen_at=now - EVERY)
        return 0
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    with transaction.atomic():
        # Whatever was written or told about meanwhile is newer than what we have read.
        unchanged = CrmLink.objects.filter(pk__in=seen.values(), seen_at=now, remote_id__in=seen)
        problems, moved = [], []
        for link in unchanged.order_by("pk").select_for_update(no_key=True):
            link.connection, found = connection, present.get(link.remote_id)
            if found is not None and found.remote_id != link.remote_id:
                moved.append(RemoteContact(found.remote_id, modified_at=found.modified_at))
            problems += lost_records.compare(link, found, now=timezone.now())
        # Another owner may stand in the record that it has become.
        heard.note(connection, moved, now=timezone.now())
        open_items(problems, now=timezone.now())
    return len(seen)


def _take(connection: CrmConnection, *, limit: int, now: datetime) -> dict[str, int]:
    """id there -> key of the link, the longest unseen first; another sweep takes others."""
    with transaction.atomic():
        due = CrmLink.objects.filter(connection=connection, seen_at__lte=now - EVERY)
        due = due.exclude(gone_how=CrmLink.Gone.MOVED).order_by("seen_at")
        rows = list(due.select_for_update(skip_locked=True, no_key=True)[:limit])
        for row in rows:
            row.seen_at = now
        update_rows(rows, fields=["seen_at"])
    return {row.remote_id: row.pk for row in rows}
