"""Nudges and sweeps of routing."""

from celery import shared_task
from django.utils import timezone

from plumbing.nudges import nudge, taken
from routing import escalation
from routing.handover import deactivation, releasing
from routing.notices import sending


@shared_task(name=sending.SEND)
def send_notices() -> None:
    taken(sending.SEND)
    sending.send_due(now=timezone.now())


@shared_task(name="routing.run_sla_steps")
def run_sla_steps() -> None:
    escalation.run_due_steps(now=timezone.now())


@shared_task(name="routing.release_holding_queues")
def release_holding_queues() -> None:
    releasing.release_holding_queues(now=timezone.now())


@shared_task(name=deactivation.MOVE_ON)
def move_leads_on() -> None:
    taken(deactivation.MOVE_ON)
    deactivation.move_leads_on(now=timezone.now())


def wake_notices() -> None:
    """Notices that are not held can go out at once."""
    nudge(sending.SEND)
