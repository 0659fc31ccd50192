"""What the checker found."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

ALLOWED = ("mails sent twice",)
"""What cannot be excluded where a channel knows no ids: said, and no failure."""
EXAMPLES = 5


@dataclass
class Findings:
    """`counts` are what there is, `wrong` what should be 0, `examples` a few of each that is not."""

    counts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    fairness: dict[str, dict[str, Any]] = field(default_factory=dict)
    exceptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return [what for what, count in self.wrong.items() if count and what not in ALLOWED]

    def say(self, what: str, found: Collection[object]) -> None:
        """`found` should be empty."""
        self.wrong[what] = len(found)
        if found:
            self.examples[what] = [str(each) for each in list(found)[:EXAMPLES]]
