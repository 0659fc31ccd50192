"""Watches the parts of a running leadops and starts again what has died."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadops.launcher.problems import LaunchProblem
from leadops.launcher.program import Part, keep_small, last_lines

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before a part is started again, doubled at every further death."""
STEADY = 60.0
"""Seconds after which a part counts as healthy again."""
LOG_CHECK = 1.0
ASK_EVERY, MOST_SILENCES = 2.0, 3
"""Seconds between two pings, and how many in a row may stay without an answer."""


@dataclass
class _Watched:
    part: Part
    started: float
    wait: float = FIRST_WAIT
    due: float | None = None
    asked: float = 0.0
    silences: int = 0


class Supervisor:
    """`say` prints one line. Times are seconds of the monotonic clock."""

    def __init__(self, *, say: Callable[[str], None], pulse: Callable[[], None]) -> None:
        self.say = say
        self.pulse = pulse
        self.watched: list[_Watched] = []

    def start(self, part: Part) -> None:
        """Raises LaunchProblem. A part that is being started is stopped with the others."""
        watched = _Watched(part, time.monotonic())
        self.watched.append(watched)
        part.start(pulse=self.pulse)

    def dead(self) -> list[Part]:
        return [watched.part for watched in self.watched if _is_dead(watched.part)]

    def forget(self, part: Part) -> None:
        """It has done its work and is not watched any more."""
        self.watched = [watched for watched in self.watched if watched.part is not part]

    def watch(self) -> None:
        """Never returns; `pulse` ends it with an exception."""
        logs_checked = time.monotonic()
        while True:
            self.pulse()
            for watched in self.watched:
                self.look_after(watched)
            if time.monotonic() - logs_checked > LOG_CHECK:
                logs_checked = time.monotonic()
                for watched in self.watched:
                    keep_small(watched.part.log)
            time.sleep(0.1)

    def look_after(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.due is not None:
            if now >= watched.due:
                self._start_again(watched)
        elif _is_dead(watched.part):
            if now - watched.started > STEADY:
                watched.wait = FIRST_WAIT
            self._report(watched)
            watched.due = now + watched.wait
            watched.wait = min(watched.wait * 2, LONGEST_WAIT)
        elif now - watched.asked > ASK_EVERY:
            watched.asked = now
            self._ping(watched)

    def stop(self, *, order: Sequence[str]) -> None:
        """Stops everything, by name in this order."""
        for watched in sorted(self.watched, key=lambda each: order.index(each.part.name)):
            watched.part.stop()
        self.watched.clear()

    def _ping(self, watched: _Watched) -> None:
        """What lives and does not answer is ended; `look_after` then starts it again like any that has died."""
        if watched.part.answers():
            watched.silences = 0
            return
        watched.silences += 1
        if watched.silences >= MOST_SILENCES:
            watched.silences = 0
            self.say(f"{watched.part.name} runs but does not answer; ending it.")
            process = watched.part.process
            if process is not None:
                process.kill()
                process.wait()

    def _report(self, watched: _Watched) -> None:
        part = watched.part
        self.say(f"{part.name} has stopped ({death_of(part)}); starting it again in {watched.wait:.0f} s.")
        for line in last_lines(part.log):
            self.say(f"    {part.name}: {line}")

    def _start_again(self, watched: _Watched) -> None:
        watched.due, watched.started = None, time.monotonic()
        try:
            watched.part.start(pulse=self.pulse)
        except (LaunchProblem, OSError) as problem:
            self.say(f"{watched.part.name} does not start: {problem} Next try in {watched.wait:.0f} s.")
            watched.due = time.monotonic() + watched.wait
            watched.wait = min(watched.wait * 2, LONGEST_WAIT)
        else:
            self.say(f"{watched.part.name} runs again.")


def _is_dead(part: Part) -> bool:
    return part.process is None or part.process.poll() is not None


def death_of(part: Part) -> str:
    """How it ended, for people."""
    code = part.process.poll() if part.process else None
    if code is None:
        return "it did not start"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
