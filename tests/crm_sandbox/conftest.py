"""A running sandbox for each test, the vendor's own client for it, and a bare HTTP session beside it."""

from __future__ import annotations

import pytest
from hubspot import HubSpot

from crm_sandbox.server import SandboxServer
from tests.crm_sandbox.client import Bare


@pytest.fixture
def sandbox(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield server


@pytest.fixture
def sdk(sandbox):
    """HubSpot's official client with nothing changed but its host. It raises on an answer it cannot parse."""
    return HubSpot(access_token="sandbox-token", host=f"{sandbox.url}/hubspot")


@pytest.fixture
def bare(sandbox):
    with Bare(sandbox.url) as session:
        yield session
