"""Says what is wrong with this installation and how to fix it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leadops.launcher import checkup
from plumbing.findings import Finding


class Command(BaseCommand):
    help = "Check this installation; each line is ok, warn or fail and says how to fix it."
    # It is for installations where something is broken: the checks of other commands come first as findings.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="fix what can be fixed without asking")

    def handle(self, *args: Any, fix: bool, **others: Any) -> None:
        failed = False
        for finding in checkup.examine():
            fixed = self._fix(finding) if fix and finding.fix else False
            if not fixed:
                self._show(finding)
            failed = failed or (finding.level == "fail" and not fixed)
        if failed:
            sys.exit(1)

    def _show(self, finding: Finding) -> None:
        style = {"ok": self.style.SUCCESS, "warn": self.style.WARNING, "fail": self.style.ERROR}[
            finding.level
        ]
        self.stdout.write(f"{style(f'{finding.level:<5}')} {finding.title}")
        if finding.hint and finding.level != "ok":
            self.stdout.write(f"      {finding.hint}")

    def _fix(self, finding: Finding) -> bool:
        assert finding.fix is not None
        try:
            done = finding.fix()
        except Exception as error:
            self.stdout.write(self.style.ERROR(f"{'fail':<5} Could not be fixed: {error}"))
            return False
        self.stdout.write(f"{self.style.SUCCESS('fixed')} {finding.title} {done}")
        return True
