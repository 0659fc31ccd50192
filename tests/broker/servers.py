"""Real brokers as direct children: started on free ports of 127.0.0.1, killed and started again on the same ones."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil

# RabbitMQ takes half a minute on a busy machine.
UP = 120
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def free_port():
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]


def end(process, *, patience=0.0):
    """It and all that it has started are gone afterwards."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    if patience:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    process.kill()
    process.wait()
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)


class Broker:
    """Started by `start`, killed like by a power cut by `kill`."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.log = folder / "broker.log"

    def start(self):
        self.process = self.spawn(self.command(), self.environ())
        until = time.monotonic() + UP
        while not self.listens():
            assert self.process.poll() is None, f"It ended:\n{self.words()}"
            assert time.monotonic() < until, f"It does not listen:\n{self.words()}"
            time.sleep(0.1)

    def words(self):
        return self.log.read_text(errors="replace")[-3000:]

    def spawn(self, command, environ):
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                env=environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def listens(self):
        with socket.socket() as attempt:
            attempt.settimeout(1)
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        end(self.process)

    def stop(self):
        if self.process is not None:
            self.kill()

    def environ(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}


class Redis(Broker):
    """Keeps nothing: what was nudged before it was killed is gone."""

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self):
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
            "--daemonize",
            "no",
        ]

    @staticmethod
    def missing():
        return "" if shutil.which("redis-server") else "redis-server is not installed"


class RabbitMq(Broker):
    """A node of its own, with an epmd of its own, so that it meets no other on this machine."""

    def __init__(self, folder):
        super().__init__(folder)
        self.distribution, self.names = free_port(), free_port()
        self.epmd = None
        (folder / "env.conf").touch()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 1MB\n"
        )

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self):
        if self.epmd is None:
            self.epmd = self.spawn(
                ["epmd", "-port", str(self.names), "-address", "127.0.0.1"], self.environ()
            )
        super().start()

    def stop(self):
        super().stop()
        if self.epmd is not None:
            end(self.epmd)

    def command(self):
        return [str(RABBITMQ)]

    def environ(self):
        return {
            **super().environ(),
            "ERL_EPMD_PORT": str(self.names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"leadops{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            # Without a shell in between, so that what we kill is the node itself.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }

    @staticmethod
    def missing():
        return "" if RABBITMQ.exists() and shutil.which("epmd") else "rabbitmq-server is not installed"
