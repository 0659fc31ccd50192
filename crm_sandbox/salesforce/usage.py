"""Calls of the last 24 hours, and those that run now: the org's two limits. In memory."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from crm_sandbox.limits import Window
from crm_sandbox.salesforce.errors import OrgError

DAY = 86_400


class OrgUsage:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = Window(0, DAY)
        self._running: dict[int, float] = {}
        self._numbers = itertools.count()

    @contextmanager
    def running(self) -> Iterator[None]:
        number = next(self._numbers)
        with self._lock:
            self._running[number] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._running[number]

    def take(self, *, daily: int, concurrent: int, long_ms: int) -> None:
        """Counts a call. Raises OrgError 403 REQUEST_LIMIT_EXCEEDED, which says in its text which limit it is."""
        now = time.monotonic()
        with self._lock:
            long = sum(1 for since in self._running.values() if now - since > long_ms / 1000)
            if long >= concurrent:
                raise OrgError(
                    403,
                    "REQUEST_LIMIT_EXCEEDED",
                    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
                )
            self._day.calls = daily
            if not self._day.take(now=now):
                raise OrgError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def spend(self, calls: int) -> None:
        """As if they had been made now."""
        with self._lock:
            self._day.taken.extend([time.monotonic()] * calls)

    def used(self) -> int:
        oldest = time.monotonic() - DAY
        with self._lock:
            while self._day.taken and self._day.taken[0] <= oldest:
                self._day.taken.popleft()
            return len(self._day.taken)

    def clear(self) -> None:
        with self._lock:
            self._day = Window(0, DAY)
