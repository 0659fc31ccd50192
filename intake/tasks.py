"""Nudges and sweeps of intake."""

from celery import shared_task

from intake import runner
from intake.accept import DRAIN
from plumbing.nudges import taken


@shared_task(name=DRAIN)
def drain() -> None:
    taken(DRAIN)
    runner.drain()
