import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from django.utils import timezone

from leadops.configuration import applying, checking, diffing, exporting, leaving, not_active_yet, summary
from leadops.configuration.reading import UnreadableFile
from routing.rules import elsewhere
from routing.rules.publishing import NotPublishable


class Command(BaseCommand):
    help = "The configuration as a file: apply it, show what an apply would change, or write the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="apply | diff | export")
        apply = actions.add_parser("apply", help="Make the database say what FILE says, and publish it.")
        apply.add_argument("file", metavar="FILE", help="- reads from standard input")
        apply.add_argument(
            "--force",
            action="store_true",
            help="Also if somebody changed the configuration since the last apply or export.",
        )
        diff = actions.add_parser(
            "diff", help="Show what apply would change. Exit status 1 if there is something."
        )
        diff.add_argument("file", metavar="FILE", help="- reads from standard input")
        export = actions.add_parser("export", help="Write what the database says.")
        export.add_argument(
            "file", metavar="FILE", nargs="?", default="-", help="- or nothing writes to standard output"
        )
        for action in (apply, export):
            action.add_argument("--by", metavar="NAME", default="", help="Who does it, for the history.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            {"apply": self._apply, "diff": self._diff, "export": self._export}[options["action"]](options)
        except UnreadableFile as error:
            name = _named(options["file"])
            raise CommandError("\n".join(f"{name}, {complaint}" for complaint in error.complaints)) from error
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}") from error
        except ProgrammingError as error:
            raise CommandError(
                f"The database is not up to date: run manage.py migrate first. ({error})"
            ) from error

    def _apply(self, options: dict[str, Any]) -> None:
        checked = checking.check(_read(options["file"]))
        # What CRMs say by now, before anything is in a transaction; whether the file fits it stands below.
        elsewhere.ask_all(None, ask=True, now=timezone.now())
        try:
            applied = applying.apply(
                checked.sections, by=_who(options), now=timezone.now(), force=options["force"]
            )
        except applying.ChangedMeanwhile as error:
            raise CommandError(summary.refusal(error)) from error
        except NotPublishable as error:
            raise CommandError(
                summary.not_publishable(error, _named(options["file"]), checked.document)
            ) from error
        for warning in applied.warnings:
            self.stderr.write(f"Warning: {warning}", self.style.WARNING)
        for one in elsewhere.ask_all(None, ask=False, now=timezone.now()):
            for objection in one.objections:
                self.stderr.write(
                    f"Warning: {one.source}: {objection.name}: {objection.message}", self.style.WARNING
                )
        self._say_what_is_not_active_yet(checked.sections)
        self.stdout.write(summary.applied(applied))

    def _diff(self, options: dict[str, Any]) -> None:
        checked = checking.check(_read(options["file"]))
        changes = diffing.compare(checked.sections, exporting.configuration())
        self._say_what_is_not_active_yet(checked.sections)
        for line in (*diffing.lines(changes), *leaving.lines(leaving.leavers(checked.sections))):
            self.stdout.write(line)
        if changes:
            sys.exit(1)

    def _say_what_is_not_active_yet(self, sections: Mapping[str, Any]) -> None:
        for idle in not_active_yet.idle_settings(sections):
            self.stderr.write(f"not active yet: {idle.title} {idle.hint}", self.style.WARNING)

    def _export(self, options: dict[str, Any]) -> None:
        text = exporting.written(applying.export(by=_who(options), now=timezone.now()))
        if options["file"] == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["file"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from error


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8 text.") from error


def _named(name: str) -> str:
    return "standard input" if name == "-" else Path(name).name


def _who(options: dict[str, Any]) -> str:
    if options["by"]:
        return str(options["by"])[:200]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "config"
