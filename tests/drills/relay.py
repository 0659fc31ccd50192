"""Webhooks as a bad network brings them: for a while the CRM tells us instead, of its API's own writes too, and we tell leadops
each batch twice, late and in an order by chance. What is told meanwhile is polled as well.
"""

import base64
import hashlib
import hmac
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.drills.installation import WEBHOOK_SECRET, Installation
from tests.drills.talking import UNANSWERED, Server

PATH = "/api/v1/webhooks/hubspot"
LONGEST = 5.0
"""Seconds that one is late."""


def strike(installation: Installation, seconds: float) -> str:
    taken: list[bytes] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ours = f"http://127.0.0.1:{installation.port}{PATH}"
    try:
        _tell(installation.sandbox, f"http://127.0.0.1:{server.server_port}/", own_writes=True)
        time.sleep(seconds)
        _tell(installation.sandbox, ours, own_writes=False)
        time.sleep(1)
    except UNANSWERED:
        pass  # The CRM has died, and is told its address by the launcher.
    finally:
        server.shutdown()
        server.server_close()
    twice = [*taken, *taken]
    random.Random(len(twice)).shuffle(twice)
    begin, received = time.monotonic(), 0
    for place, body in enumerate(twice):
        time.sleep(max(0.0, begin + place * LONGEST / max(1, len(twice)) - time.monotonic()))
        received += _deliver(installation, ours, body)
    return f"{len(taken)} batches taken, told twice: {received} received"


def _tell(sandbox: Server, url: str, *, own_writes: bool) -> None:
    hook = {"target": "hubspot", "url": url, "secret": WEBHOOK_SECRET, "own_writes": own_writes}
    sandbox.ask("POST", "/control/webhooks", hook)


def _deliver(installation: Installation, url: str, body: bytes) -> bool:
    """With a signature of version 3, as the CRM's."""
    at = str(int(time.time() * 1000))
    signed = hmac.new(WEBHOOK_SECRET.encode(), f"POST{url}".encode() + body + at.encode(), hashlib.sha256)
    headers = {
        "X_HubSpot_Request_Timestamp": at,
        "X_HubSpot_Signature_v3": base64.b64encode(signed.digest()).decode(),
    }
    try:
        return installation.form.send(PATH, body, **headers) // 100 == 2
    except UNANSWERED:
        return False
