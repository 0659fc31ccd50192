"""The page of a Salesforce connection: calls that are left, the version with its end, and messages that were refused."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, CrmLogin
from crm_sync.polling import filling
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from tests.crm_sync.salesforce.test_messages import message, notification
from tests.make import crm_sync as make
from tests.make import salesforce
from tests.make.sandbox import Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def crm(company, tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield Crm(server.url)


@pytest.fixture
def connection(crm) -> CrmConnection:
    """Its org has few calls left, and a copy of the org sends messages."""
    CrmConnection.objects.update(active=False, primary=False)
    made = salesforce.connection(crm.url)
    connect(made, budget=Budget({})).ping()
    assert CrmLogin.objects.get().account
    read_properties()
    filling.fill_all()
    crm.call("POST", "/control/salesforce/usage", {"calls": 90_000})
    make.lead(email="otto@globex.example")
    make.drain(made)
    path = f"/api/v1/webhooks/{made.key}?token={make.WEBHOOK_SECRET}"
    assert Client().post(path, message(notification()), content_type="text/xml").status_code == 401
    return made


def test_it_says_what_is_left_what_was_refused_and_until_when_its_version_is_supported(
    console: Page, connection, shoot
):
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    expect(console.get_by_text("kept for leads").first).to_be_visible()
    expect(console.get_by_text("version of its API, supported until 1 February 2029")).to_be_visible()
    refused = console.locator("tr", has_text="Webhooks")
    expect(refused).to_contain_text("/api/v1/webhooks/salesforce?token=SECRET")
    expect(refused).to_contain_text("1 with the right secret, the last")
    expect(refused).to_contain_text(CrmLogin.objects.get().account)
    shoot("salesforce-connection")
    refused.scroll_into_view_if_needed()
    shoot("salesforce-refused-messages")


def test_without_a_call_left_it_says_so_and_what_to_do(console: Page, crm, connection, shoot):
    crm.call("POST", "/control/salesforce/usage", {"calls": 20_000})
    make.lead(email="late@globex.example")
    make.drain(connection)
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    expect(console.get_by_text("No call of the day is left")).to_be_visible()
    shoot("salesforce-out-of-calls")
    item = ExceptionItem.objects.get(kind="crm.calls_used_up", status="open")
    assert item.last_seen_at <= timezone.now()
    console.goto(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)))
    expect(console.get_by_text("what is to be written waits in the outbox").first).to_be_visible()
    shoot("salesforce-out-of-calls-item")
