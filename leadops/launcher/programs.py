"""The command lines of web, worker and beat, for `manage.py up`, for `manage.py run` and for whoever measures them."""

import os
import resource
import sys
from collections.abc import Sequence

PYTHON = [sys.executable, "-m"]
SERVER = [*PYTHON, "granian", "--no-ws", "--respawn-failed-workers"]
SERVER += ["--respawn-interval", "0.5", "--workers-kill-timeout", "2"]
LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""
OPEN_FILES, MOST_CONNECTIONS, OTHER_FILES = 16_384, 4096, 512
"""What we ask the kernel for, what one web process uses of it for connections, and what it keeps for the rest."""
CELERY = [*PYTHON, "celery", "--app", "leadops.celery"]


def web(*, bind: str, port: int, processes: int | None = None) -> list[str]:
    """`processes`: as many as there are cores, unless said."""
    web = [*SERVER, "--host", bind, "--port", str(port), "--workers", str(processes or os.cpu_count() or 1)]
    web += ["--interface", "asginl", "--http", "1", "--http1-buffer-size", str(LARGEST_HEAD)]
    return [*web, "--backpressure", str(most_connections()), "leadops.asgi:application"]


def most_connections() -> int:
    """That one web process accepts; further ones wait. Beyond the open files it is allowed it could not even say no."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, soft - OTHER_FILES))


def raise_open_files() -> None:
    """As many as we are let have; every connection is one. Our children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def worker(*, queues: Sequence[str], processes: int | None = None, name: str = "leadops@%h") -> list[str]:
    """`processes`: one per core and at least four, unless said. `name` differs between the workers of one machine."""
    # Submissions, notices and the CRM each keep a process busy, and much of it is waiting; one is left for the sweeps.
    concurrency = str(processes or max(4, os.cpu_count() or 1))
    worker = [*CELERY, "worker", "--concurrency", concurrency, "--queues", ",".join(queues)]
    return [*worker, "--hostname", name, "--loglevel", "INFO", "--without-gossip", "--without-mingle"]


def beat() -> list[str]:
    return [*CELERY, "beat"]
