"""HTTP by hand: what no client library would send."""

import json
import socket

from tests import make

SUBMISSIONS = "/api/v1/forms/demo-request/submissions"


def lead() -> bytes:
    return json.dumps(make.person()).encode()


def head(path: str = SUBMISSIONS, *, method: str = "POST", **headers: object) -> bytes:
    """`headers` by name with underscores; JSON unless they say otherwise."""
    named = {"Host": "127.0.0.1", "Content_Type": "application/json", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


class Line:
    """One connection. `answer` reads the next answer: status, headers in lower case, body."""

    def __init__(self, port: int, *parts: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        for part in parts:
            self.socket.sendall(part)

    def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        status = int(self.file.readline().split(b" ")[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if status == 100:
            return status, headers, b""
        return status, headers, self.file.read(int(headers.get("content-length", 0))) if has_body else b""

    def is_over(self) -> bool:
        """Whether the server has hung up, and has said nothing more."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
