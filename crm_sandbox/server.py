"""The sandbox on a port of 127.0.0.1: HTTP/1.1, connections kept open, a thread for each."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crm_sandbox import app
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Reply, digits

DEFAULT_PORT = 8899
DEFAULT_TOKEN = "sandbox-token"
LARGEST_BODY = 8 * 1024 * 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def _any(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._send(Reply(413, {"status": "error", "message": "The body is too large or has no length"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        sandbox = self.server.sandbox
        outcome = app.respond(sandbox, method=self.command, url=self.path, headers=headers, body=body)
        if isinstance(outcome, Reply):
            self._send(outcome)
            return
        self.close_connection = True
        if outcome.reset:
            self._break()
        else:
            sandbox.stopping.wait(outcome.hang_ms / 1000)

    def _body(self) -> bytes | None:
        """As long as its length says, or in chunks; None where it is too large or neither."""
        encoding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if encoding:
            return self._chunks() if encoding == "chunked" else None
        length = digits(self.headers.get("Content-Length", "0"))
        return None if length is None or length > LARGEST_BODY else self.rfile.read(length)

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError:
                return None
            if not 0 <= size <= LARGEST_BODY - len(body):
                return None
            body += self.rfile.read(size)
            # The line's end after a chunk; after the last one what may follow the body, up to an empty line.
            while (line := self.rfile.readline(1024)).strip() and size == 0:
                continue
            if size == 0 or not line:
                return bytes(body)

    def _send(self, answer: Reply) -> None:
        payload = answer.encoded()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            # Else a client that keeps connections may send its next request into one that is ending.
            self.send_header("Connection", "close")
        if answer.status not in (204, 304):
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(payload)

    def _break(self) -> None:
        """RST instead of FIN: the kernel sends it on close when lingering is on with no time to linger."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.connections.discard(self.connection)
        os.close(self.connection.detach())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any

    def version_string(self) -> str:
        return "leadops-crm-sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the call log is what people look at."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, *, port: int, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class SandboxServer:
    """A running sandbox, in this process: `with SandboxServer(data_dir=path) as sandbox: sandbox.url`.

    Port 0 takes a free one. `salesforce_certificate`: PEM, for logins by JWT. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        salesforce_certificate: str = "",
    ) -> None:
        self.sandbox = Sandbox(data_dir=data_dir, token=token, salesforce_certificate=salesforce_certificate)
        try:
            self._server = _Server(port=port, sandbox=self.sandbox)
        except OSError:
            self.sandbox.close()
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="crm-sandbox", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Open connections are cut, as a stopped server's are."""
        self.sandbox.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(
    *,
    port: int = DEFAULT_PORT,
    data_dir: Path,
    token: str = DEFAULT_TOKEN,
    salesforce_certificate: str = "",
    on_ready: Callable[[str], None],
) -> None:
    """Until SIGTERM or Ctrl-C; `on_ready` gets the address. Raises OSError when the port is taken."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(
        port=port, data_dir=data_dir, token=token, salesforce_certificate=salesforce_certificate
    ) as sandbox:
        on_ready(sandbox.url)
        stop.wait()
