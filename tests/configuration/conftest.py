from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadops.configuration.demo import FILE
from tests.configuration.commands import Config


@pytest.fixture
def acme() -> str:
    return FILE.read_text(encoding="utf-8")


@pytest.fixture
def config(db, tmp_path: Path) -> Config:
    return Config(tmp_path)


@pytest.fixture
def at_noon() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)
