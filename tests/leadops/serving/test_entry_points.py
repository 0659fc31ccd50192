import os
import subprocess
import sys

import pytest

from tests.structure.repository import BASE


@pytest.mark.parametrize("module", ["leadops.asgi", "leadops.wsgi", "leadops.celery"])
def test_what_a_server_loads_can_be_loaded_first(module):
    """In a process of its own: here Django is set up already, and whatever it needs is loaded."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import {module}"],
        cwd=BASE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "leadops.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
