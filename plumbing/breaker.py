"""Remembers that something does not answer, so that only the first callers wait for it."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_REST, LONGEST_REST = 2.0, 30.0
"""Seconds that it is left alone after a failure, doubled at every further one."""


class AtRest(ConnectionError):
    """It did not answer just now, so it was not asked again."""


class Breaker:
    """For one thing and one process, whatever the thread. After each rest one caller tries again; the others go on without."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._log = logging.getLogger(__name__)
        self._lock = threading.Lock()
        self._rest = 0.0
        self._rest_until = 0.0

    @property
    def resting(self) -> bool:
        return time.monotonic() < self._rest_until

    @contextmanager
    def asking(self, *trouble: type[Exception]) -> Iterator[None]:
        """Around a call. Raises AtRest instead of calling; exceptions of the kinds `trouble` mean that it does not answer."""
        if not self._may_ask():
            raise AtRest(f"{self.what} does not answer.")
        try:
            yield
        except trouble as error:
            self.failed(error)
            raise
        self.worked()

    def failed(self, error: Exception) -> None:
        with self._lock:
            if not self._rest:
                self._log.warning("%s does not answer (%s); work goes on without it", self.what, error)
            self._rest = min(max(FIRST_REST, self._rest * 2), LONGEST_REST)
            self._rest_until = time.monotonic() + self._rest

    def worked(self) -> None:
        if not self._rest:
            return
        with self._lock:
            self._rest = self._rest_until = 0.0
        self._log.info("%s answers again", self.what)

    def _may_ask(self) -> bool:
        if not self._rest:
            return True
        with self._lock:
            if self.resting:
                return False
            if self._rest:
                self._rest_until = (
                    time.monotonic() + FIRST_REST
                )  # this caller tries, and nobody else meanwhile
            return True
