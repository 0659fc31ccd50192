"""Every connector, and HubSpot's in each version of its API, passes the same tests.

A test that `needs` what not every kind can do, as the fields of Capabilities say, is asked of those that can.
"""

import pytest

from crm_sync.connectors import CONNECTORS, connector_class
from crm_sync.connectors.hubspot import client
from crm_sync.connectors.salesforce import client as org_client
from crm_sync.connectors.webhook import client as receiver
from tests.crm_sync.contract.backstage import HubSpotBackstage, MemoryBackstage, SalesforceBackstage
from tests.crm_sync.contract.memory import Memory
from tests.crm_sync.contract.webhook_backstage import WebhookBackstage

KINDS = ["hubspot 2026-09", "hubspot v3", "salesforce v66.0", "webhook 1", "memory 2"]


def pytest_generate_tests(metafunc):
    if "backstage" in metafunc.fixturenames:
        needed = [name for mark in metafunc.definition.iter_markers("needs") for name in mark.args]
        able = [kind for kind in KINDS if all(getattr(_class_of(kind).can, name) for name in needed)]
        metafunc.parametrize("backstage", able, indirect=True)


def _class_of(kind):
    name = kind.partition(" ")[0]
    return Memory if name == "memory" else connector_class(name)


@pytest.fixture
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
    if kind == "webhook":
        monkeypatch.setattr(receiver, "_TIMEOUT_SECONDS", (1.0, 1.0))
        return WebhookBackstage(version, crm)
    monkeypatch.setattr(client, "_TIMEOUT_SECONDS", (1.0, 1.0))
    return HubSpotBackstage(version, crm)


@pytest.fixture
def connector(backstage):
    made = backstage.connect()
    assert made.prepare(backstage.needs) == []
    return made
