"""Sweeps of the project package."""

from celery import shared_task
from django.utils import timezone

from leadops import health, outside_heartbeat
from leadops.backups import schedule
from leadops.retention import going
from plumbing.nudges import taken


@shared_task(name="leadops.heartbeat")
def heartbeat() -> None:
    health.beat()


@shared_task(name="leadops.tell_outside")
def tell_outside() -> None:
    outside_heartbeat.tell()


@shared_task(name=schedule.TASK)
def back_up() -> None:
    taken(schedule.TASK)
    schedule.sweep(now=timezone.now())


@shared_task(name="leadops.let_go")
def let_go() -> None:
    going.sweep(now=timezone.now())
