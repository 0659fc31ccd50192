from crm_sync import outbox
from intake.batch import Batch


def queue_push(batch: Batch) -> None:
    """Leave one pending outbox row per lead and active connection."""
    for work in batch.going():
        if work.lead is not None:
            batch.leave(outbox.queue_rows, work.lead.pk)
