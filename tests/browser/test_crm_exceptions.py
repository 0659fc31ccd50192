"""Exceptions about what the CRM does not take, on their own pages: which leads wait, and what can be done right there."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake.models import Lead
from plumbing import secrets
from tests.make.crm_sync import push
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def crm(company, tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        yield Crm(server.url)


def item_page(kind: str) -> str:
    item = ExceptionItem.objects.get(kind=kind, status="open")
    return reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))


def test_a_rule_that_leads_break_names_them(console: Page, crm: Crm, shoot):
    crm.call("POST", "/control/hubspot/rules", {"kind": "contacts", "property": "state"})
    push(*Lead.objects.all())
    sending.drain_all()
    console.goto(item_page("crm.rule_broken"))
    expect(console.get_by_text("A value for state must be provided").first).to_be_visible()
    lead = Lead.objects.order_by("created_at").first()
    expect(console.get_by_role("link", name=str(lead))).to_be_visible()
    shoot("exception-rule")
    console.get_by_text("in the outbox").click()
    expect(console.get_by_text(lead.email).or_(console.get_by_text(str(lead))).first).to_be_visible()
