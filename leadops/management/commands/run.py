"""Becomes one of the programs of a running leadops, for installations on many machines."""

import os
import shutil
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from leadops.launcher import programs


class Command(BaseCommand):
    help = (
        "Run one part of leadops in the foreground, against DATABASE_URL, CELERY_BROKER_URL and CACHE_URL: "
        "any number of web and worker, and one beat. `manage.py up` runs all of them on one machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        queues: list[str] = settings.LEADOPS_CELERY_QUEUES
        parser.add_argument("part", choices=["web", "worker", "beat"])
        parser.add_argument(
            "--processes",
            type=_positive,
            help="of web (default: one per core) or worker (default: one per core, at least 4)",
        )
        parser.add_argument(
            "--queues",
            default=",".join(queues),
            help=f"of worker, separated by commas: {', '.join(queues)} (default: all)",
        )

    def handle(self, *args: Any, part: str, processes: int | None, queues: str, **others: Any) -> None:
        programs.raise_open_files()
        command = {
            "web": lambda: programs.web(
                bind=settings.LEADOPS_BIND, port=settings.LEADOPS_PORT, processes=processes
            ),
            "worker": lambda: programs.worker(
                queues=_known(queues), processes=processes, name=f"leadops-{os.getpid()}@%h"
            ),
            "beat": programs.beat,
        }[part]()
        if part == "web" and settings.PROMETHEUS_MULTIPROC_DIR:
            _empty(Path(settings.PROMETHEUS_MULTIPROC_DIR))
        # In place of this process: a signal to it reaches the program itself.
        os.chdir(settings.BASE_DIR)
        os.execv(command[0], command)


def _empty(folder: Path) -> None:
    """Counters of processes that are gone would be summed up for ever."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandError(f"PROMETHEUS_MULTIPROC_DIR {folder} cannot be made: {error.strerror}.") from error


def _positive(given: str) -> int:
    if not (given.isdecimal() and int(given) > 0):
        raise ArgumentTypeError("it must be a whole number above 0")
    return int(given)


def _known(given: str) -> list[str]:
    wanted = [name.strip() for name in given.split(",") if name.strip()]
    unknown = sorted(set(wanted) - set(settings.LEADOPS_CELERY_QUEUES))
    if unknown or not wanted:
        raise CommandError(
            f"No such queue: {', '.join(unknown) or given!r}. The queues are {', '.join(settings.LEADOPS_CELERY_QUEUES)}."
        )
    return wanted
