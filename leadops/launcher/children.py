"""Direct children: each in a session of its own, ended by the kernel when the launcher dies."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: IO[bytes],
    cwd: Path | None = None,
    when_we_die: signal.Signals = signal.SIGTERM,
    become: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a child that writes to `log`. Call it from the main thread: the kernel ties the child to it.

    A group signal (Ctrl-C) does not reach the child. `become` changes who it is and runs first, because the
    kernel forgets `when_we_die` at every change of user. Raises OSError or subprocess.SubprocessError.
    """
    launcher = os.getpid()

    def prepare() -> None:
        if become is not None:
            become()
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_PDEATHSIG, int(when_we_die), 0, 0, 0)
            if os.getppid() != launcher:  # it died in between: nobody is left to send the signal
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=prepare,
    )


def stop(process: subprocess.Popen[bytes], *, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Sends each signal in turn and waits its seconds, then kills what is left of the child's session."""
    for step, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(step)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    kill_session(process)
    process.wait()


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Ends whatever the child has left in its process group (its workers, when it died before them)."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
