"""Starting and running on a disk that is full, in words and without a traceback."""

import os
import re
import subprocess
import sys

import pytest

from leadops.launcher import datafolder, metric_files
from leadops.launcher.problems import LaunchProblem
from leadops.launcher.program import Program
from tests.leadops.launcher.running import Up

pytestmark = pytest.mark.drill
COUNT = "from prometheus_client import Counter; Counter('a', 'b').inc(); print('counted')"


@pytest.fixture
def small_disk(tmp_path):
    """Gives a full file system of so many MiB free."""
    mounted = []

    def make(*, free):
        folder = tmp_path / f"small-{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={64 + free}m", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a file system can be mounted only by root, and not in every container")
        mounted.append(folder)
        (folder / "full").write_bytes(b"x" * 64 * 1024**2)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_starting_without_room_is_one_sentence(small_disk):
    disk = small_disk(free=8)
    up = Up(disk / "var")
    assert up.process.wait(60) == 1
    (line,) = up.text.strip().splitlines()
    assert re.match(
        rf"The disk of {disk / 'var'} is full \([78] MiB free, 32 are needed\): make room there", line
    )


def test_room_is_asked_for_before_anything_is_written(small_disk):
    disk = small_disk(free=8)
    with pytest.raises(LaunchProblem, match="make room"):
        datafolder.check_room(disk)
    datafolder.check_room(small_disk(free=40))


def test_a_full_disk_for_metric_files_does_not_end_the_program_that_counts(small_disk, tmp_path):
    disk = small_disk(free=0)
    env = {**os.environ, metric_files.VARIABLE: str(disk)}
    assert metric_files.VARIABLE not in metric_files.checked(env)
    program = Program("web", [sys.executable, "-c", COUNT], env, tmp_path, tmp_path / "web.log")
    program.start(pulse=lambda: None)
    assert program.process.wait(30) == 0
    assert program.log.read_text() == "counted\n"


def test_metric_files_lie_in_memory_and_go_with_the_launcher(tmp_path):
    folder = metric_files.make("leadops-test", memory=tmp_path)
    assert folder == tmp_path / "leadops-test"
    assert metric_files.make("leadops-test", memory=tmp_path) is None
    assert metric_files.make("leadops-test", memory=tmp_path / "nowhere") is None
    metric_files.remove("leadops-test", memory=tmp_path)
    assert not folder.exists()
