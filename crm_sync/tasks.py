"""Celery only nudges: each task looks for due rows until there are none (rule 3)."""

from celery import shared_task
from django.utils import timezone

from crm_sync import heard, outbox
from crm_sync.born_there import taking
from crm_sync.connection import circuit, owners
from crm_sync.inbound import link_check, touches, webhook_events
from crm_sync.looking import learning
from crm_sync.outbound import drift, lead_changes, sending
from crm_sync.polling import deletions, filling
from crm_sync.reconcile import running as reconciling
from crm_sync.schema import reading
from plumbing import nudges


def wake_outbox() -> None:
    """Ask a worker to look for what is to be pushed."""
    nudges.nudge(outbox.DRAIN)


@shared_task(name=lead_changes.QUEUE)
def queue_changes() -> None:
    nudges.taken(lead_changes.QUEUE)
    if lead_changes.queue_changes():
        wake_outbox()


@shared_task(name=outbox.DRAIN)
def drain_outbox() -> None:
    nudges.taken(outbox.DRAIN)
    lead_changes.queue_changes()
    sending.drain_all()


@shared_task(name=heard.WORK)
def work_inbound() -> None:
    nudges.taken(heard.WORK)
    webhook_events.work_all()


@shared_task(name=link_check.CHECK)
def check_links() -> None:
    link_check.check_all()


@shared_task(name=filling.FILL)
def fill_mirror() -> None:
    filling.fill_all()


@shared_task(name=taking.TAKE)
def take_born_there() -> None:
    nudges.taken(taking.TAKE)
    taking.take_all()


@shared_task(name=deletions.FIND)
def find_deleted() -> None:
    deletions.find_all()


@shared_task(name=touches.READ)
def read_touches() -> None:
    touches.read_all()


@shared_task(name="crm_sync.look_again")
def look_again() -> None:
    learning.look_again(now=timezone.now())


@shared_task(name=circuit.REFRESH)
def refresh_owners() -> None:
    nudges.taken(circuit.REFRESH)
    owners.refresh_all()


@shared_task(name=reading.READ)
def read_properties() -> None:
    nudges.taken(reading.READ)
    drift.read_and_watch()


@shared_task(name=reconciling.RECONCILE)
def reconcile() -> None:
    nudges.taken(reconciling.RECONCILE)
    reconciling.work_all()
