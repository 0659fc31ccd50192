"""Leads from a CSV file, through the same writer as every form."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intake import importing
from intake.csv_tables import OpenedCsv, Table, UnreadableCsv, opened
from intake.importing import Taken
from intake.models import IntakeForm
from plumbing.counting import counted

_SAY_EVERY = 2.0
"""Seconds."""


class Command(BaseCommand):
    help = (
        "Make every row of a CSV file a submission of a form. A row that was imported before is skipped; bad rows are "
        "reported with their line and stop nothing. Exit status 1 if there were some."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", help="- reads from standard input")
        parser.add_argument(
            "--form",
            default="import",
            metavar="KEY",
            help="whose field map and rules apply (default: import)",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen; write nothing")

    def handle(self, *args: Any, file: str, form: str, dry_run: bool, **others: Any) -> None:
        taker = _form(form)
        counts: Counter[str] = Counter()
        with _opened(file) as sheet:
            try:
                table = Table(sheet.text)
                meaning = importing.meaning(taker, table.columns)
            except UnreadableCsv as error:
                raise CommandError(f"{file}: {error}") from error
            if sheet.note:
                self.stderr.write(f"{file}: {sheet.note}")
            self.stdout.write(", ".join(f"{column} -> {field}" for column, field in meaning.items()))
            taken = (
                importing.try_out(taker, table.rows())
                if dry_run
                else importing.take(taker, table.rows(), now=timezone.now())
            )
            for one in self._notified(taken):
                counts[one.state] += 1
                if one.state in ("bad", "held"):
                    held = "held for a person: " if one.state == "held" else ""
                    self.stderr.write(f"{file}, line {one.line}: {held}{one.said}")
        self.stdout.write(_summary(counts, dry_run=dry_run))
        if counts["bad"]:
            sys.exit(1)

    def _notified(self, taken: Iterator[Taken]) -> Iterator[Taken]:
        """Say how far it is, once it takes long."""
        said = time.monotonic()
        for number, one in enumerate(taken, start=1):
            if time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                self.stderr.write(f"{number:,} rows, line {one.line:,}")
            yield one


def _summary(counts: Counter[str], *, dry_run: bool) -> str:
    new = counts["new"] + counts["held"]
    held = f" ({counts['held']:,} of them held)" if counts["held"] else ""
    would, nothing = ("would be ", " Nothing was written.") if dry_run else ("", "")
    return (
        f"{counted(counts.total(), 'row')}: {new:,} {would}new{held}, "
        f"{counts['known']:,} here already, {counts['bad']:,} bad.{nothing}"
    )


def _form(key: str) -> IntakeForm:
    found = IntakeForm.objects.filter(key=key).first()
    if found is None:
        others = (
            ", ".join(IntakeForm.objects.filter(active=True).order_by("key").values_list("key", flat=True))
            or "none"
        )
        raise CommandError(
            f"There is no form “{key}”. Forms that there are: {others}; choose one with --form KEY. Or make one, in the "
            "console under Forms, or in the forms section of your configuration file:\n"
            f"  - {{key: {key}, name: Import, kind: webhook, vendor: {importing.VENDOR}, on_invalid: reject}}"
        )
    if found.kind == IntakeForm.Kind.CRM:
        raise CommandError(f"The form {key} takes contacts from a CRM: choose another with --form KEY.")
    if not found.active:
        raise CommandError(
            f"The form {key} is switched off. Switch it on, or choose another with --form KEY."
        )
    if found.vendor != importing.VENDOR:
        raise CommandError(
            f"The form {key} reads what {found.vendor} sends, not rows of a file. Choose or make a form with the "
            f"vendor “{importing.VENDOR}”."
        )
    return found


@contextmanager
def _opened(name: str) -> Iterator[OpenedCsv]:
    try:
        file = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    try:
        with opened(file) as sheet:
            yield sheet
    finally:
        if name != "-":
            file.close()
