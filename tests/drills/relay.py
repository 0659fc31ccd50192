"""Webhooks as a bad network brings them: the CRM tells us instead, and we tell leadops each batch twice, late and in an order by
chance. What is told is polled as well. Whoever is not answered is told again.
"""

import base64
import hashlib
import heapq
import hmac
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.drills.installation import WEBHOOK_SECRET, Installation
from tests.drills.talking import UNANSWERED

PATH = "/api/v1/webhooks/hubspot"
LONGEST = 5.0
"""Seconds that one is late."""
TIMES, AT_ONCE = 2, 4
AGAIN_AFTER, MOST_ATTEMPTS = 2.0, 60
EACH = 1.0
"""Seconds after which the CRM is told anew whom to tell: it may have been killed, and leadops tells it its own address."""


class Relay:
    def __init__(self, installation: Installation, *, seed: int) -> None:
        self.installation = installation
        self.taken = self.received = self.given_up = 0
        self._choose = random.Random(f"relay {seed}")
        self._due: list[tuple[float, int, int, bytes]] = []
        self._changed, self._ended = threading.Condition(), False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._taker())
        self._threads = [
            threading.Thread(target=each, daemon=True)
            for each in (self._server.serve_forever, self._stay_between, *[self._deliver] * AT_ONCE)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Once the CRM has told all: it tells leadops itself again, and what is held here is delivered."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for thread in self._threads[1:]:
            thread.join()
        self._server.shutdown()
        self._server.server_close()

    def said(self) -> dict[str, int]:
        return {"batches": self.taken, "told": self.received, "given up": self.given_up}

    def _taker(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                relay._hold(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """It says nothing."""

        return Taker

    def _hold(self, body: bytes) -> None:
        with self._changed:
            self.taken += 1
            for _ in range(TIMES):
                self._put(self._choose.uniform(0, LONGEST), 0, body)
            self._changed.notify_all()

    def _put(self, after: float, attempt: int, body: bytes) -> None:
        heapq.heappush(self._due, (time.monotonic() + after, attempt, self._choose.randrange(10**9), body))

    def _deliver(self) -> None:
        while True:
            with self._changed:
                while not self._due and not self._ended:
                    self._changed.wait()
                if not self._due:
                    return
                pause = self._due[0][0] - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                _, attempt, _, body = heapq.heappop(self._due)
            is_received = self._send(body)
            with self._changed:
                if is_received:
                    self.received += 1
                elif attempt == MOST_ATTEMPTS:
                    self.given_up += 1
                else:
                    self._put(AGAIN_AFTER, attempt + 1, body)

    def _stay_between(self) -> None:
        """Until the end, when the CRM is told leadops' address."""
        here = f"http://127.0.0.1:{self._server.server_port}/"
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended, timeout=EACH)
                ended = self._ended
            own_writes = self.installation.tells_own_writes and not ended
            told = self._tell(self._address if ended else here, own_writes=own_writes)
            if ended and told:
                return
            if ended:
                time.sleep(0.5)

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.installation.port}{PATH}"

    def _tell(self, url: str, *, own_writes: bool) -> bool:
        hook = {"target": "hubspot", "url": url, "secret": WEBHOOK_SECRET, "own_writes": own_writes}
        try:
            return self.installation.sandbox.ask("POST", "/control/webhooks", hook)[0] < 300
        except UNANSWERED:
            return False

    def _send(self, body: bytes) -> bool:
        """With a signature of version 3, as the CRM's."""
        at = str(int(time.time() * 1000))
        text = f"POST{self._address}".encode() + body + at.encode()
        signed = hmac.new(WEBHOOK_SECRET.encode(), text, hashlib.sha256)
        headers = {
            "X_HubSpot_Request_Timestamp": at,
            "X_HubSpot_Signature_v3": base64.b64encode(signed.digest()).decode(),
        }
        try:
            return self.installation.form.send(PATH, body, **headers) // 100 == 2
        except UNANSWERED:
            return False
