"""The file: a zip whose members are named below, with a manifest that says what they are. Only its owner can read it."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from leadops.backups import BackupProblem

MANIFEST = "manifest.json"
DATABASE = "database.dump"
SECRETS = "secrets.env"
SANDBOX = "crm_sandbox.sqlite3"
MAIL = "mail/"
FORMAT = 1
CHUNK = 1024 * 1024
SAY_EVERY = 64 * CHUNK

Say = Callable[[str], None]


@dataclass(frozen=True)
class ArchivedFile:
    """`sha256` is of what it holds, in hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """What the archive holds. `keys` are marks of the encryption keys, not the keys; `counts` are rows by table."""

    leadops: str
    made_at: str
    postgres: int
    migrations: list[list[str]]
    counts: dict[str, int]
    keys: list[str] = field(default_factory=list)
    members: list[ArchivedFile] = field(default_factory=list)
    format: int = FORMAT

    @property
    def age_from(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    def member(self, name: str) -> ArchivedFile | None:
        return next((each for each in self.members if each.name == name), None)


def key_mark(key: str) -> str:
    """By which an encryption key is known again without being known: it is 32 random bytes, so nobody finds it from this."""
    return hashlib.sha256(f"leadops backup {key}".encode()).hexdigest()[:16]


class ArchiveWriter:
    """Members are written one after the other; `manifest.members` fills up meanwhile."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.archive, self.manifest = archive, manifest

    def add(self, name: str, source: IO[bytes], *, say: Say, packed: bool = False) -> None:
        """`packed`: it is compressed already."""
        how = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        info = zipfile.ZipInfo(name, self.manifest.age_from.timetuple()[:6])
        info.compress_type = how
        digest, size, said = hashlib.sha256(), 0, 0
        with self.archive.open(info, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if size - said >= SAY_EVERY:
                    said = size
                    say(f"{name}: {size // CHUNK:,} MB")
        self.manifest.members.append(ArchivedFile(name, size, digest.hexdigest()))


@contextmanager
def written(target: Path, manifest: Manifest) -> Iterator[ArchiveWriter]:
    """Whole or not at all: it gets its name when everything is on the disk. Raises BackupProblem."""
    if target.exists():
        raise BackupProblem(f"{target} is there already: choose another name, or remove it.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                    yield ArchiveWriter(archive, manifest)
                    archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
            folder = os.open(target.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BackupProblem(
            f"The backup could not be written to {target}: {error.strerror or error}."
        ) from error


class ArchiveReader:
    """An archive whose manifest could be read. `verify` before anything of it is used."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path, self.archive, self.manifest = path, archive, manifest

    def verify(self, *, say: Say) -> None:
        """Every byte is what was written, and there is nothing else. Raises BackupProblem."""
        stated = {each.name for each in self.manifest.members}
        if set(self.archive.namelist()) != stated | {MANIFEST} or not _are_ours(stated):
            raise BackupProblem(f"{self.path} does not hold what its manifest says: take another backup.")
        say(
            f"Checking {len(stated):,} parts, {sum(each.bytes for each in self.manifest.members) / CHUNK:,.0f} MB"
        )
        for member in self.manifest.members:
            digest = hashlib.sha256()
            try:
                with self.archive.open(member.name) as source:
                    while chunk := source.read(CHUNK):
                        digest.update(chunk)
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise BackupProblem(self._damaged(member)) from error
            if digest.hexdigest() != member.sha256:
                raise BackupProblem(self._damaged(member))

    def _damaged(self, member: ArchivedFile) -> str:
        return f"{self.path} is damaged ({member.name} is not what was backed up): take another backup."


@contextmanager
def read(path: Path) -> Iterator[ArchiveReader]:
    """Raises BackupProblem where it is no archive of ours."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise BackupProblem(f"There is no file {path}.") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise BackupProblem(f"{path} is no backup of leadops, or only a part of one ({error}).") from error
    with archive:
        try:
            values: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if values.get("format") != FORMAT:
                raise BackupProblem(
                    f"{path} was made by another version of leadops: restore it with that one."
                )
            members = [ArchivedFile(**each) for each in values.pop("members")]
            manifest = Manifest(**values, members=members)
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise BackupProblem(
                f"{path} is no backup of leadops: it has no manifest that can be read."
            ) from error
        yield ArchiveReader(path, archive, manifest)


def _are_ours(names: set[str]) -> bool:
    """Whether each is one that a backup may hold: none leads out of the folder that it is unpacked into."""
    rest = names - {DATABASE, SECRETS, SANDBOX}
    return DATABASE in names and all(
        name.startswith(MAIL)
        and "/" not in name.removeprefix(MAIL)
        and name.removeprefix(MAIL) not in ("", ".", "..")
        for name in rest
    )
