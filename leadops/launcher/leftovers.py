"""What a launcher that was killed has left: processes, sockets. The next start on the folder clears them."""

import os
import shutil
from pathlib import Path

import psutil

from leadops.launcher import metric_files, runfile

LAUNCH = "LEADOPS_LAUNCH"
"""In the environment of every child: which launch it belongs to."""
SOCKETS = "LEADOPS_SOCKETS"


def clear(data_dir: Path) -> int:
    """Ends the children of the launch before (the caller holds the lock, so it is over); how many there were."""
    before = runfile.read_file(data_dir / runfile.RUNNING)
    ended = _end(before[LAUNCH]) if before.get(LAUNCH) else 0
    sockets = Path(before.get(SOCKETS, ""))
    if sockets.name.startswith("leadops-"):
        shutil.rmtree(sockets, ignore_errors=True)
        metric_files.remove(sockets.name)
    (data_dir / runfile.RUNNING).unlink(missing_ok=True)
    return ended


def _end(launch: str) -> int:
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(LAUNCH) == launch:
                process.terminate()
                left.append(process)
        except psutil.Error:
            continue
    _gone, stubborn = psutil.wait_procs(left, timeout=3)
    for process in stubborn:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(stubborn, timeout=5)
    return len(left)
