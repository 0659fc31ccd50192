"""What a stage can decide for one submission. No outcome means: go on to the next stage."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Stop:
    """The submission ends here, on purpose: `status` is "spam" or "rejected", `reason` is for people."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A person is needed: an item of this kind is opened. `cause` groups items; `release_at` lets it go on by itself, and
    with `unchecked` it is then known as one that nobody has looked at."""

    kind: str
    cause: str
    detail: dict[str, Any] = field(default_factory=dict)
    release_at: datetime | None = None
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not now: run the same stage again at `when`."""

    when: datetime
    reason: str


Outcome = Stop | Hold | RetryAt
