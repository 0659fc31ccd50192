"""A real `manage.py up` in a data folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

BASE = Path(__file__).resolve().parents[3]
OURS = ("LEADOPS_", "DATABASE_URL", "CELERY_", "CACHE_URL", "SECRET_KEY", "EMAIL_URL", "DJANGO_", "PYTEST_")
READY = 150
STOPPED = 25


def free_port():
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]


class Up:
    """`data_dir` may be used by one after the other."""

    def __init__(self, data_dir, *, port=None, demo=False, **environ):
        self.data_dir = data_dir
        self.port = port or free_port()
        self.output = data_dir.parent / f"up-{self.port}-{time.monotonic_ns()}.txt"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "LEADOPS_DATA_DIR": str(data_dir),
            "LEADOPS_PORT": str(self.port),
            "LEADOPS_SANDBOX_PORT": str(free_port()),
            "LEADOPS_DEMO": "1" if demo else "0",
            **environ,
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.family = []

    @property
    def text(self):
        return self.output.read_text(errors="replace")

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, words, *, seconds=READY):
        until = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < until, f"No “{words}” in:\n{self.text}"
            assert self.process.poll() is None or words in self.text, f"It ended:\n{self.text}"
            time.sleep(0.1)
        self.family = psutil.Process(self.process.pid).children(recursive=True) if self.alive else []
        return self

    @property
    def alive(self):
        return self.process.poll() is None

    def ready(self):
        return self.wait_for(f"leadops ready {self.address}")

    def child(self, words):
        """The direct child whose command line has these words."""
        return next(
            process
            for process in psutil.Process(self.process.pid).children()
            if words in " ".join(process.cmdline())
        )

    def ended(self, *, seconds=STOPPED):
        """The exit code, once it and all that it had started are gone."""
        code = self.process.wait(seconds)
        _gone, left = psutil.wait_procs(self.family, timeout=10)
        assert not left, f"{left} outlived it:\n{self.text}"
        return code

    def stop(self):
        self.family = psutil.Process(self.process.pid).children(recursive=True) if self.alive else self.family
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def manage(self, *arguments):
        """A command in another terminal, which knows no more than the data folder."""
        known = {name: value for name, value in self.env.items() if not name.startswith("LEADOPS_")}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE,
            env={**known, "LEADOPS_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            timeout=60,
        )
