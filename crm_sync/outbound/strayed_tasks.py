"""Tasks that the CRM refuses because their record has gone meanwhile: between the record and its task people delete and merge.

That is no fault of the task, so no person is asked about it: the judge of lost records says what became of the record.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from crm_sync import lost_records
from crm_sync.connection import lease
from crm_sync.connectors.base import TaskReport
from crm_sync.models import CrmLink
from crm_sync.outbound import follow_up, row_results
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.session import ConnectionSession
from exception_queue.queue import open_items
from plumbing.http import RemoteError


def settle(session: ConnectionSession, pushes: Collection[Push], report: TaskReport) -> list[str]:
    """Takes such refusals out of the report. Where the record is another by now, the task is made again later; keys whose record
    is gone are returned: nothing is written for them. Raises LeaseLost."""
    refused = {
        push.link.remote_id: push
        for push in pushes
        if push.link is not None
        and push.link.task_clock is not None
        and follow_up.reference(push.lead.pk, push.link.task_clock) in report.refused
    }
    if not refused:
        return []
    try:
        present = session.connector.read(list(refused), by="id", properties=[])
    except RemoteError as error:
        # Nobody knows, so none of them is given up yet.
        report.again |= {reference: said.message for reference, said in report.refused.items()}
        report.refused = {}
        report.stopped = report.stopped or error
        return []
    gone, now = [], timezone.now()
    with transaction.atomic():
        lease.hold(session.pk, session.token)
        links = CrmLink.objects.filter(
            connection_id=session.pk, lead_id__in=[push.lead.pk for push in refused.values()]
        )
        problems = []
        for link in links.order_by("pk").select_for_update(no_key=True):
            push = next(one for one in refused.values() if one.lead.pk == link.lead_id)
            assert push.link is not None
            link.connection = session.connection
            problems += lost_records.compare(link, present.get(link.remote_id), now=now)
            reference = follow_up.reference(push.lead.pk, push.link.task_clock or 0)
            if link.gone_at is not None:
                gone.append(push)
                del report.refused[reference]
            elif link.remote_id != push.link.remote_id:
                report.again[reference] = report.refused.pop(reference).message
        open_items(problems, now=now)
        row_results.drop(gone, reason="Its record does not stand in the CRM any more.")
    return [push.key for push in gone]
