"""One transaction holds something, and another must wait for it: without a clock, because PostgreSQL says who waits."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections, transaction

PATIENCE_SECONDS = 20.0


def while_held(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any, bool]:
    """`second` begins when `first` has done its work and has not committed: what both returned, and whether `second` waited
    for the commit. Raises what one raised."""

    def after() -> Any:
        try:
            return second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            done = first()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (holder,) = cursor.fetchone()
            following = pool.submit(after)
            waited = _waits_for(holder, unless=following.done)
        return done, following.result(PATIENCE_SECONDS), waited


def _waits_for(holder: int, *, unless: Callable[[], bool]) -> bool:
    """Whether another backend waits for this one; False once there is nothing to wait for any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if unless():
            return False
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid)))",
                [holder],
            )
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.02)
    raise AssertionError("The second transaction neither waited nor came to an end.")
