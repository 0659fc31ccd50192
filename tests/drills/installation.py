"""A whole leadops (`manage.py up --demo`) as an operator has it: a command, a data folder, two ports, and processes to kill."""

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from tests.drills.talking import UNANSWERED, Server

BASE = Path(__file__).resolve().parents[2]
OURS = ("LEADOPS_", "DATABASE_URL", "CELERY_", "CACHE_URL", "SECRET_KEY", "EMAIL_URL", "DJANGO_", "PYTEST_")
READY, STOPPED = 180.0, 60.0
WEBHOOK_SECRET = "drill-webhook-secret"
REMIND_AFTER = 30.0
"""Seconds after which every owner is reminded once of every lead, by the drill's configuration."""
KINDS = (
    "web", "web child", "worker", "worker child", "beat", "valkey", "postgres", "postgres child", "sandbox",
    "launcher",
)  # fmt: skip


class Installation:
    """Kept running as systemd would: once the launcher is gone, it is started again on the same folder. `adjust` changes the
    configuration that it starts with, `env` adds to the environment. `tells_own_writes`: HubSpot's webhooks tell of what comes
    through its API too."""

    def __init__(
        self,
        folder: Path,
        *,
        adjust: Callable[[Any], None] = lambda _: None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.adjust = adjust
        self.data_dir, self.output = folder / "var", folder / "up.txt"
        self.port, self.sandbox_port = _free_port(), _free_port()
        token = secrets.token_hex(20)
        self.api = Server(self.port, Authorization=f"Token {token}")
        self.form = Server(self.port, patience=20)
        self.sandbox = Server(self.sandbox_port, Authorization="Bearer sandbox-token")
        self.restarts = self._said_before = 0
        self.tells_own_writes = False
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "LEADOPS_DATA_DIR": str(self.data_dir),
            "LEADOPS_PORT": str(self.port),
            "LEADOPS_SANDBOX_PORT": str(self.sandbox_port),
            "LEADOPS_DEMO": "1",
            "LEADOPS_LOG_LEVEL": "WARNING",
            "LEADOPS_API_TOKEN": token,
            "HUBSPOT_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **(env or {}),
        }
        self._launcher: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    # -- starting and stopping ---------------------------------------------------------------------

    def start(self) -> None:
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self._launch()
        if not self.wait_until_ready():
            raise RuntimeError(f"leadops did not start:\n{self.output.read_text(errors='replace')}")
        self._configure()

    def keep_running(self) -> None:
        self._keeper.start()

    def end(self) -> None:
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        launcher = self._launcher
        if launcher is None:
            return
        family = self._family()
        launcher.send_signal(signal.SIGTERM)
        try:
            launcher.wait(STOPPED)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait()
        for process in psutil.wait_procs(family, timeout=10)[1]:
            process.kill()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def wait_until_ready(self, *, seconds: float = READY) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._is_ready():
                return True
            time.sleep(0.3)
        return False

    def wait_until_up(self, *, seconds: float = READY) -> bool:
        """The launcher has started everything, every kind of process is there, and web and CRM answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            there = self.processes()
            if self._has_started() and all(there.get(kind) for kind in KINDS) and self._answers():
                return True
            time.sleep(0.2)
        return False

    def _has_started(self) -> bool:
        """A part that dies before ends the launcher too."""
        with self.output.open("rb") as output:
            output.seek(self._said_before)
            return b"leadops ready" in output.read()

    def _answers(self) -> bool:
        try:
            asked = ((self.port, "/healthz"), (self.sandbox_port, "/control/faults"))
            return all(Server(port, patience=3).ask("GET", path)[0] == 200 for port, path in asked)
        except UNANSWERED:
            return False

    def _is_ready(self) -> bool:
        try:
            return Server(self.port, patience=3).ask("GET", "/readyz")[0] == 200
        except UNANSWERED:
            return False

    def _launch(self) -> None:
        with self.output.open("ab") as output:
            self._said_before = output.tell()
            self._launcher = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._ended.wait(0.5):
            if self._launcher is not None and self._launcher.poll() is not None:
                self.restarts += 1
                self._launch()

    def _configure(self) -> None:
        """The demo's configuration without what changes who can be picked (cap, absences, calendars), and with one reminder
        of every lead."""
        yaml, file = YAML(), self.data_dir / "drill.yaml"
        configuration = yaml.load((self.data_dir / "acme.yaml").read_text(encoding="utf-8"))
        for owner in configuration["owners"]:
            owner.pop("daily_cap", None)
        for rotation in configuration["rotations"]:
            rotation["calendar_policy"] = "ignore"
        configuration["absences"] = []
        remind = {"at": f"{REMIND_AFTER / 60:g}m", "do": "remind_owner"}
        policy = {"name": "Drill", "clock": "wall", "first_response": "24h", "steps": [remind]}
        configuration["sla_policies"] = [policy]
        self.adjust(configuration)
        with file.open("w", encoding="utf-8") as output:
            yaml.dump(configuration, output)
        command = [sys.executable, "manage.py", "config", "apply", str(file)]
        done = subprocess.run(command, cwd=BASE, env=self.env, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"config apply: {done.stdout}{done.stderr}")

    def weights(self) -> dict[str, dict[str, int]]:
        """Of each rotation's members, by the rule that sends leads there: {"DACH": {"eva@acme.test": 1}}."""
        configuration = YAML().load((self.data_dir / "drill.yaml").read_text(encoding="utf-8"))
        members = {
            f"rotation:{rotation['name']}": {
                member["owner"]: int(member.get("weight", 1)) for member in rotation["members"]
            }
            for rotation in configuration["rotations"]
        }
        return {
            rule["name"]: members[rule["target"]]
            for rule in configuration["rules"]
            if rule["target"] in members
        }

    # -- what runs ---------------------------------------------------------------------------------

    def running(self, name: str) -> str:
        """What `running.env` in the data folder says now; "" where it says nothing."""
        try:
            lines = (self.data_dir / "running.env").read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        return dict(line.split("=", 1) for line in lines if "=" in line).get(name, "")

    def processes(self) -> dict[str, list[psutil.Process]]:
        """By kind, of KINDS or further ones; "web child" is whatever the web server has started."""
        found: dict[str, list[psutil.Process]] = defaultdict(list)
        launcher = self._launcher
        if launcher is None or launcher.poll() is not None:
            return found
        try:
            parent = psutil.Process(launcher.pid)
            found["launcher"].append(parent)
            for child in parent.children():
                kind = _kind(child)
                found[kind].append(child)
                found[f"{kind} child"] += child.children(recursive=True)
        except (psutil.Error, OSError):
            pass  # It has ended meanwhile.
        return found

    def kill(self, kind: str, *, choose: random.Random) -> int | None:
        """kill -9 of one process of this kind; its pid, None if there was none."""
        there = self.processes().get(kind)
        if not there:
            return None
        process = choose.choice(there)
        try:
            process.kill()
        except psutil.NoSuchProcess:
            return None
        return int(process.pid)

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._launcher.pid).children(recursive=True) if self._launcher else []
        except psutil.Error:
            return []


def _kind(process: psutil.Process) -> str:
    """The launcher gives each part a log of its own, by the part's name."""
    return Path(os.readlink(f"/proc/{process.pid}/fd/1")).stem


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])
