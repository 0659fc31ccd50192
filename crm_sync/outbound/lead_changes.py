"""Lead changes that the layers below left as rows become outbox rows (rule 1)."""

from django.db import transaction
from django.utils import timezone

from crm_sync import outbox
from intake.models import LeadChange
from routing.notices import sending

QUEUE = "crm_sync.queue_changes"
MOST_AT_ONCE = 500


def queue_changes() -> int:
    """Turn all waiting LeadChange rows into outbox rows; how many. Two workers share the rows, neither waits."""
    taken = 0
    while True:
        with transaction.atomic():
            free = LeadChange.objects.order_by("pk").select_for_update(skip_locked=True)
            lead_ids = list(free.values_list("pk", flat=True)[:MOST_AT_ONCE])
            outbox.queue_rows(lead_ids, now=timezone.now())
            if lead_ids and (at_once := outbox.not_waited_for(lead_ids)):
                sending.release(at_once, now=timezone.now())
            LeadChange.objects.filter(pk__in=lead_ids).delete()
        taken += len(lead_ids)
        if len(lead_ids) < MOST_AT_ONCE:
            return taken
