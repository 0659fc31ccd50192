"""Real brokers, a database and a proxy as direct children: started on free ports of 127.0.0.1, killed and started again on the
same ones."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

# RabbitMQ takes half a minute on a busy machine.
UP = 120
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# Debian has them outside of PATH, by version.
POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))
NGINX = Path("/usr/sbin/nginx")


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


class Server:
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


class Redis(Server):
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


class RabbitMq(Server):
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


class DebianPostgres(Server):
    """PostgreSQL as an operator has it: another version than the embedded one, over TCP, with a password."""

    password = "secret"

    def __init__(self, folder):
        super().__init__(folder)
        self.data = folder / "postgres"

    @property
    def url(self):
        return f"postgres://leadops:{self.password}@127.0.0.1:{self.port}/leadops"

    def start(self):
        if not self.data.exists():
            self._make()
        super().start()
        wait = [
            *self._as_postgres(),
            str(POSTGRES / "pg_isready"),
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        until = time.monotonic() + UP
        while subprocess.run(wait, env=self.environ(), check=False).returncode:
            assert time.monotonic() < until, self.words()
            time.sleep(0.1)
        if not (self.data / "made").exists():
            self._sql("CREATE DATABASE leadops")
            (self.data / "made").touch()

    def command(self):
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-c", "max_connections=200"]
        return [*self._as_postgres(), str(POSTGRES / "postgres"), "-D", str(self.data), *options]

    def _make(self):
        # It refuses to run as root, and nobody else may enter a test's folder.
        self.data.mkdir(mode=0o700)
        secret = self.data.parent / "password"
        secret.write_text(self.password)
        if os.getuid() == 0:
            for folder in (self.data, secret):
                shutil.chown(folder, "postgres")
            for folder in self.data.parents:
                if folder.stat().st_mode & 0o001 == 0:
                    folder.chmod(folder.stat().st_mode | 0o001)
        make = [str(POSTGRES / "initdb"), "-D", str(self.data), "-U", "leadops", "-E", "UTF8", "--no-sync"]
        make += ["--auth=scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8"]
        done = subprocess.run([*self._as_postgres(), *make], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _sql(self, statement):
        with psycopg.connect(f"{self.url.removesuffix('leadops')}postgres", autocommit=True) as connection:
            connection.execute(statement)

    @staticmethod
    def _as_postgres():
        return (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        )

    @staticmethod
    def missing():
        return "" if (POSTGRES / "initdb").exists() else "Debian's postgresql is not installed"
