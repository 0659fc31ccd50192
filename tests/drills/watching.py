"""What the exception queue shows while the drill runs, looked at again and again: its own times may be those of a worker whose
clock is wrong."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from tests.drills import reading
from tests.drills.talking import UNANSWERED, Server

EACH = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """`items` are those that were open at `at` (Unix time), as the API shows them."""

    at: float
    items: list[Any]


class Watch:
    def __init__(self, api: Server) -> None:
        self.api = api
        self.looks: list[Look] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(EACH):
            try:
                self.looks.append(Look(time.time(), reading.exceptions(self.api, status="open")))
            except UNANSWERED:
                continue  # It is dead for the moment.
