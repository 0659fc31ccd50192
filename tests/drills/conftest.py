from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.make.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Running, with the demo's configuration in which everybody can always be picked."""
    installation = Installation(tmp_path / "var")
    try:
        installation.start()
        yield installation
    finally:
        installation.end()
