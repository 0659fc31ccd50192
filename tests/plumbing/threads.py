"""Real concurrency: every worker is a thread with database connections of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def at_once(workers: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of `work(number)` in so many threads that start together; raises what one raised."""
    barrier = Barrier(workers)

    def run(number: int) -> Any:
        try:
            barrier.wait(30)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))
