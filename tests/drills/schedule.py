"""Which process dies when, and which fault strikes when: by chance, the same chance for the same seed.

Each kill and each fault meets an installation whose parts are all there; what the last one has broken is given time to come
back, so that plans can be late.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.drills.crm import Crm
from tests.drills.faults import FAULTS, Fault
from tests.drills.installation import KINDS, Installation
from tests.drills.sizes import Size
from tests.drills.talking import UNANSWERED


@dataclass
class Struck:
    """A fault that has been. `at`: seconds after the first post."""

    name: str
    at: float
    seconds: float
    seen: str


@dataclass
class Trouble:
    """Two threads: one kills, one strikes. Both end with the last planned post. `began`: Unix time."""

    installation: Installation
    crms: Sequence[Crm]
    size: Size
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    killed: list[tuple[float, str, int]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)

    def start(self) -> None:
        self.began, self._begin = time.time(), time.monotonic()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._kill, self._strike)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        for thread in self._threads:
            thread.join()
        try:
            self.installation.sandbox.ask("DELETE", "/control/faults")
        except UNANSWERED:
            return  # Dead: its faults are gone with it.

    def kinds(self) -> list[str]:
        """Every kind equally often, in an order by chance."""
        choose, kinds = random.Random(f"kinds {self.seed}"), list[str]()
        while len(kinds) < self.size.kills:
            kinds += choose.sample(KINDS, len(KINDS))
        return kinds[: self.size.kills]

    def faults(self) -> list[str]:
        """Each as often as there are rounds, in an order by chance, and at the end what leaves leads waiting for long."""
        choose, left_out = random.Random(f"faults {self.seed}"), self.size.without
        late = {name for crm in self.crms for name in crm.late_faults}
        names = [name for name in self._known() if not left_out or left_out not in name]
        often = [name for name in names if name not in late]
        found = [name for _ in range(self.size.rounds) for name in choose.sample(often, len(often))]
        return found + [name for name in names if name in late]

    def _known(self) -> Mapping[str, Fault]:
        of_crms = [each for crm in self.crms for each in (crm.faults, crm.late_faults)]
        return {name: fault for each in (*of_crms, FAULTS) for name, fault in each.items()}

    def _kill(self) -> None:
        choose, kinds = random.Random(f"kills {self.seed}"), self.kinds()
        slot = self.size.seconds / len(kinds)
        for place, kind in enumerate(kinds):
            self._wait(slot * (place + choose.uniform(0.2, 0.8)))
            self.installation.wait_until_up()
            pid = self.installation.kill(kind, choose=choose)
            if pid is None:
                self.missed.append(kind)
                continue
            self.kills[kind] += 1
            self.killed.append((self._now(), kind, pid))

    def _strike(self) -> None:
        names, known = self.faults(), self._known()
        outages = {crm.outage for crm in self.crms}
        slot = self.size.seconds / len(names)
        for place, name in enumerate(names):
            self._wait(slot * place)
            self.installation.wait_until_up()
            at, seconds = self._now(), min(self.size.fault_seconds, slot)
            if name in outages:
                seconds = self.size.outage
            try:
                seen = known[name](self.installation, seconds)
            except Exception as error:  # A drill goes on; its report says what broke in it.
                seen = f"the drill itself failed: {type(error).__name__}: {error}"
            self.struck.append(Struck(name, round(at, 1), round(self._now() - at, 1), seen))

    def _now(self) -> float:
        return time.monotonic() - self._begin

    def _wait(self, until: float) -> None:
        time.sleep(max(0.0, until - self._now()))
