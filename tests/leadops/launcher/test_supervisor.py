import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from leadops.launcher import supervisor as supervising
from leadops.launcher import temporary, valkey
from leadops.launcher.program import LARGE_LOG, Program, keep_small
from leadops.launcher.supervisor import Supervisor

pytestmark = pytest.mark.drill


class Enough(Exception):
    pass


@pytest.fixture
def said():
    return []


def watch_until(condition, *, said):
    """A supervisor whose watch ends as soon as the condition holds."""
    until = time.monotonic() + 30

    def pulse():
        if condition() or time.monotonic() > until:
            raise Enough

    return Supervisor(say=said.append, pulse=pulse)


def program(tmp_path, code, *, steps=((signal.SIGTERM, 5.0),)):
    argv = [sys.executable, "-c", code]
    return Program("worker", argv, dict(os.environ), tmp_path, tmp_path / "worker.log", steps)


def test_it_ends_a_valkey_that_hangs_and_starts_it_again(tmp_path, said, monkeypatch):
    monkeypatch.setattr(supervising, "ASK_EVERY", 0.1)
    with tempfile.TemporaryDirectory(prefix="leadops-", dir=temporary.short_folder()) as sockets:
        part = valkey.Valkey(valkey.installed(), Path(sockets), tmp_path / "valkey.log")
        supervisor = watch_until(lambda: "valkey runs again." in said, said=said)
        supervisor.start(part)
        first = part.process.pid
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(Enough):
            supervisor.watch()
        assert part.process.pid != first
        assert part.answers()
        supervisor.stop(order=["valkey"])
    assert said[0] == "valkey runs but does not answer; ending it."


def test_it_starts_again_what_died_and_says_why(tmp_path, said):
    part = program(tmp_path, "import time; print('here I am', flush=True); time.sleep(60)")
    pids = set()

    def lived_twice():
        if part.process is not None:
            pids.add(part.process.pid)
        return len(pids) == 2

    supervisor = watch_until(lived_twice, said=said)
    supervisor.start(part)
    time.sleep(0.5)
    part.process.kill()
    with pytest.raises(Enough):
        supervisor.watch()
    supervisor.stop(order=["worker"])
    assert len(pids) == 2
    assert said[0] == "worker has stopped (signal 9); starting it again in 1 s."
    assert "    worker: here I am" in said


def test_it_waits_longer_each_time_for_what_keeps_dying(tmp_path, said):
    part = program(tmp_path, "raise SystemExit(3)")
    supervisor = watch_until(lambda: len([line for line in said if "has stopped" in line]) == 3, said=said)
    supervisor.start(part)
    with pytest.raises(Enough):
        supervisor.watch()
    supervisor.stop(order=["worker"])
    assert [line for line in said if "has stopped" in line] == [
        f"worker has stopped (exit code 3); starting it again in {seconds} s." for seconds in (1, 2, 4)
    ]


def test_what_does_not_want_to_stop_is_killed_with_its_children(tmp_path, said):
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import signal, time;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)']);"
        "open('up', 'w').close(); time.sleep(60)"
    )
    part = program(tmp_path, code, steps=((signal.SIGTERM, 0.2),))
    supervisor = watch_until((tmp_path / "up").exists, said=said)
    supervisor.start(part)
    with pytest.raises(Enough):
        supervisor.watch()
    processes = [psutil.Process(part.process.pid), *psutil.Process(part.process.pid).children(recursive=True)]
    supervisor.stop(order=["worker"])
    assert len(processes) == 2
    _gone, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive


def test_a_large_log_is_cut_to_its_newest_lines_where_it_is_and_its_writer_goes_on(tmp_path):
    log = tmp_path / "worker.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"an old line\n" * (LARGE_LOG // 12) + b"a new line\n")
        keep_small(log)
        assert log.stat().st_size < LARGE_LOG / 2
        for number in range(3):
            writer.write(b"after %d\n" % number)
            keep_small(log)
    lines = log.read_bytes().splitlines()
    assert lines[0] == b"(older lines are cut)"
    assert set(lines[1:-4]) == {b"an old line"}
    assert lines[-4:] == [b"a new line", b"after 0", b"after 1", b"after 2"]
    assert os.listdir(tmp_path) == ["worker.log"]
