"""What `manage.py doctor` reports, and what the headline of a page says. Every layer may have checks for doctor: callables
`() -> Iterable[Finding]`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line for a person. `fix` is what `doctor --fix` may do about it; it returns what it has done."""

    level: Level
    title: str
    hint: str = ""
    fix: Callable[[], str] | None = None


def worst_of(found: Iterable[Finding]) -> Finding | None:
    """The first of the worst level; None where nothing is wrong."""
    wrong = [finding for finding in found if finding.level != "ok"]
    return min(wrong, key=lambda finding: finding.level != "fail", default=None)


def headline(found: Iterable[Finding], *, praise: str) -> str:
    """One sentence above many findings: the worst, and `praise` only where nothing is wrong."""
    worst = worst_of(found)
    return worst.title if worst else praise
