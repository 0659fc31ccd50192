"""pg_dump, pg_restore and psql of the right version: the embedded PostgreSQL's own, or those that this machine has."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from leadops.backups import BackupProblem
from leadops.launcher import postgres
from leadops.launcher.problems import LaunchProblem

NAMES = ("pg_dump", "pg_restore", "psql")
DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """Those in one folder, which are of one version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def for_server(major: int) -> Programs:
    """Of the server's version, else the next newer one: PostgreSQL's programs know older servers, never newer ones.
    Raises BackupProblem."""
    found = sorted((each for each in _installed() if each.major >= major), key=lambda each: each.major)
    if not found:
        raise BackupProblem(
            f"The database is PostgreSQL {major}, and this machine has no pg_dump of that version or a newer one: install the "
            f"client programs (on Debian: apt install postgresql-client-{major})."
        )
    return found[0]


def _installed() -> Iterator[Programs]:
    for folder in _folders():
        if all((folder / name).is_file() for name in NAMES):
            said = subprocess.run(
                [folder / "pg_dump", "--version"], capture_output=True, text=True, env={}, check=False
            ).stdout
            if number := re.search(r"(\d+)(?:\.\d+)?", said):
                yield Programs(folder, int(number[1]))


def _folders() -> Iterator[Path]:
    with suppress(LaunchProblem):
        yield postgres.installed().postgres.parent
    yield from sorted(DEBIAN.glob("*/bin"))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
