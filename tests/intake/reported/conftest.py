"""The house of the cases for each test, and a sandbox where a case looks into the CRM."""

import pytest

from crm_sandbox.server import SandboxServer
from tests.intake.reported import house
from tests.make.sandbox import Crm


@pytest.fixture(autouse=True)
def form_secret(settings):
    settings.LEADOPS_ENVIRONMENT = settings.LEADOPS_ENVIRONMENT | {"LEADOPS_SECRET_FORMS": house.SECRET}


@pytest.fixture
def moved_in(db):
    house.move_in()


@pytest.fixture
def crm(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield Crm(server.url)


@pytest.fixture
def connection(crm, transactional_db):
    house.move_in()
    return house.connect(crm)
