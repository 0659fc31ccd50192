"""A running sandbox for each test, and a connection to it. Nothing of ours is replaced: calls go over HTTP."""

import pytest

from crm_sandbox.server import SandboxServer
from tests.make import crm_sync as make
from tests.make.sandbox import Crm


@pytest.fixture
def crm(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield Crm(server.url)


@pytest.fixture
def connection(crm, transactional_db):
    return make.connection(crm.url)
