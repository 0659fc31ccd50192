"""A receiver of webhooks that checks each signature and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Receiver:
    """`statuses` are the answers to the first deliveries; later ones get 204."""

    path = "/hooks/hubspot?x=%2Fa%3Ab&y=%C3%BC"
    signed_path = "/hooks/hubspot?x=/a:b&y=%C3%BC"

    def __init__(self, *, secret: str = "s3cret", statuses: tuple[int, ...] = ()) -> None:
        self.secret = secret
        self.statuses = list(statuses)
        self.deliveries: queue.Queue[list[dict[str, Any]]] = queue.Queue()
        self.forged = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.receive(body, self.headers)
                self.send_response(outer.statuses.pop(0) if outer.statuses else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = self.origin + self.path

    def receive(self, body: bytes, headers: Any) -> None:
        timestamp = headers["X-HubSpot-Request-Timestamp"]
        signed = f"POST{self.origin}{self.signed_path}".encode() + body + timestamp.encode()
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        if headers["X-HubSpot-Signature-v3"] != base64.b64encode(digest).decode():
            self.forged += 1
        self.deliveries.put(json.loads(body))

    def next(self, *, timeout: float = 10) -> list[dict[str, Any]]:
        return self.deliveries.get(timeout=timeout)

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
