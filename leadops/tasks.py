"""Sweeps of the project package."""

from celery import shared_task

from leadops import health


@shared_task(name="leadops.heartbeat")
def heartbeat() -> None:
    health.beat()
