import pytest

from tests.make import salesforce as make


@pytest.fixture
def connection(crm, transactional_db):
    return make.connection(crm.url)
