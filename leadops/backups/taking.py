"""Makes the file, while leadops runs: the database as it was at one instant, the secrets, and what the demo keeps beside it."""

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import psycopg

from leadops import VERSION
from leadops.backups import BackupProblem, archive, database, programs
from leadops.backups.archive import ArchiveWriter, Manifest, Say
from leadops.launcher import runfile


def back_up(
    target: Path, *, address: str, data_dir: Path, keys: Iterable[str], now: datetime, say: Say
) -> Manifest:
    """Raises BackupProblem; then there is no file of that name. `keys` are the encryption keys in use.

    Posts go on: the dump and the counts see one instant, whatever is committed meanwhile. The sandbox is copied after it, so the
    CRM is never older than what the database says of it.
    """
    try:
        with psycopg.connect(address, connect_timeout=10) as view:
            view.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            view.read_only = True
            row = view.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            say("Counting what is there")
            manifest = Manifest(
                leadops=VERSION,
                made_at=now.isoformat(),
                postgres=database.server_version(view),
                migrations=[list(each) for each in database.migrations(view)],
                counts=database.counts(view),
                keys=[archive.key_mark(key) for key in keys],
            )
            with archive.written(target, manifest) as file:
                say("Writing the database")
                _dump(file, address=address, snapshot=row[0], say=say)
                _secrets(file, data_dir, say=say)
                _sandbox(file, data_dir, say=say)
                _mail(file, data_dir, say=say)
    except psycopg.Error as error:
        raise BackupProblem(f"The database cannot be read: {_first_line(error)}.") from error
    return manifest


def _dump(file: ArchiveWriter, *, address: str, snapshot: str, say: Say) -> None:
    found = programs.for_server(file.manifest.postgres)
    where, env = database.for_program(address)
    argv = [found.path("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--schema=public"]
    with tempfile.TemporaryFile() as words:
        dump = subprocess.Popen(
            [*argv, f"--snapshot={snapshot}", f"--dbname={where}"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
        )
        assert dump.stdout is not None
        try:
            file.add(archive.DATABASE, dump.stdout, say=say, packed=True)
        except BaseException:
            dump.kill()
            raise
        finally:
            dump.stdout.close()
            code = dump.wait()
        if code != 0:
            words.seek(0)
            said = words.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise BackupProblem(f"pg_dump has failed: {said[-1].rstrip('.')}.")


def _secrets(file: ArchiveWriter, data_dir: Path, *, say: Say) -> None:
    path = data_dir / runfile.SECRETS
    if path.is_file():
        with path.open("rb") as source:
            file.add(archive.SECRETS, source, say=say)


def _sandbox(file: ArchiveWriter, data_dir: Path, *, say: Say) -> None:
    """The demo's CRM writes while we copy: SQLite's own copy waits for what is under way."""
    path = data_dir / archive.SANDBOX
    if not path.is_file():
        return
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        copy = Path(folder) / path.name
        source, target = sqlite3.connect(path, timeout=10), sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        with copy.open("rb") as whole:
            file.add(archive.SANDBOX, whole, say=say)


def _mail(file: ArchiveWriter, data_dir: Path, *, say: Say) -> None:
    folder = data_dir / archive.MAIL.rstrip("/")
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as source:
                file.add(f"{archive.MAIL}{path.name}", source, say=say)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
