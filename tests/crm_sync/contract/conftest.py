"""Every connector, and HubSpot's in each version of its API, passes the same tests."""

import pytest

from crm_sync.connectors import CONNECTORS
from crm_sync.connectors.hubspot import client
from tests.crm_sync.contract.backstage import HubSpotBackstage, MemoryBackstage


@pytest.fixture(params=["hubspot 2026-09", "hubspot v3", "memory 2"])
def backstage(request, monkeypatch):
    kind, version = request.param.split()
    if kind == "memory":
        # The one line that registers a connector.
        monkeypatch.setitem(CONNECTORS, "memory", "tests.crm_sync.contract.memory.Memory")
        return MemoryBackstage(version)
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (0.5, 0.5))
    return HubSpotBackstage(version, request.getfixturevalue("crm"))


@pytest.fixture
def connector(backstage):
    made = backstage.connect()
    assert made.prepare(backstage.needs) == []
    return made
