"""Every connector, and HubSpot's in each version of its API, passes the same tests."""

import pytest

from crm_sync.connectors import CONNECTORS
from crm_sync.connectors.hubspot import client
from crm_sync.connectors.salesforce import client as org_client
from tests.crm_sync.contract.backstage import HubSpotBackstage, MemoryBackstage, SalesforceBackstage


@pytest.fixture(params=["hubspot 2026-09", "hubspot v3", "salesforce v66.0", "memory 2"])
def backstage(request, monkeypatch):
    kind, version = request.param.split()
    if kind == "memory":
        # The one line that registers a connector.
        monkeypatch.setitem(CONNECTORS, "memory", "tests.crm_sync.contract.memory.Memory")
        return MemoryBackstage(version)
    crm = request.getfixturevalue("crm")
    if kind == "salesforce":
        monkeypatch.setattr(org_client, "_TIMEOUT_SECONDS", (1.0, 1.0))
        return SalesforceBackstage(version, crm)
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (1.0, 1.0))
    return HubSpotBackstage(version, crm)


@pytest.fixture
def connector(backstage):
    made = backstage.connect()
    assert made.prepare(backstage.needs) == []
    return made
