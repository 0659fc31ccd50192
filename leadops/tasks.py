"""Sweeps of the project package."""

from celery import shared_task

from leadops import health, outside_heartbeat


@shared_task(name="leadops.heartbeat")
def heartbeat() -> None:
    health.beat()


@shared_task(name="leadops.tell_outside")
def tell_outside() -> None:
    outside_heartbeat.tell()
