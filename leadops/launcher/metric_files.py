"""The folder where the processes of this machine keep their counters: in memory, and none where there is no room.

The files are mapped: on a full file system the kernel ends whoever writes to them, so they may not lie on a disk that fills up.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
MEMORY = Path("/dev/shm")
ROOM = 32 * 1024**2
"""Bytes that must be free where the files lie whenever a program starts."""


def make(name: str, *, memory: Path = MEMORY) -> Path | None:
    """A new folder of this name in memory; None where that cannot be."""
    folder = memory / name
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        return None
    return folder


def remove(name: str, *, memory: Path = MEMORY) -> None:
    shutil.rmtree(memory / name, ignore_errors=True)


def checked(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that starts now: without the folder where it is gone or has no room left."""
    folder = env.get(VARIABLE)
    try:
        usable = not folder or shutil.disk_usage(folder).free >= ROOM
    except OSError:
        usable = False
    return {name: value for name, value in env.items() if usable or name != VARIABLE}
