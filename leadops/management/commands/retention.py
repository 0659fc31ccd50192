"""Lets what is old enough go at once, or says what would go."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from leadops.retention import going


class Command(BaseCommand):
    help = "Remove what has been kept for as long as the settings say; a worker does it by itself (docs/howto/retention.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, dry_run: bool, **others: Any) -> None:
        now = timezone.now()
        for expiry, number in going.counted(now=now):
            stay = f"stay {expiry.days} days" if expiry.days > 0 else "stay for ever"
            self.stdout.write(f"{number:>9,}  {expiry.title} ({expiry.setting}: {stay})")
        if dry_run:
            self.stdout.write("Nothing was removed.")
            return
        gone = 0
        while went := going.sweep(now=timezone.now()):
            gone += went
            self.stdout.write(f"{gone:,} have gone ...")
        self.stdout.write(self.style.SUCCESS(f"{gone:,} have gone."))
