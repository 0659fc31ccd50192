"""Nudges and sweeps of intake."""

from celery import shared_task

from intake import runner
from plumbing.nudges import taken


@shared_task(name="intake.drain")
def drain() -> None:
    taken("intake.drain")
    runner.drain()
