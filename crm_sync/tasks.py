"""Celery only nudges: each task looks for due rows until there are none (law 3)."""

from celery import shared_task

from crm_sync import changes, inbound, outbox, owners, sending
from plumbing import nudges


def wake_outbox() -> None:
    """Ask a worker to look for what is to be pushed."""
    nudges.nudge(outbox.DRAIN)


@shared_task(name=changes.QUEUE)
def queue_changes() -> None:
    nudges.taken(changes.QUEUE)
    if changes.queue_changes():
        wake_outbox()


@shared_task(name=outbox.DRAIN)
def drain_outbox() -> None:
    nudges.taken(outbox.DRAIN)
    changes.queue_changes()
    sending.drain_all()


@shared_task(name=inbound.WORK)
def work_inbound() -> None:
    nudges.taken(inbound.WORK)
    inbound.work_all()


@shared_task(name="crm_sync.refresh_owners")
def refresh_owners() -> None:
    owners.refresh_all()
