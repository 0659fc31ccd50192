"""What runs by itself, how often: beat reads it, in every installation the same."""

from typing import Any


def _every(task: str, seconds: float) -> dict[str, Any]:
    # A sweep that waited longer than this in a queue is pointless: the next one is already there.
    return {"task": task, "schedule": seconds, "options": {"expires": max(2.0, seconds)}}


SWEEPS = {
    "Sweep: submissions due": _every("intake.drain", 1.0),
    "Sweep: SLA steps due": _every("routing.run_sla_steps", 1.0),
    "Sweep: holding queues": _every("routing.release_holding_queues", 15.0),
    "Sweep: leads of people who left": _every("routing.move_leads_on", 30.0),
    "Sweep: notices due": _every("routing.send_notices", 1.0),
    "Sweep: lead changes": _every("crm_sync.queue_changes", 1.0),
    "Sweep: outbox due": _every("crm_sync.drain_outbox", 1.0),
    "Sweep: CRM events": _every("crm_sync.work_inbound", 1.0),
    "Sweep: CRM records still there": _every("crm_sync.check_links", 60.0),
    "Sweep: the mirror of CRMs": _every("crm_sync.fill_mirror", 5.0),
    "Sweep: contacts made in CRMs": _every("crm_sync.take_born_there", 10.0),
    "Sweep: records deleted in CRMs": _every("crm_sync.find_deleted", 60.0),
    "Sweep: contacts that people logged": _every("crm_sync.read_touches", 5.0),
    "Sweep: leads compared with the CRM": _every("crm_sync.reconcile", 5.0),
    "Sweep: leads that could not be looked up": _every("crm_sync.look_again", 30.0),
    "Refresh: CRM owners": _every("crm_sync.refresh_owners", 300.0),
    "Refresh: CRM properties": _every("crm_sync.read_properties", 3600.0),
    "Sweep: alerts due": _every("exception_queue.send_alerts", 5.0),
    "Sweep: snoozed exceptions": _every("exception_queue.wake_snoozed", 30.0),
    "Backup: scheduled": _every("leadops.back_up", 60.0),
    "Retention": _every("leadops.let_go", 60.0),
    "Heartbeat": _every("leadops.heartbeat", 5.0),
    "Heartbeat to the outside": _every("leadops.tell_outside", 60.0),
}
