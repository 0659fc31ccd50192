"""HubSpot's client for Node reads what the sandbox answers, as its client for Python does (all other tests here)."""

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
    """The folder with the client, installed as the lock file says."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: .ci/run installs it.")
        pytest.skip("npm is not installed: HubSpot's client for Node needs it.")
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


def test_the_client_for_node_reads_every_answer(sandbox, modules):
    done = subprocess.run(
        ["node", HERE / "check.mjs", f"{sandbox.url}/hubspot"],
        env={**os.environ, "MODULES": str(modules)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same answers in both versions" in done.stdout
