"""Print the pipeline: each stage with its place in the code and its first line."""

import inspect
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from intake.pipeline import TRANSACTION, declared
from plumbing import dotted


class Command(BaseCommand):
    """`manage.py show_pipeline`."""

    help = "Print each stage of the pipeline with its file, line and first docstring line."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for line in declared():
            if line == TRANSACTION:
                self.stdout.write("-- one database transaction from here on; nothing goes on the wire --")
                continue
            stage = dotted.resolve(line)
            path = Path(inspect.getsourcefile(stage) or "").relative_to(settings.BASE_DIR)
            lines, start = inspect.getsourcelines(stage)
            # Below its decorators.
            number = start + next(n for n, text in enumerate(lines) if text.startswith("def "))
            first = (inspect.getdoc(stage) or "").split("\n", 1)[0]
            self.stdout.write(f"{line:32} {f'{path}:{number}':42} {first}")
