"""The vendors' clients for Node read what the sandbox answers, as those for Python do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "npm"
MODULES = Path(__file__).resolve().parents[2] / "build" / "npm-client"


@pytest.fixture
def modules() -> Path:
    """The folder with the clients, installed as the lock file says."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: .ci/run installs it.")
        pytest.skip("npm is not installed: the vendors' clients for Node need it.")
    installed = MODULES / "installed.json"
    wanted = (HERE / "package-lock.json").read_text()
    if not installed.exists() or installed.read_text() != wanted:
        MODULES.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, MODULES)
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts"], cwd=MODULES, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        installed.write_text(wanted)
    return MODULES


def check(modules, script, address):
    """What it says in the end."""
    done = subprocess.run(
        ["node", HERE / script, address],
        env={**os.environ, "MODULES": str(modules)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_hubspots_client_reads_every_answer(sandbox, modules):
    assert "the same answers in both versions" in check(modules, "check.mjs", f"{sandbox.url}/hubspot")


def test_salesforces_client_reads_every_answer(sandbox, modules):
    assert "every call of the org was understood" in check(modules, "check-salesforce.mjs", sandbox.url)
