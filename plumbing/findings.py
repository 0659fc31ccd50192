"""What `manage.py doctor` reports. Every layer may have checks: callables `() -> Iterable[Finding]`."""

from collections.abc import Callable
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
