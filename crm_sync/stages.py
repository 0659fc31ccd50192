from crm_sync import outbox
from intake.batch import Batch
from intake.pipeline import stage


@stage(needs=("deduplicate",))
def queue_push(batch: Batch) -> None:
    """Leave one pending outbox row per lead and active connection."""
    for work in batch.with_leads():
        batch.leave(outbox.queue_rows, work.lead.pk)
