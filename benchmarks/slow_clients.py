"""What 40 slow bodies and 500 idle connections cost everybody else.

The web part as `manage.py up` starts it; leads are posted and `/healthz` is asked at a steady pace, first alone, then beside the
slow ones: bodies that were announced and begun and do not come on, and connections on which nobody says anything.
"""

import json
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager

from benchmarks.figures import Figure, against, percentile
from benchmarks.people import person
from benchmarks.services import Services
from benchmarks.submissions import OURS, web

SLOW, IDLE = 40, 500
SECONDS, PACE = 8.0, 0.02  # shorter than a slow body lasts


def measure(*, quick: bool) -> list[Figure]:
    seconds = 2.0 if quick else SECONDS
    with Services() as services, web(services) as port:
        _asked(port, seconds=2.0)
        quiet = _asked(port, seconds=seconds)
        with _slow(port):
            besieged = _asked(port, seconds=seconds)
    return [
        against(
            f"{what}, p95 beside {SLOW} slow bodies and {IDLE} idle connections",
            [besieged[what]],
            [quiet[what]],
            "ms",
        )
        for what in ("/healthz", "submit")
    ]


def _asked(port: int, *, seconds: float) -> dict[str, float]:
    """The p95 of each, in milliseconds; every request on a connection of its own."""
    body = json.dumps(person(1)).encode()
    asked = {
        "/healthz": b"GET /healthz HTTP/1.1\r\n",
        "submit": f"POST {OURS} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n".encode(),
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for name, head in asked.items():
            begin = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(head + b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if name == "submit":
                    connection.sendall(body)
                assert connection.recv(65536).split(b" ")[1] in (b"200", b"202")
            found[name].append((time.perf_counter() - begin) * 1000)
        time.sleep(PACE)
    return {name: percentile(taken, 0.95) for name, taken in found.items()}


@contextmanager
def _slow(port: int) -> Generator[None, None, None]:
    head = f"POST {OURS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{{"
    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW + IDLE)]
    try:
        for connection in opened[:SLOW]:
            connection.sendall(head.encode())
        yield
    finally:
        for connection in opened:
            connection.close()
