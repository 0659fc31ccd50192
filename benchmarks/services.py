"""PostgreSQL and Valkey as `manage.py up` starts them (durable), in a folder that is removed afterwards."""

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psycopg

from leadops.launcher import home, temporary
from leadops.launcher.postgres import NAME, PORT, Postgres
from leadops.launcher.valkey import Valkey, installed

BASE = Path(__file__).resolve().parent.parent
OURS = ("LEADOPS_", "DATABASE_URL", "CELERY_", "CACHE_URL", "SECRET_KEY", "EMAIL_URL", "DJANGO_")


def clean_environment() -> dict[str, str]:
    """Without what somebody has set for an installation of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


class Services:
    """With the demo configuration applied. `env` is what every process of the benchmark needs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leadops-bench-", dir=temporary.short_folder()))
        self.data_dir = self.folder / "var"
        self.env: dict[str, str] = {}
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.processes: list[subprocess.Popen[str]] = []

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
        self.data_dir.mkdir()
        place = home.choose_home(self.data_dir)
        sockets = place.sockets(self.folder)
        self.postgres = Postgres(
            place.installation, place.identity, place.data, sockets, self.folder / "postgres.log"
        )
        self.postgres.start()
        valkey_sockets = self.folder / "valkey"
        valkey_sockets.mkdir(mode=0o700)
        self.valkey = Valkey(installed(), valkey_sockets, self.folder / "valkey.log")
        self.valkey.start()
        self.env = {
            **clean_environment(),
            "DJANGO_SETTINGS_MODULE": "leadops.settings",
            "LEADOPS_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.postgres.url,
            "CELERY_BROKER_URL": self.valkey.broker_url(),
            "CACHE_URL": self.valkey.cache_url(),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LEADOPS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "LEADOPS_LOG_LEVEL": "WARNING",
        }
        self.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"])
        demo = BASE / "leadops" / "demo" / "acme.yaml"
        self.run([sys.executable, "manage.py", "config", "apply", str(demo)])

    def _stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop()
        home.remove(self.data_dir)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, argv: Sequence[str], **env: str) -> str:
        """Its output, once it has ended well; raises RuntimeError with its words otherwise."""
        done = subprocess.run(
            argv, cwd=BASE, env={**self.env, **env}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def talk(self, argv: Sequence[str]) -> tuple[subprocess.Popen[str], IO[str], IO[str]]:
        """A process that is spoken to by lines: it, what it reads and what it says."""
        process = subprocess.Popen(
            argv, cwd=BASE, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        return process, process.stdin, process.stdout

    def sql(self, statement: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        assert self.postgres is not None
        with psycopg.connect(
            host=str(self.postgres.sockets), port=PORT, user=NAME, dbname=NAME, autocommit=True
        ) as connection:
            cursor = connection.execute(statement, params)
            return cursor.fetchall() if cursor.description else []
