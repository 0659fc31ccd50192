"""A running sandbox for each test, and a connection to it. Nothing of ours is replaced: calls go over HTTP."""

import pytest

from crm_sandbox.server import SandboxServer
from tests.crm_sync import build


@pytest.fixture
def crm(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield build.Crm(server.url)


@pytest.fixture
def connection(crm, transactional_db):
    return build.connection(crm.url)
