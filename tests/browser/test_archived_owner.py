"""Somebody is archived in the CRM: their page, the CRM's owners, the connection and the exception say what follows."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.connection import owners
from crm_sync.models import CrmConnection, CrmProperty, FieldMapping
from crm_sync.schema import reading
from exception_queue.models import ExceptionItem
from plumbing import secrets
from routing.models import Assignment, RoutingRule
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def archived(company, tmp_path):
    """An owner with leads, archived in the CRM."""
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        owner = Assignment.objects.filter(owner__isnull=False).first().owner
        body = {"email": owner.email, "name": owner.name, "archived": True}
        Crm(server.url).call("POST", "/control/owners", body)
        owners.refresh_all()
        yield owner


def test_every_page_says_that_no_new_lead_goes_there_and_when_the_others_move(console: Page, archived, shoot):
    console.goto(reverse("admin:routing_owner_change", args=(archived.pk,)))
    notice = console.locator(".lo-notice")
    expect(notice).to_contain_text(re.compile(r"No new lead goes to .* \d+ open leads? moves? by routing at"))
    shoot("archived-owner")
    notice.get_by_role("link", name="Switch off now…").click()
    expect(console).to_have_url(re.compile("switch-off|switch_off"))
    console.goto(reverse("admin:routing_owner_changelist"))
    expect(console.get_by_text("archived in HubSpot")).to_be_visible()
    shoot("archived-owner-list")
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(CrmConnection.objects.get().pk,)))
    console.get_by_text("1 archived who gets no more leads").click()
    row = console.locator("tr", has_text=archived.email)
    expect(row).to_contain_text(re.compile(r"gets no new leads; \d+ open leads? to move at"))
    shoot("archived-crm-owners")
    item = ExceptionItem.objects.get(kind="crm.owner_archived")
    console.goto(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)))
    expect(console.get_by_text(re.compile("no new lead goes to them")).first).to_be_visible()
    shoot("archived-owner-item")


def test_the_page_that_publishes_reads_the_crm_and_says_what_it_has_against_leads(
    console: Page, archived, shoot
):
    mapping = FieldMapping.objects.get(canonical="company")
    connection = CrmConnection.objects.get()
    reading.read_now(connection)
    CrmProperty.objects.filter(name=mapping.property).update(archived=True)
    rule = RoutingRule.objects.filter(active=True).first()
    RoutingRule.objects.filter(pk=rule.pk).update(
        target_kind="owner", target_owner=archived, target_rotation=None, target_queue=None
    )
    console.goto(reverse("admin:routing_ruleset_publish"))
    said = console.locator("#elsewhere")
    expect(said).to_contain_text(
        f"Company → {mapping.property}: Company: “{mapping.property}” is there no more"
    )
    expect(
        console.get_by_text(f"It sends to {archived.name}, who is archived in HubSpot").first
    ).to_be_visible()
    shoot("publish-drift")
    # What was read long ago is read again by the page itself, and is in order.
    CrmProperty.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    console.reload()
    expect(said).to_contain_text("Nothing there speaks against the mappings and owners.")
    shoot("publish-no-drift")
