from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Running, with the demo's configuration in which everybody can always be picked."""
    house = House(tmp_path / "var")
    try:
        house.start()
        yield house
    finally:
        house.end()
