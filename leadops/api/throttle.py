"""How many submissions a form takes per minute, counted in the shared cache."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from intake.models import IntakeForm

PER_MINUTE = 20_000
WINDOW = 60
# A process takes this share of a limit from the shared count at a time, and lets so many in without asking again.
SHARE = 1000


@dataclass
class _Taken:
    """What this thread may still let in within one minute, by key and limit."""

    minute: int = 0
    left: dict[tuple[str, int], int] = field(default_factory=dict)


_here = threading.local()


class FormThrottle(BaseThrottle):
    """Counts what senders that may post here send, per form and per address at it. A dead cache lets everything in.

    Limits below 2,000 are exact; of larger ones, each web process may leave a thousandth unused.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.method == "OPTIONS":
            return True
        form: IntakeForm = view.form
        minute, passed = divmod(int(time.time()), WINDOW)
        self.seconds = WINDOW - passed
        counters = (
            (f"throttle:{form.pk}:{minute}", form.throttle.per_form or PER_MINUTE),
            (f"throttle:{form.pk}:{view.ip}:{minute}", form.throttle.per_ip or PER_MINUTE),
        )
        try:
            return all(_let_in(key, limit=limit, minute=minute) for key, limit in counters)
        except Exception:  # Whatever the cache's client raises: a lead is worth more than a limit.
            return True

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return self.seconds


def _let_in(key: str, *, limit: int, minute: int) -> bool:
    step = max(1, limit // SHARE)
    taken: _Taken = _here.__dict__.setdefault("taken", _Taken())
    if taken.minute != minute:
        taken.minute, taken.left = minute, {}
    if taken.left.get((key, limit), 0) > 0:
        taken.left[key, limit] -= 1
        return True
    cache.add(key, 0, timeout=WINDOW * 2)
    before = cache.incr(key, step) - step
    # One of the step is for this request.
    taken.left[key, limit] = max(0, min(step, limit - before) - 1)
    return before < limit
