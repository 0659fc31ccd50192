"""Says what is wrong with this installation and how to fix it."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand

from leadops.launcher import checkup
from plumbing.findings import Finding, headline


class Command(BaseCommand):
    help = "Check this installation; each line is ok, warn or fail and says how to fix it."
    # It is for installations where something is broken: the checks of other commands come first as findings.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="fix what can be fixed without asking")

    def handle(self, *args: Any, fix: bool, **others: Any) -> None:
        left: list[Finding] = []
        for finding in checkup.examine():
            if fix and finding.fix and self._fix(finding):
                continue
            self._show(finding)
            left.append(finding)
        self.stdout.write(f"\nIn short: {_summary(left)}")
        if any(finding.level == "fail" for finding in left):
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


def _summary(found: Sequence[Finding]) -> str:
    """The worst first, then how many there are of each kind."""
    numbers = {level: sum(finding.level == level for finding in found) for level in ("fail", "warn")}
    counts = ", ".join(f"{number} {level}" for level, number in numbers.items() if number)
    return headline(found, praise="nothing is wrong.") + (f" ({counts})" if counts else "")
