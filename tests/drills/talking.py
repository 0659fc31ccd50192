"""HTTP as any stranger speaks it: the standard library, one kept connection per thread and server."""

import json
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

UNANSWERED = (OSError, HTTPException)
TRIES = 5
_here = threading.local()


class _Connection(HTTPConnection):
    def __del__(self) -> None:
        """With the thread that kept it."""
        self.close()


class Server:
    """On 127.0.0.1. `headers` go with every request."""

    def __init__(self, port: int, *, patience: float = 30, **headers: str) -> None:
        self.port, self.patience, self.headers = port, patience, headers

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and answer (JSON where it is, else text). Raises one of UNANSWERED."""
        data = None if body is None else json.dumps(body).encode()
        status, text, kind = self._exchange(method, path, data, headers)
        return status, json.loads(text) if text and "json" in kind else text.decode(errors="replace")

    def send(self, path: str, body: bytes, **headers: str) -> int:
        """The status of a POST with JSON as it is. Raises one of UNANSWERED."""
        return self._exchange("POST", path, body, headers)[0]

    def get(self, path: str, *, missing: Any = None) -> Any:
        """Asked again while nobody answers, or with 429 or 5xx, TRIES times. `missing` for a 404. Raises one of UNANSWERED, also
        where the answer is no 2xx."""
        for again in range(TRIES):
            try:
                status, answer = self.ask("GET", path)
            except UNANSWERED:
                if again == TRIES - 1:
                    raise
            else:
                if status // 100 == 2:
                    return answer
                if status == 404 and missing is not None:
                    return missing
                if again == TRIES - 1 or not (status == 429 or status >= 500):
                    raise HTTPException(f"GET {path}: {status} {str(answer)[:200]}")
            time.sleep(1 + again)
        raise AssertionError("unreachable")

    def post(self, path: str, body: Any) -> Any:
        """The answer of one POST. Raises one of UNANSWERED, also where it is no 2xx."""
        status, answer = self.ask("POST", path, body)
        if status // 100 != 2:
            raise HTTPException(f"POST {path}: {status} {str(answer)[:200]}")
        return answer

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, str]:
        kept: dict[tuple[int, float], _Connection] = _here.__dict__.setdefault("kept", {})
        key = (self.port, self.patience)
        connection = kept.setdefault(key, _Connection("127.0.0.1", self.port, timeout=self.patience))
        wanted = {"Content-Type": "application/json"} if body is not None else {}
        wanted |= {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        try:
            connection.request(method, path, body, wanted)
            answer = connection.getresponse()
            text = answer.read()
        except UNANSWERED:
            connection.close()
            raise
        return answer.status, text, answer.headers.get("Content-Type", "")
