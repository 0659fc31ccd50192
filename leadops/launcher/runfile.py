"""What a data folder knows about its installation, as `NAME=value` lines that settings fall back to.

`secrets.env` is written once, on the first start, and stays. `running.env` is written while `manage.py up`
runs and says where the embedded services listen; a launcher that was killed leaves it behind, so it counts
only while the process named in it lives. Both can be read by their owner alone. Nothing here imports more
than the standard library: settings read this module first.
"""

import os
from collections.abc import Mapping
from pathlib import Path

SECRETS = "secrets.env"
RUNNING = "running.env"
LAUNCHER_PID = "LEADOPS_LAUNCHER_PID"


def read(data_dir: Path) -> dict[str, str]:
    """Secrets, and the addresses of the services if they are running. Empty where there is no data folder."""
    running = read_file(data_dir / RUNNING)
    if not _alive(running.pop(LAUNCHER_PID, "")):
        running = {}
    return {**read_file(data_dir / SECRETS), **running}


def read_file(path: Path) -> dict[str, str]:
    """The lines of one file; whatever cannot be read or is no `NAME=value` line is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value for name, equals, value in pairs if equals and name.strip()}


def write_file(path: Path, values: Mapping[str, str], *, comment: str = "") -> None:
    """Replaces the file in one step; only its owner can read it, from the first byte on."""
    lines = [f"# {comment}"] if comment else []
    for name, value in values.items():
        if "\n" in value:
            raise ValueError(f"The value of {name} has more than one line.")
        lines.append(f"{name}={value}")
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _alive(pid: str) -> bool:
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
