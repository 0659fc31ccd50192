"""Call limits: none until they are set, then the vendor's way of counting and telling."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from crm_sandbox.wire import Json

DAILY = 250_000
SEARCHES_PER_SECOND = 5


@dataclass(slots=True)
class Window:
    """A rolling window: at most `calls` in any `per_seconds`. Refused calls do not count."""

    calls: int
    per_seconds: float
    taken: deque[float] = field(default_factory=deque)

    def take(self, *, now: float) -> bool:
        while self.taken and self.taken[0] <= now - self.per_seconds:
            self.taken.popleft()
        if len(self.taken) >= self.calls:
            return False
        self.taken.append(now)
        return True

    @property
    def left(self) -> int:
        return self.calls - len(self.taken)

    @property
    def policy(self) -> str:
        if self.per_seconds <= 1:
            return "SECONDLY"
        return "DAILY" if self.per_seconds >= 86_400 else "TEN_SECONDLY_ROLLING"


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """`policy` is the limit that was reached, or empty. `most`, `left` and `per_seconds` are of the window, None without one."""

    policy: str
    headers: dict[str, str]
    most: int | None = None
    left: int | None = None
    per_seconds: float | None = None


class Limits:
    """Searches have a limit of their own beside the general one, and their answers carry no rate headers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._general: dict[str, Window] = {}
        self._searches: dict[str, Window] = {}
        self._today: dict[str, int] = {}

    def set(self, *, target: str, calls: int, per_seconds: float) -> None:
        with self._lock:
            self._general[target] = Window(calls, per_seconds)
            self._searches[target] = Window(SEARCHES_PER_SECOND, 1)

    def clear(self, *, target: str = "") -> None:
        with self._lock:
            for name in [name for name in self._general if target in ("", name)]:
                del self._general[name], self._searches[name]

    def active(self) -> list[Json]:
        with self._lock:
            return [
                {"target": target, "calls": window.calls, "per_seconds": window.per_seconds}
                for target, window in self._general.items()
            ]

    def take(self, *, target: str, path: str) -> LimitVerdict:
        now = time.monotonic()
        with self._lock:
            self._today[target] = self._today.get(target, 0) + 1
            window = self._general.get(target)
            if window is None:
                return LimitVerdict("", {})
            if path.endswith("/search"):
                searches = self._searches[target]
                return LimitVerdict("" if searches.take(now=now) else searches.policy, {})
            allowed = window.take(now=now)
            headers = {
                "X-HubSpot-RateLimit-Max": str(window.calls),
                "X-HubSpot-RateLimit-Remaining": str(window.left),
                "X-HubSpot-RateLimit-Interval-Milliseconds": str(round(window.per_seconds * 1000)),
                "X-HubSpot-RateLimit-Daily": str(DAILY),
                "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, DAILY - self._today[target])),
            }
            return LimitVerdict(
                "" if allowed else window.policy,
                headers,
                most=window.calls,
                left=window.left,
                per_seconds=window.per_seconds,
            )
