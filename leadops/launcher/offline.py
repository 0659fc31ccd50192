"""The database of an installation that does not run: a backup can be made of it, and put back into it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from leadops.launcher import datafolder, home, leftovers, runfile, temporary
from leadops.launcher.options import BASE
from leadops.launcher.postgres import Postgres


def address(data_dir: Path) -> str:
    """Of a database of somebody's own, or of the embedded one while it runs; "" where it would have to be started."""
    return os.environ.get("DATABASE_URL") or runfile.read(data_dir).get("DATABASE_URL", "")


@contextmanager
def started(data_dir: Path) -> Iterator[str]:
    """The address of the database; the embedded one is started for so long, and made where there is none. Nothing else can be
    started on the data folder meanwhile. Raises LaunchProblem where leadops runs.
    """
    lock = datafolder.take(data_dir)
    sockets: Path | None = None
    server: Postgres | None = None
    try:
        if own := os.environ.get("DATABASE_URL"):
            yield own
            return
        leftovers.clear(data_dir)
        place = home.choose_home(data_dir)
        sockets = Path(tempfile.mkdtemp(prefix="leadops-", dir=temporary.short_folder()))
        log = data_dir / "logs" / "postgres.log"
        server = Postgres(place.installation, place.identity, place.data, place.sockets(sockets), log)
        server.start()
        yield server.url
    finally:
        if server is not None:
            server.stop()
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
        os.close(lock)


def manage(data_dir: Path, url: str, arguments: Sequence[str], *, quiet: bool = False) -> tuple[int, str]:
    """A command of ours on that database: its exit code, and with `quiet` what it said."""
    known: Mapping[str, str] = {
        **os.environ,
        "DATABASE_URL": url,
        "LEADOPS_DATA_DIR": str(data_dir),
        "LEADOPS_DEMO": "0",
    }
    done = subprocess.run(
        [sys.executable, BASE / "manage.py", *arguments],
        cwd=BASE,
        env=dict(known),
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout or ""


def given(name: str) -> bool:
    """Whether the environment itself names this variable, and not only the data folder."""
    return bool(os.environ.get(name))
