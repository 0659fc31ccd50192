"""A load generator with a process of its own: keep-alive connections, each posting again once it is answered.

    python -m benchmarks.load PORT PATH [--connections 32] [--seconds 5] [--warm-up 1] [--first 0]

Says {"per_second", "p50", "p95"} (milliseconds) as JSON. Any answer but 201 and 202 is an error.
"""

import argparse
import json
import selectors
import socket
import time
from dataclasses import dataclass, field

from benchmarks.figures import percentile
from benchmarks.people import person


@dataclass
class Client:
    connection: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def take(self) -> int:
        """Read what is there; the status once the answer is complete, 0 before."""
        part = self.connection.recv(65536)
        if not part:
            raise ConnectionError("The server closed a connection.")
        self.received += part
        head, separator, body = bytes(self.received).partition(b"\r\n\r\n")
        if not separator:
            return 0
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().splitlines()
            if line.startswith(b"content-length:")
        )
        if len(body) < length:
            return 0
        self.received.clear()
        return int(head.split(b" ", 2)[1])


def run(
    port: int, path: str, *, connections: int, seconds: float, warm_up: float, first: int
) -> dict[str, float]:
    number = first
    selector = selectors.DefaultSelector()

    def post(client: Client) -> None:
        nonlocal number
        number += 1
        body = json.dumps(person(number)).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"User-Agent: benchmark\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client.sent_at = time.perf_counter()
        client.connection.sendall(head.encode() + body)

    for _ in range(connections):
        client = Client(socket.create_connection(("127.0.0.1", port)))
        client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client.connection, selectors.EVENT_READ, client)
        post(client)
    begin = time.perf_counter() + warm_up
    end = begin + seconds
    taken: list[float] = []
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(timeout=end - now):
            client = key.data
            status = client.take()
            if not status:
                continue
            if status not in (201, 202):
                raise SystemExit(f"{path} answered {status}.")
            answered = time.perf_counter()
            if begin <= answered < end:
                taken.append((answered - client.sent_at) * 1000)
            post(client)
    return {
        "per_second": len(taken) / seconds,
        "p50": percentile(taken, 0.5),
        "p95": percentile(taken, 0.95),
        "last": number,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    print(
        json.dumps(
            run(
                asked.port,
                asked.path,
                connections=asked.connections,
                seconds=asked.seconds,
                warm_up=asked.warm_up,
                first=asked.first,
            )
        )
    )


if __name__ == "__main__":
    main()
