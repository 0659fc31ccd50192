"""Who PostgreSQL runs as: it refuses to run as root.

An ordinary user's PostgreSQL runs as that user. Root's runs in a user namespace, where root's own files
belong to a user without rights: the data stays where it is and nobody's permissions change. Many containers
forbid user namespaces; there it runs as an unprivileged user of the machine, which has to be able to reach
its files (see `home.py`).
"""

import ctypes
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from leadops.launcher.children import LIBC
from leadops.launcher.problems import LaunchProblem

CLONE_NEWUSER = 0x10000000
PREFERRED = ("leadops", "postgres", "nobody")


class Identity(Protocol):
    """`become` runs in the new child, between fork and exec."""

    def become(self) -> None: ...


@dataclass(frozen=True)
class Ourselves:
    def become(self) -> None:
        return


@dataclass(frozen=True)
class Unprivileged:
    """Another user of this machine, by numbers."""

    uid: int
    gid: int

    def become(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


@dataclass(frozen=True)
class Namespaced:
    """Outside still us, with our files; inside the user `uid`, who has no rights beyond them."""

    uid: int
    gid: int

    def become(self) -> None:
        outer_uid, outer_gid = os.geteuid(), os.getegid()
        if LIBC.unshare(CLONE_NEWUSER) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{self.gid} {outer_gid} 1", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{self.uid} {outer_uid} 1", encoding="ascii")


def unprivileged_user() -> Unprivileged:
    """A user that `initdb` can look up by number; raises LaunchProblem where the machine has only root."""
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Unprivileged(entry.pw_uid, entry.pw_gid)
    for entry in pwd.getpwall():
        if entry.pw_uid:
            return Unprivileged(entry.pw_uid, entry.pw_gid)
    raise LaunchProblem(
        "PostgreSQL does not run as root and this machine has no other user: add one (`useradd leadops`), "
        "or set DATABASE_URL to a PostgreSQL of your own."
    )


def can(identity: Identity, *, run: Path, write: Sequence[Path]) -> bool:
    """Whether a process of this identity gets to run the program and to write into the folders."""

    def attempt() -> None:
        identity.become()
        if not (os.access(run, os.X_OK) and all(os.access(folder, os.W_OK | os.X_OK) for folder in write)):
            raise PermissionError(str(run))

    try:
        answer = subprocess.run(
            [run, "--version"],
            env={},
            cwd="/",
            preexec_fn=attempt,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0
