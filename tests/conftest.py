import pytest

from tests import make


@pytest.fixture
def acme(db: None) -> None:
    """The demo configuration, published."""
    make.acme()


@pytest.fixture
def committed_acme(transactional_db: None) -> None:
    """The same where other connections see it too."""
    make.acme()
