"""A long-running program of ours as the launcher's child, with a log of its own."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leadops.launcher import children, metric_files

PROGRESS = "» "
"""What a child puts before the lines of its log that the launcher repeats."""
LARGE_LOG = 20 * 1024 * 1024
KEPT_OF_LOG = 4 * 1024 * 1024


class Part(Protocol):
    """Whatever the launcher starts, watches, starts again and stops."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def process(self) -> subprocess.Popen[bytes] | None: ...
    def start(self, *, pulse: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...
    def answers(self) -> bool:
        """Whether it does, or nobody knows."""
        ...


@dataclass
class Program:
    """`steps` are the signals that stop it, each with the seconds it gets."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    steps: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 2.0),)
    when_we_die: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, pulse: Callable[[], None]) -> None:
        self.stop()
        with self.log.open("ab") as log:
            self.process = children.spawn(
                self.argv,
                env=metric_files.checked(self.env),
                log=log,
                cwd=self.cwd,
                when_we_die=self.when_we_die,
            )

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process, steps=self.steps)
            self.process = None

    def answers(self) -> bool:
        return True


def keep_small(log: Path) -> None:
    """Cuts a large log down to its newest lines, in place: that needs no space, of which there may be none left.

    Whoever writes to it appends, and goes on at its new end. A log that cannot be cut stays as it is.
    """
    with suppress(OSError):
        if (size := log.stat().st_size) <= LARGE_LOG:
            return
        with log.open("rb") as file:
            file.seek(size - KEPT_OF_LOG)
            newest = file.read().partition(b"\n")[2]
        with log.open("ab") as file:
            file.truncate(0)
            file.write(b"(older lines are cut)\n" + newest)


def last_lines(log: Path, *, count: int = 6) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]
