"""Nudges and sweeps; the work is in the modules they name."""

from celery import shared_task
from django.utils import timezone

from exception_queue import alerts, queue


@shared_task(name="exception_queue.send_alerts")
def send_alerts() -> None:
    alerts.sweep(now=timezone.now())


@shared_task(name="exception_queue.wake_snoozed")
def wake_snoozed() -> None:
    queue.wake_snoozed(now=timezone.now())
