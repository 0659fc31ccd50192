"""A contact was deleted in the CRM: what the console shows and asks."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.inbound import link_check
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake.models import Lead
from plumbing import secrets
from tests.make.crm_sync import push
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def lost(company, tmp_path):
    """Two leads whose contacts somebody deleted, found by the sweep."""
    with SandboxServer(data_dir=tmp_path) as server:
        crm = Crm(server.url)
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        push(*Lead.objects.all())
        sending.drain_all()
        leads = [Lead.objects.get(full_name=name) for name in ("Jana Weiss", "Tom Field")]
        for lead in leads:
            crm.call("DELETE", f"/control/hubspot/contacts/{CrmLink.objects.get(lead=lead).remote_id}")
        CrmLink.objects.update(seen_at=timezone.now() - 2 * link_check.EVERY)
        assert link_check.check_all() > 2
        yield crm


def test_a_deleted_contact_is_shown_on_the_lead_and_answered_in_the_exception_queue(
    console: Page, lost: Crm, shoot
):
    lead = Lead.objects.get(full_name="Jana Weiss")
    console.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    expect(console.locator(".lo-head")).to_contain_text("deleted in HubSpot")
    shoot("lost-lead")
    console.get_by_role("tab", name=re.compile("Sync")).click()
    shoot("lost-lead-sync")
    console.get_by_role("link", name="What to do").first.click()
    expect(console.get_by_role("button", name="Leave it", exact=True)).to_be_visible()
    shoot("lost-item")
    console.get_by_role("button", name="Create again", exact=True).click()
    expect(console.get_by_text("Retried by Maria Mann").first).to_be_visible()
    sending.drain_all()
    assert len(lost.contacts()) == Lead.objects.count() - 1
    assert [
        item.subject_label for item in ExceptionItem.objects.filter(kind="crm.record_gone", status="open")
    ]
    console.goto(reverse("admin:intake_lead_changelist") + "?crm=gone")
    expect(console.get_by_text("Tom Field")).to_be_visible()
    expect(console.get_by_text("Jana Weiss")).to_have_count(0)
