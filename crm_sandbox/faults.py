"""Trouble on request: slowness, refusals, lost answers, cut connections, half-done batches, a dead token."""

from __future__ import annotations

import itertools
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from crm_sandbox.wire import Json

KINDS = ("latency", "status", "timeout_after_commit", "reset", "partial", "auth", "html")
TARGETS = ("hubspot", "salesforce", "webhook")
DEFAULT_LATENCY_MS = 500
DEFAULT_HANG_MS = 30_000


class BadFault(Exception):
    """str() says what is wrong with the request."""


@dataclass(slots=True)
class Fault:
    """`rate` is the share of calls it strikes (for "partial", of a batch's inputs); `left` how many."""

    id: int
    target: str
    kind: str
    rate: float
    ms: int
    status: int
    retry_after: float | None
    path: str
    left: int | None
    until: float | None
    code: str
    message: str

    def shown(self) -> Json:
        body: Json = {"id": self.id, "target": self.target, "kind": self.kind, "rate": self.rate}
        if self.kind in ("latency", "timeout_after_commit"):
            body["ms"] = self.ms
        if self.kind in ("status", "html"):
            body["status"] = self.status
        if self.code:
            body["code"] = self.code
        if self.message:
            body["message"] = self.message
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.path:
            body["path"] = self.path
        if self.left is not None:
            body["times"] = self.left
        if self.until is not None:
            body["seconds"] = round(max(0.0, self.until - time.monotonic()), 3)
        return body


@dataclass(slots=True)
class Trouble:
    """What one call meets. `hang_ms` is None when its answer is sent. `html`: a page for people instead of JSON.

    `code` and `message` are of a status, where the fault names them.
    """

    delay_ms: int = 0
    reset: bool = False
    status: int | None = None
    retry_after: float | None = None
    hang_ms: int | None = None
    failing_share: float = 0.0
    html: bool = False
    code: str = ""
    message: str = ""


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, *asked: Any) -> list[Fault]:
        """Raises BadFault; then none of them is active."""
        faults = [_parsed(each, number=next(self._numbers)) for each in asked]
        with self._lock:
            self._active += faults
        return faults

    def clear(self, *, target: str = "") -> None:
        with self._lock:
            self._active = [fault for fault in self._active if target and fault.target != target]

    def active(self) -> list[Fault]:
        with self._lock:
            self._drop_spent()
            return list(self._active)

    def strike(self, *, target: str, path: str) -> Trouble:
        trouble = Trouble()
        with self._lock:
            self._drop_spent()
            for fault in self._active:
                if fault.target == target and fault.path in path and _strikes(fault, path=path):
                    if fault.left is not None:
                        fault.left -= 1
                    _add(trouble, fault)
        return trouble

    def _drop_spent(self) -> None:
        now = time.monotonic()
        self._active = [
            fault for fault in self._active if fault.left != 0 and (fault.until is None or fault.until > now)
        ]


def _strikes(fault: Fault, *, path: str) -> bool:
    if fault.kind == "partial":
        return "/batch/" in path or "/composite/" in path
    return fault.rate >= 1 or random.random() < fault.rate


def _add(trouble: Trouble, fault: Fault) -> None:
    if fault.kind == "latency":
        trouble.delay_ms += fault.ms
    elif fault.kind == "reset":
        trouble.reset = True
    elif fault.kind == "timeout_after_commit":
        trouble.hang_ms = fault.ms
    elif fault.kind == "partial":
        trouble.failing_share = fault.rate
    elif trouble.status is None:
        trouble.status = 401 if fault.kind == "auth" else fault.status
        trouble.retry_after = fault.retry_after
        trouble.html = fault.kind == "html"
        trouble.code, trouble.message = fault.code, fault.message


def _parsed(asked: Any, *, number: int) -> Fault:
    if not isinstance(asked, dict):
        raise BadFault('A fault is an object such as {"target": "hubspot", "kind": "latency", "ms": 80}.')
    known = {"target", "kind", "status", "retry_after", "ms", "rate", "seconds", "times", "path"}
    of_target: dict[Any, set[str]] = {"salesforce": {"code", "message"}, "webhook": {"message"}}
    known |= of_target.get(asked.get("target"), set())
    unknown = sorted(set(asked) - known)
    if unknown:
        raise BadFault(f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    target, kind = asked.get("target"), asked.get("kind")
    if target not in TARGETS:
        raise BadFault(f"target must be one of {', '.join(TARGETS)}.")
    if kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(KINDS)}.")
    default_ms = DEFAULT_LATENCY_MS if kind == "latency" else DEFAULT_HANG_MS
    usual = 503 if kind == "html" else 429
    status = int(_number(asked, "status", default=usual, low=400, high=599) or usual)
    seconds = _number(asked, "seconds", default=None, low=0, high=86_400)
    times = _number(asked, "times", default=None, low=1, high=1_000_000)
    return Fault(
        id=number,
        target=str(target),
        kind=str(kind),
        rate=float(_number(asked, "rate", default=0.5 if kind == "partial" else 1.0, low=0, high=1) or 0),
        ms=int(_number(asked, "ms", default=default_ms, low=0, high=600_000) or 0),
        status=status,
        retry_after=_number(asked, "retry_after", default=None, low=0, high=86_400),
        path=str(asked.get("path") or ""),
        left=None if times is None else int(times),
        until=None if seconds is None else time.monotonic() + seconds,
        code=str(asked.get("code") or ""),
        message=str(asked.get("message") or ""),
    )


def _number(asked: Json, key: str, *, default: float | None, low: float, high: float) -> float | None:
    value = asked.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadFault(f"{key} must be a number from {low:g} to {high:g}.")
    return value
