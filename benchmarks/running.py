"""The whole of leadops as people run it: `manage.py up`, demo and CRM sandbox, in a folder that is removed afterwards."""

import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ruamel.yaml import YAML

from benchmarks.ports import free_port
from benchmarks.services import BASE, clean_environment
from leadops.launcher import home, temporary
from leadops.launcher.stack import SANDBOX_TOKEN

SUBMISSIONS = "/api/v1/forms/demo-request/submissions"
READY, STOPPED = 180.0, 40.0
# As the sandbox's org has them, and the variable in which the configuration finds the second.
ORG_CLIENT, ORG_SECRET, ORG_TOKEN = (
    "sandbox-consumer-key",
    "sandbox-consumer-secret",
    "LEADOPS_SECRET_SALESFORCE",
)
_connections = threading.local()


class Running:
    """`with Running() as leadops:`; leads are posted to `port`, the CRM answers on `sandbox_port`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leadops-bench-", dir=temporary.short_folder()))
        self.port, self.sandbox_port = free_port(), free_port()
        self.token = secrets.token_hex(20)
        self.env = {
            **clean_environment(),
            "LEADOPS_DATA_DIR": str(self.folder / "var"),
            "LEADOPS_PORT": str(self.port),
            "LEADOPS_SANDBOX_PORT": str(self.sandbox_port),
            "LEADOPS_DEMO": "1",
            "LEADOPS_LOG_LEVEL": "WARNING",
            "LEADOPS_API_TOKEN": self.token,
            ORG_TOKEN: ORG_SECRET,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        said = self.folder / "up.txt"
        with said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + READY
        while "leadops ready" not in said.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"leadops did not start:\n{said.read_text()}")
            time.sleep(0.1)

    def _stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOPPED)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        home.remove(self.folder / "var")
        shutil.rmtree(self.folder, ignore_errors=True)

    def post(self, lead: dict[str, Any]) -> float:
        """Submit it over this thread's kept connection; the moment (Unix time) just before."""
        at = time.time()
        status, _answer = self._ask(self.port, "POST", SUBMISSIONS, lead)
        assert status == 202, status
        return at

    def slow_down_the_crm(self, ms: int) -> None:
        """Every call to the CRM takes so much longer; 0: not any more."""
        self.control("DELETE", "faults")
        if ms:
            self.control("POST", "faults", {"target": "hubspot", "kind": "latency", "ms": ms})

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A control of the sandbox, and what it answers."""
        status, answer = self._ask(self.sandbox_port, method, f"/control/{path}", body)
        assert status < 300, answer
        return answer

    def crm(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and answer of a call as any client of the CRM makes it."""
        return self._ask(self.sandbox_port, method, f"/hubspot{path}", body)

    def org(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any]:
        """The same of the Salesforce org."""
        return self._send(self.sandbox_port, method, f"/salesforce{path}", body, headers)

    def ask_api(self, path: str) -> Any:
        """What leadops' own API answers."""
        return self._ask(self.port, "GET", f"/api/v1/{path}")[1]

    def listed(self, kind: str, properties: str) -> list[dict[str, Any]]:
        """Every record of a kind that the CRM has; `properties` with commas between them."""
        found: list[dict[str, Any]] = []
        after = "0"
        while after:
            path = f"/crm/v3/objects/{kind}?limit=100&properties={properties}&after={after}"
            _status, page = self.crm("GET", path)
            found += page["results"]
            after = page.get("paging", {}).get("next", {}).get("after", "")
        return found

    def contacts(self) -> dict[str, float]:
        """E-mail address -> when its record was made in the CRM (Unix time, to the millisecond)."""
        made = ((one["properties"]["email"], one["createdAt"]) for one in self.listed("contacts", "email"))
        return {email: datetime.fromisoformat(at).timestamp() for email, at in made}

    def outstanding(self) -> dict[str, float]:
        """What leadops has still to do, by its own metrics, without what is 0."""
        _status, totals = self._ask(self.port, "GET", "/api/v1/metrics/handoff")
        counts = totals["total"]["counts"]
        left = {
            "waiting": counts["waiting"],
            "not in the CRM": counts["handed_off"] - counts["in_crm"],
            **self._ask(self.port, "GET", "/readyz")[1]["oldest_due_seconds"],
        }
        return {name: count for name, count in left.items() if count}

    def let_everybody_be_picked(self, *connections: Any) -> None:
        """The demo's configuration without caps, absences and opening hours: no lead has to wait for anybody. With these
        connections besides."""
        configuration = YAML().load((BASE / "leadops" / "demo" / "acme.yaml").read_text(encoding="utf-8"))
        for owner in configuration["owners"]:
            owner.pop("daily_cap", None)
        for rotation in configuration["rotations"]:
            rotation["calendar_policy"] = "ignore"
        configuration["absences"] = []
        crm = configuration["connections"][0]
        crm["base_url"] = f"http://127.0.0.1:{self.sandbox_port}/hubspot"
        configuration["connections"] += connections
        file = self.folder / "configuration.yaml"
        with file.open("w", encoding="utf-8") as output:
            YAML().dump(configuration, output)
        command = [sys.executable, "manage.py", "config", "apply", str(file)]
        done = subprocess.run(command, cwd=BASE, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"config apply: {done.stdout}{done.stderr}")

    def _ask(self, port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if path.startswith("/hubspot"):
            headers["Authorization"] = f"Bearer {SANDBOX_TOKEN}"
        elif port == self.port and path != SUBMISSIONS:
            headers["Authorization"] = f"Token {self.token}"
        return self._send(port, method, path, json.dumps(body) if body is not None else None, headers)

    def _send(
        self, port: int, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, Any]:
        kept: dict[tuple[int, int], http.client.HTTPConnection] = _connections.__dict__.setdefault("kept", {})
        connection = kept.setdefault((id(self), port), http.client.HTTPConnection("127.0.0.1", port, 30))
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
