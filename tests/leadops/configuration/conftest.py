from pathlib import Path

import pytest

from leadops.management.commands.prepare import DEMO
from tests.leadops.configuration.commands import Config


@pytest.fixture
def acme() -> str:
    return DEMO.read_text(encoding="utf-8")


@pytest.fixture
def config(db, tmp_path: Path) -> Config:
    return Config(tmp_path)
