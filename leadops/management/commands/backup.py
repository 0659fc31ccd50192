"""Makes one file of everything that this installation is."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leadops.backups import BackupProblem, schedule
from leadops.launcher import offline
from leadops.launcher.problems import LaunchProblem


class Command(BaseCommand):
    help = "Write database, secrets and the demo's CRM into one file, while leadops runs or not (docs/howto/backup.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="must not exist yet; in a folder, a name is made")

    def handle(self, *args: Any, file: Path, **others: Any) -> None:
        data_dir = Path(settings.LEADOPS_DATA_DIR)
        try:
            if not offline.address(data_dir):
                self._while_nothing_runs(file, data_dir)
                return
            now = timezone.now()
            target = file.resolve() / schedule.name_of(now) if file.is_dir() else file.resolve()
            made = schedule.take(target, by="manage.py backup", now=now, say=self._say)
        except (BackupProblem, LaunchProblem) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(self.style.SUCCESS(f"{target}: {made}."))
        self.stdout.write("It holds people's data and the secrets: keep it where only you can read it.")

    def _while_nothing_runs(self, file: Path, data_dir: Path) -> None:
        self._say("Starting the database")
        with offline.started(data_dir) as url:
            code, _said = offline.manage(data_dir, url, ["backup", str(file)])
        if code != 0:
            raise SystemExit(code)

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text} ...")
        self.stdout.flush()
