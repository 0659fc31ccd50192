import pytest

from tests.make import webhook as make


@pytest.fixture
def connection(crm, transactional_db):
    return make.connection(crm.url)


@pytest.fixture
def desk(crm):
    return make.Desk(crm)
