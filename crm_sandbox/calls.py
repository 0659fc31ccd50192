"""The log of vendor calls: the newest in memory, for tests to count and people to watch."""

from __future__ import annotations

from collections import deque

from crm_sandbox.wire import Json, iso

KEPT = 50_000


class Calls:
    def __init__(self) -> None:
        self._kept: deque[tuple[str, Json]] = deque(maxlen=KEPT)

    def note(
        self, *, target: str, at: int, method: str, path: str, status: int, ms: float, records: int
    ) -> None:
        """`status` is 0 for a call that got no answer."""
        self._kept.append(
            (
                target,
                {
                    "at": iso(at),
                    "method": method,
                    "path": path,
                    "status": status,
                    "ms": round(ms, 3),
                    "records": records,
                },
            )
        )

    def of(self, *, target: str = "") -> list[Json]:
        """Oldest first."""
        return [call for name, call in list(self._kept) if target in ("", name)]

    def newest(self, *, target: str, count: int) -> list[Json]:
        """At most `count` of one CRM, newest first, out of the newest twenty times as many of both."""
        kept = list(self._kept)[-20 * count :]
        return [call for name, call in reversed(kept) if name == target][:count]

    def clear(self) -> None:
        self._kept.clear()
