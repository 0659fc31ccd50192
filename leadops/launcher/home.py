"""Where the embedded PostgreSQL keeps its files, and as whom it runs.

Usually in `<data folder>/postgres`. Root on a machine without user namespaces needs a place that an
unprivileged user reaches: a folder of that user's own under /var/lib/leadops, with a copy of the binaries.
A pointer file in the data folder names it, and it names the data folder; both carry the same mark, so that
a copied data folder is noticed. Both also hold one file by a hard link: once its other name is gone, the data
folder is gone too, not only moved, and the next start clears the place.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leadops.launcher import identity, postgres, runfile
from leadops.launcher.identity import Identity, Namespaced, Ourselves, Unprivileged
from leadops.launcher.postgres import Installation
from leadops.launcher.problems import LaunchProblem

POINTER = "postgres.location"
BELONGS = "belongs-to"
ANCHOR = "postgres.anchor"
HOMES = Path("/var/lib/leadops")


@dataclass(frozen=True)
class Place:
    installation: Installation
    identity: Identity
    data: Path

    def sockets(self, private: Path) -> Path:
        """A folder for the server's socket: in our short private folder, or where the other user reaches it."""
        other = self.identity if isinstance(self.identity, Unprivileged) else None
        folder = self.data.parent / "sockets" if other else private / "pg"
        folder.mkdir(mode=0o700, exist_ok=True)
        if other:
            os.chown(folder, other.uid, other.gid)
        return folder


def choose_home(data_dir: Path, *, homes: Path = HOMES, namespaces: bool = True) -> Place:
    """Decides the place for this data folder's cluster; makes an unprivileged user's folder where one is
    needed.

    `namespaces=False` goes on as if this machine had no user namespaces. Raises LaunchProblem.
    """
    installation = postgres.installed()
    if os.geteuid() != 0:
        return Place(installation, Ourselves(), data_dir / "postgres")
    user = identity.unprivileged_user()
    if not (data_dir / POINTER).exists():
        inside = Namespaced(user.uid, user.gid)
        if namespaces and identity.can(inside, run=installation.postgres, write=[data_dir]):
            if homes.is_dir():
                clear_orphans(homes)
            return Place(installation, inside, data_dir / "postgres")
    _open_folder(homes)
    with _alone(homes):
        place = _home(data_dir, homes=homes, user=user, installation=installation)
    clear_orphans(homes)  # last: what a moved or restored data folder names is its own again by now
    return place


def _home(data_dir: Path, *, homes: Path, user: Unprivileged, installation: Installation) -> Place:
    pointer = runfile.read_file(data_dir / POINTER)
    if pointer:
        home = Path(pointer.get("HOME", ""))
        _check(data_dir, home=home, mark=pointer.get("MARK", ""))
        owner = home.stat()
        user = Unprivileged(owner.st_uid, owner.st_gid)
    else:
        name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
        mark = secrets.token_hex(4)
        home = homes / f"{name}-{mark}"
        home.mkdir(mode=0o700)
        _sign(home, data_dir=data_dir, mark=mark)
        _anchor(home, data_dir=data_dir)
        runfile.write_file(data_dir / POINTER, {"HOME": str(home), "MARK": mark})
    runtime = _runtime(home, user=user, installation=installation)
    _move_in(data_dir / "postgres", home=home, user=user)
    os.chown(home, user.uid, user.gid)
    if not identity.can(user, run=runtime.postgres, write=[home]):
        raise LaunchProblem(
            f"PostgreSQL does not run as root, and the user it would run as cannot reach {home}: "
            "start leadops as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Place(runtime, user, home / "data")


def _runtime(home: Path, *, user: Unprivileged, installation: Installation) -> Installation:
    """The copy of the binaries in this home, made again when the installed ones are others."""
    binary = installation.postgres.stat()
    version = f"{binary.st_size} {binary.st_mtime_ns}"
    copy, mark = home / "runtime", home / "runtime.version"
    if not (copy.is_dir() and mark.is_file() and mark.read_text() == version):
        shutil.rmtree(copy, ignore_errors=True)
        mark.unlink(missing_ok=True)
        installation.copy_to(copy)
        _give(copy, user=user)
        mark.write_text(version)
    return Installation(copy)


def _open_folder(homes: Path) -> None:
    if not homes.is_dir():
        homes.mkdir(parents=True)
        homes.chmod(0o755)  # whatever the umask: each home in it is closed by itself


def _move_in(in_place: Path, *, home: Path, user: Unprivileged) -> None:
    """Takes over a cluster that was made where there were user namespaces. It can be interrupted anywhere."""
    if in_place.exists() and not (home / "data").exists():
        shutil.rmtree(home / "data.new", ignore_errors=True)
        postgres.end_leftovers(in_place)
        shutil.copytree(in_place, home / "data.new", symlinks=True)
        _give(home / "data.new", user=user)
        (home / "data.new").rename(home / "data")
    if in_place.exists():
        shutil.rmtree(in_place)


def _sign(home: Path, *, data_dir: Path, mark: str) -> None:
    runfile.write_file(home / BELONGS, {"DATA_DIR": str(data_dir), "MARK": mark})


def _anchor(home: Path, *, data_dir: Path) -> None:
    (data_dir / ANCHOR).unlink(missing_ok=True)
    (home / ANCHOR).unlink(missing_ok=True)
    (home / ANCHOR).touch(mode=0o600)
    try:
        os.link(home / ANCHOR, data_dir / ANCHOR)
    except OSError:  # two file systems: nobody can tell whether the data folder is gone, so its place is kept
        (home / ANCHOR).unlink()


def _check(data_dir: Path, *, home: Path, mark: str) -> None:
    signed = runfile.read_file(home / BELONGS)
    if not signed or signed.get("MARK") != mark:
        raise LaunchProblem(
            f"The database of {data_dir} was kept in {home}, which is gone or is another's: "
            f"restore it from a backup, or remove {data_dir} to start afresh."
        )
    other = Path(signed["DATA_DIR"])
    if other == data_dir:
        return
    if runfile.read_file(other / POINTER).get("MARK") == mark:
        raise LaunchProblem(
            f"{data_dir} is a copy of {other} and both name the database in {home}: "
            f"use {other}, or remove {data_dir} to start afresh."
        )
    _sign(home, data_dir=data_dir, mark=mark)  # the data folder has been moved
    _anchor(home, data_dir=data_dir)


def _give(folder: Path, *, user: Unprivileged) -> None:
    for parent, _folders, files in os.walk(folder):
        os.chown(parent, user.uid, user.gid)
        for name in files:
            os.chown(Path(parent) / name, user.uid, user.gid, follow_symlinks=False)


def clear_orphans(homes: Path) -> None:
    """Removes the homes whose data folder is gone for good."""
    with _alone(homes):
        for home in sorted(homes.glob("*")):
            if _abandoned(home):
                _remove(home)


def remove(data_dir: Path) -> None:
    """Removes the home of this data folder, if it has one."""
    home = runfile.read_file(data_dir / POINTER).get("HOME")
    if home:
        _remove(Path(home))


def _remove(home: Path) -> None:
    postgres.end_leftovers(home / "data")
    shutil.rmtree(home, ignore_errors=True)


def _abandoned(home: Path) -> bool:
    signed = runfile.read_file(home / BELONGS)
    data_dir = Path(signed.get("DATA_DIR", ""))
    if not signed or runfile.read_file(data_dir / POINTER).get("MARK") == signed.get("MARK"):
        return False
    try:
        return (home / ANCHOR).stat().st_nlink == 1
    except OSError:
        return False


@contextmanager
def _alone(homes: Path) -> Generator[None, None, None]:
    """One launcher at a time: a home that is being made must not look abandoned to another."""
    descriptor = os.open(homes, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
