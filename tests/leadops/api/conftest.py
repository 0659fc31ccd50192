from typing import Any

import pytest
from django.core.cache import cache
from drf_spectacular.generators import SchemaGenerator

from tests.leadops.api.calling import Api, staff


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Throttle counters live in the shared cache, outside any transaction."""
    cache.clear()


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@pytest.fixture
def api(db: None) -> Api:
    """As the administrator, by token."""
    return staff("admin", superuser=True)
