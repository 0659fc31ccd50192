"""One PostgreSQL and one Valkey per pytest run, started before settings are read (`-p
tests.plugins.services`).

What the caller has set (DATABASE_URL, CELERY_BROKER_URL, CACHE_URL) is used as it is. xdist's workers
inherit the addresses; each gets databases of the Valkey for itself. `python -m tests.plugins.services`
starts the same in the foreground and prints the variables for another terminal.
"""

import base64
import os
import re
import secrets
import shutil
import signal
import tempfile
from collections.abc import Generator, MutableMapping
from pathlib import Path

import psutil
import pytest

from leadops.launcher import home, postgres, temporary, valkey

PREFIX = "leadops-tests-"
VALKEY = "LEADOPS_TESTS_VALKEY"
WORKERS = 64
# Nothing here outlives the run, so nothing has to reach the disk.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "400",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "5min",
    "deadlock_timeout": "200ms",
}


class Services:
    """Starts what the environment does not name, and names it there."""

    def __init__(self, environ: MutableMapping[str, str], *, namespaces: bool = True) -> None:
        self.environ = environ
        self.namespaces = namespaces
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=temporary.short_folder()))
        self.postgres: postgres.Postgres | None = None
        self.valkey: valkey.Valkey | None = None

    def start(self) -> dict[str, str]:
        """The variables that were added to the environment."""
        added: dict[str, str] = {}
        if "DATABASE_URL" not in self.environ:
            added["DATABASE_URL"] = self._start_postgres()
        if not {"CELERY_BROKER_URL", "CACHE_URL"} <= set(self.environ):
            added |= self._start_valkey()
        added["SECRET_KEY"] = secrets.token_urlsafe(48)
        added["LEADOPS_ENCRYPTION_KEYS"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        # The CRMs and messengers of tests are on this machine.
        added["LEADOPS_PRIVATE_ADDRESSES"] = "127.0.0.1,::1,localhost"
        added["LEADOPS_DATA_DIR"] = str(self.folder / "data")
        (self.folder / "data").mkdir()
        added = {name: value for name, value in added.items() if name not in self.environ}
        self.environ.update(added)
        return added

    def stop(self) -> None:
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop()
        remove(self.folder)

    def _start_postgres(self) -> str:
        place = home.choose_home(self.folder, namespaces=self.namespaces)
        sockets = place.sockets(self.folder)
        self.postgres = postgres.Postgres(
            place.installation, place.identity, place.data, sockets, self.folder / "postgres.log", FAST
        )
        self.postgres.start()
        return self.postgres.url

    def _start_valkey(self) -> dict[str, str]:
        sockets = self.folder / "valkey"
        sockets.mkdir(mode=0o700)
        self.valkey = valkey.Valkey(
            valkey.installed(), sockets, self.folder / "valkey.log", databases=2 * (WORKERS + 1)
        )
        self.valkey.start()
        return {
            "CELERY_BROKER_URL": self.valkey.broker_url(),
            "CACHE_URL": self.valkey.cache_url(),
            VALKEY: "1",
        }


def clear_folders_of_the_dead() -> None:
    """Removes what runs that were killed have left; the kernel has ended their servers."""
    for folder in Path(temporary.short_folder()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            remove(folder)


def remove(folder: Path) -> None:
    home.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _databases_of_this_worker(environ: MutableMapping[str, str]) -> None:
    worker = environ.get("PYTEST_XDIST_WORKER", "")
    if VALKEY not in environ or not worker.startswith("gw"):
        return
    first = 2 * (1 + int(worker.removeprefix("gw")) % WORKERS)
    environ["CELERY_BROKER_URL"] = re.sub(
        r"virtual_host=\d+", f"virtual_host={first}", environ["CELERY_BROKER_URL"]
    )
    environ["CACHE_URL"] = re.sub(r"db=\d+", f"db={first + 1}", environ["CACHE_URL"])


_services: Services | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Runs around pytest-django's own hook, which reads settings."""
    global _services
    if "PYTEST_XDIST_WORKER" in os.environ:
        _databases_of_this_worker(os.environ)
    else:
        clear_folders_of_the_dead()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _services = Services(os.environ)
    try:
        if _services is not None:
            _services.start()
        yield
    except BaseException:  # pytest does not come to its end when a conftest cannot be read
        pytest_unconfigure()
        raise


def pytest_unconfigure() -> None:
    global _services
    if _services is not None:
        _services.stop()
        _services = None


def main() -> None:
    services = Services(dict(os.environ))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        clear_folders_of_the_dead()
        for name, value in services.start().items():
            print(f"export {name}='{value}'")
        print("# Running; Ctrl-C ends it.", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        services.stop()


if __name__ == "__main__":
    main()
