"""What goes over the wire, apart from sockets: a request, an answer, and times as the vendors write them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

Json = dict[str, Any]


class MalformedJson(Exception):
    """The body is not JSON; str() says where it stops being so."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, with the target's prefix already taken off the path.

    `base_url` is scheme, host and prefix as the client sees them; `failing_share` is the share of a batch's
    inputs that the fault "partial" makes fail (0 without that fault). `tells_apart`: the version of the API that
    was called answers 207 for a batch with bad inputs; others refuse it whole. `keeps_rules`: the rules that an admin
    has made for writing bind its calls.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    failing_share: float = 0.0
    tells_apart: bool = True
    keeps_rules: bool = False

    def parameter(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        return self.parameter(name).lower() == "true"

    def names(self, name: str) -> list[str]:
        """A list parameter, given once with commas or several times."""
        return [
            part.strip() for value in self.query.get(name, []) for part in value.split(",") if part.strip()
        ]

    def json(self) -> Any:
        try:
            return json.loads(self.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise MalformedJson(str(error)) from error


@dataclass(slots=True)
class Reply:
    """`records` counts the objects that were read or written, for the call log."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    records: int = 0
    content_type: str = "application/json;charset=utf-8"

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def digits(text: str) -> int | None:
    """The number that plain digits say; "²" and "٣" are digits too, but not for everybody."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def now_ms() -> int:
    """Milliseconds since 1970, UTC: the unit of every stored time."""
    return time.time_ns() // 1_000_000


@lru_cache(maxsize=1024)
def iso(milliseconds: int) -> str:
    """2026-03-01T10:00:00.000Z"""
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
