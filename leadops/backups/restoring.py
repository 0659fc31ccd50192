"""Puts a backup back: everything is checked first, the database changes in one transaction, files change last."""

import os
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import psycopg
from packaging.version import Version

from leadops import VERSION
from leadops.backups import BackupProblem, archive, database, programs
from leadops.backups.archive import ArchiveReader, Manifest, Say
from leadops.backups.programs import Programs
from leadops.launcher import runfile
from leadops.schema.applied import OURS
from plumbing.counting import counted

# The dump makes it anew.
_EMPTY = b"DROP SCHEMA IF EXISTS public CASCADE;\n"
# Newer programs say it to every server; older servers do not know it.
_NEW_SETTING, _KNOWN_FROM = b"SET transaction_timeout = 0;\n", 17


def refuse_newer(manifest: Manifest, *, known: Iterable[tuple[str, str]]) -> None:
    """Raises BackupProblem for an archive that a newer version has made: `known` are the migrations of this one."""
    strangers = sorted({tuple(each) for each in manifest.migrations} - set(known))
    ours = [name for name in strangers if name[0] in OURS]
    if Version(manifest.leadops) > Version(VERSION) or ours:
        raise BackupProblem(
            f"The backup was made by leadops {manifest.leadops}, which is newer than this one ({VERSION}): restore it with that "
            "version or a later one."
        )


def refuse_loss(address: str, *, force: bool) -> None:
    """Raises BackupProblem where something is there that would be lost, or where somebody works on the database."""
    with psycopg.connect(address, connect_timeout=10) as connection:
        if others := database.others(connection):
            raise BackupProblem(
                f"The database is in use ({counted(others, 'other connection')}): stop web, workers and beat on "
                "every machine first."
            )
        found = database.counts(connection)
    lost = database.in_words(found)
    strangers = [table for table in found if table.partition("_")[0] not in _APPS]
    if strangers and not force:
        lost = database.listed(filter(None, [lost, f"tables that are not ours ({', '.join(strangers[:3])})"]))
    if lost and not force:
        raise BackupProblem(
            f"This installation has {lost}; a restore would replace them: back them up if anybody may want them, then restore "
            "with --force."
        )


_APPS = {*OURS, "auth", "authtoken", "axes", "django", "knox", "account", "socialaccount", "mfa", "otp"}


def put_back(reader: ArchiveReader, *, address: str, data_dir: Path, say: Say) -> None:
    """Raises BackupProblem; until the database is whole nothing has changed."""
    with psycopg.connect(address, connect_timeout=10) as connection:
        server = database.server_version(connection)
    if server < reader.manifest.postgres:
        raise BackupProblem(
            f"The backup is of PostgreSQL {reader.manifest.postgres} and this database is {server}: restore it into the same "
            "version or a newer one."
        )
    say("Writing the database")
    _database(reader, programs.for_server(server), address=address, server=server, say=say)
    with psycopg.connect(address, connect_timeout=10) as connection:
        found = database.counts(connection)
    stated = reader.manifest.counts
    if wrong := [table for table in {**found, **stated} if found.get(table, 0) != stated.get(table, 0)]:
        raise BackupProblem(
            f"The database has {found.get(wrong[0], 0)} rows of {wrong[0]}, the backup {stated.get(wrong[0], 0)}: "
            "restore it again."
        )
    _files(reader, data_dir=data_dir, say=say)


def _database(reader: ArchiveReader, found: Programs, *, address: str, server: int, say: Say) -> None:
    where, env = database.for_program(address)
    load = [
        found.path("psql"),
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        "--file=-",
    ]
    unpack = [found.path("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
    with tempfile.TemporaryFile() as words, reader.archive.open(archive.DATABASE) as dump:
        script = subprocess.Popen(
            unpack, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words
        )
        loading = subprocess.Popen(
            [*load, f"--dbname={where}"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
        assert script.stdin and script.stdout and loading.stdin
        feeding = threading.Thread(target=_feed, args=(dump, script.stdin), daemon=True)
        feeding.start()
        try:
            loading.stdin.write(_EMPTY)
            _pass_on(script.stdout, loading.stdin, old=server < _KNOWN_FROM, say=say)
            complete = script.wait() == 0
            if not complete:
                loading.kill()  # it has not been told the end, so nothing is committed
            loading.stdin.close()
        except BrokenPipeError:
            complete = False  # it has refused something: its own words say what
            script.kill()
        code = loading.wait()
        script.stdout.close()
        script.wait()
        feeding.join(10)
        if code != 0 or not complete:
            raise BackupProblem(f"The database could not be restored and is as it was: {_last_error(words)}.")


def _feed(dump: IO[bytes], target: IO[bytes]) -> None:
    try:
        while chunk := dump.read(archive.CHUNK):
            target.write(chunk)
        target.close()
    except (BrokenPipeError, ValueError):
        return


def _pass_on(source: IO[bytes], target: IO[bytes], *, old: bool, say: Say) -> None:
    size, said, first = 0, 0, True
    while chunk := source.read(archive.CHUNK):
        target.write(chunk.replace(_NEW_SETTING, b"", 1) if old and first else chunk)
        first = False
        size += len(chunk)
        if size - said >= archive.SAY_EVERY:
            said = size
            say(f"{size // archive.CHUNK:,} MB written")


def _last_error(words: IO[bytes]) -> str:
    words.seek(0)
    lines = [line for line in words.read().decode(errors="replace").splitlines() if "error" in line.lower()]
    return (lines or ["it said nothing"])[0].rstrip(".")


def _files(reader: ArchiveReader, *, data_dir: Path, say: Say) -> None:
    """Each file is replaced in one step."""
    say("Writing secrets and files")
    for member in reader.manifest.members:
        if member.name == archive.DATABASE:
            continue
        target = data_dir / member.name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if member.name == archive.SANDBOX:
            for rest in ("-wal", "-shm"):
                target.with_name(target.name + rest).unlink(missing_ok=True)
        _unpack(reader.archive, member.name, target)


def _unpack(source: zipfile.ZipFile, name: str, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    with (
        source.open(name) as packed,
        os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        while chunk := packed.read(archive.CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)


def other_keys(manifest: Manifest, *, data_dir: Path, given: str) -> bool:
    """Whether stored secrets were encrypted with other keys than those that this installation now has: `given` by the
    environment, else those of the data folder."""
    keys = given or runfile.read_file(data_dir / runfile.SECRETS).get("LEADOPS_ENCRYPTION_KEYS", "")
    marks = {archive.key_mark(key.strip()) for key in keys.split(",") if key.strip()}
    return bool(manifest.keys) and not marks & set(manifest.keys)
