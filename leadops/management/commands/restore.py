"""Puts a file of `manage.py backup` back."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from leadops.backups import BackupProblem, archive, database, restoring
from leadops.launcher import offline
from leadops.launcher.problems import LaunchProblem
from leadops.schema import applied

OTHER_KEYS = (
    "LEADOPS_ENCRYPTION_KEYS is not what the backup was made with: stored secrets (tokens of CRMs, of forms) cannot be read "
    "until the old key is in it."
)


class Command(BaseCommand):
    help = "Make this installation what a backup holds; leadops must not run (docs/howto/backup.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace what is there")

    def handle(self, *args: Any, file: Path, force: bool, **others: Any) -> None:
        os.umask(0o077)
        data_dir = Path(settings.LEADOPS_DATA_DIR)
        try:
            with archive.read(file) as reader:
                restoring.refuse_newer(reader.manifest, known=applied.of_the_code())
                reader.verify(say=self._say)
                self._say("Starting the database")
                with offline.started(data_dir) as url:
                    address = database.address_of_url(url)
                    restoring.refuse_loss(address, force=force)
                    restoring.put_back(reader, address=address, data_dir=data_dir, say=self._say)
                    self._migrate(data_dir, url)
                self._report(reader.manifest, data_dir)
        except (BackupProblem, LaunchProblem) as problem:
            raise CommandError(str(problem)) from problem
        except psycopg.Error as error:
            raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}.") from error

    def _migrate(self, data_dir: Path, url: str) -> None:
        self._say("Bringing the database up to date")
        code, said = offline.manage(data_dir, url, ["prepare"], quiet=True)
        if code != 0:
            last = (said.strip().splitlines() or ["it said nothing"])[-1]
            raise BackupProblem(f"What the backup holds is back, but could not be brought up to date: {last}")

    def _report(self, manifest: archive.Manifest, data_dir: Path) -> None:
        words = database.in_words(manifest.counts) or "an empty installation"
        self.stdout.write(
            self.style.SUCCESS(
                f"Restored what leadops {manifest.leadops} had on {manifest.made_at[:16]}: {words}."
            )
        )
        given = ",".join(settings.LEADOPS_ENCRYPTION_KEYS) if offline.given("LEADOPS_ENCRYPTION_KEYS") else ""
        if restoring.other_keys(manifest, data_dir=data_dir, given=given):
            self.stdout.write(self.style.WARNING(OTHER_KEYS))

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text} ...")
        self.stdout.flush()
