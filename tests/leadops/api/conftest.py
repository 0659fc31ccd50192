import pytest
from django.core.cache import cache

from tests.leadops.api.calling import Api, staff


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Throttle counters live in the shared cache, outside any transaction."""
    cache.clear()


@pytest.fixture
def api(db: None) -> Api:
    """As the administrator, by token."""
    return staff("admin", superuser=True)
