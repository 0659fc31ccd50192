"""Named accounts from a CSV file, shown before they are applied."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intake.csv_tables import UnreadableCsv, opened
from plumbing.counting import counted
from routing.account_import import applying, reading
from routing.account_import.comparing import AccountDifference, owner_names


class Command(BaseCommand):
    help = (
        "Compare a CSV file with the named accounts and say what would change; --apply writes it, in one transaction with "
        "history. Lines that cannot be taken are named and left out. Exit status 1 if there were some."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", help="- reads from standard input")
        parser.add_argument("--apply", action="store_true", help="write it; without this nothing is written")
        parser.add_argument(
            "--rows", type=int, default=10, metavar="N", help="examples of each kind of change (default: 10)"
        )

    def handle(self, *args: Any, file: str, apply: bool, rows: int, **others: Any) -> None:
        try:
            with (
                open(sys.stdin.fileno() if file == "-" else file, "rb", closefd=file != "-") as raw,
                opened(raw) as csv_file,
            ):
                sheet = reading.read(csv_file.text)
                note = csv_file.note
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except UnreadableCsv as error:
            raise CommandError(f"{file}: {error}") from error
        if note:
            self.stderr.write(f"{file}: {note}")
        self.stdout.write(", ".join(f"{header} -> {name}" for name, header in sheet.columns.items()))
        if sheet.ignored:
            self.stdout.write(f"Not read: {', '.join(sheet.ignored)}")
        found = self._applied(sheet) if apply else applying.preview(sheet)
        self._show(found, rows=rows)
        for one in found.troubles:
            self.stderr.write(f"{file}, line {one.line}: {one.said}")
        written = (
            f"{counted(len(found.changes), 'account')} written."
            if apply
            else "Nothing was written: --apply does it."
        )
        self.stdout.write(f"{found.sentence()}. {written}")
        if found.left_out or found.unknown_owners:
            sys.exit(1)

    def _applied(self, sheet: reading.AccountSheet) -> AccountDifference:
        return applying.apply(sheet, now=timezone.now(), progress=self._say)

    def _say(self, done: int, total: int) -> None:
        self.stderr.write(f"{done:,} of {total:,} written")

    def _show(self, found: AccountDifference, *, rows: int) -> None:
        changes = found.owners[:rows]
        names = owner_names(changes)
        for one in changes:
            was = names.get((one.before or {})["owner_id"], "nobody")
            self.stdout.write(f"{one.account}: {was} -> {names.get(one.account.owner_id or 0, 'nobody')}")
        for shared in found.shared[:rows]:
            self.stdout.write(f"{shared.domain}: {', '.join(shared.companies)}")
        for one in found.new[:rows]:
            self.stdout.write(f"{one.account}: new")
