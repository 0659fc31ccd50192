"""Starts everything that a running leadops needs and stops it again at the end."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from leadops.launcher import up


class Command(BaseCommand):
    help = "Start everything: PostgreSQL, Valkey, web, worker and beat. Ctrl-C stops it."
    # Its children check; before the first start there is nothing to check against.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="with the CRM sandbox, and on an empty database the demo configuration",
        )
        parser.add_argument(
            "--port", type=int, help="of the console and the API (default: LEADOPS_PORT or 8000)"
        )

    def handle(self, *args: Any, demo: bool, port: int | None, **others: Any) -> None:
        queues: list[str] = settings.LEADOPS_CELERY_QUEUES
        sys.exit(up.run(environ=os.environ, demo=demo, port=port, queues=queues))
