"""The threads in which Django works, in lanes: what is slow in one never keeps another waiting."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# A WSGI application: environ, start_response -> chunks.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and the whole body."""


class LaneFull(Exception):
    """As many requests wait as may wait."""


class Lane:
    """So many threads, each with its own connection to the database, and so many requests that may wait for them."""

    def __init__(self, name: str, *, threads: int, most_waiting: int) -> None:
        self.pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self.most = threads + most_waiting
        self.inside = 0

    async def run(self, application: Application, environ: dict[str, Any]) -> Answer:
        """Raises LaneFull, and whatever the application raises."""
        if self.inside >= self.most:
            raise LaneFull
        self.inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, whole_answer, application, environ)
        finally:
            self.inside -= 1


def whole_answer(application: Application, environ: dict[str, Any]) -> Answer:
    """The answer in one piece: however slowly it is read, the thread is free."""
    status, headers = 500, list[tuple[bytes, bytes]]()

    def start_response(line: str, pairs: Iterable[tuple[str, str]], exc_info: object = None) -> None:
        nonlocal status, headers
        status = int(line.split(" ", 1)[0])
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return status, headers, body
