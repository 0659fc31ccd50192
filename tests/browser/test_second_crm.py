"""Somebody who has HubSpot adds Salesforce in the console, without a file: connection, rights, lines, live, and leads in both."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead
from plumbing import secrets
from tests import make
from tests.browser.axe import faults
from tests.make.crm_sync import edit, push
from tests.make.salesforce import CLIENT_ID, SECRET
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def crm(company, tmp_path):
    """Both CRMs; the demo's leads are in HubSpot."""
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        push(*Lead.objects.all())
        sending.drain_all()
        yield Crm(server.url)


def add_salesforce(console: Page, crm: Crm) -> CrmConnection:
    console.goto(reverse("admin:crm_sync_crmconnection_changelist"))
    console.locator("a[href$='crmconnection/add/']").first.click()
    console.locator("[name=key]").fill("salesforce")
    console.locator("[name=kind]").select_option("salesforce")
    console.locator("[name=base_url]").fill(f"{crm.url}/salesforce")
    console.locator("[name=client_id]").fill(CLIENT_ID)
    console.locator("[name=token]").fill(SECRET)
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.locator(".lo-answer")).to_contain_text("There is a token")
    return CrmConnection.objects.get(key="salesforce")


def test_a_second_crm_is_added_by_clicks_alone_and_leads_stand_in_both(console: Page, crm: Crm, shoot):
    made = add_salesforce(console, crm)
    assert (made.mode, made.system_of_record.owner) == ("observe", "leadops")
    console.get_by_role("button", name="Test", exact=True).click()
    expect(console.locator(".lo-answer")).to_contain_text("the token has each permission that it needs")
    console.get_by_role("link", name="Map fields").click()
    expect(console.get_by_text("No field is mapped, so nothing can be written.")).to_be_visible()
    shoot("second-crm-unmapped")
    console.get_by_role("link", name="Add the usual lines…").first.click()
    dialog = console.locator("#dialog")
    expect(dialog).to_contain_text("OwnerId")
    shoot("second-crm-usual-lines")
    assert faults(console, within="#dialog") == ""
    dialog.get_by_role("button", name="Add them").click()
    expect(console.get_by_text("8 lines added: they stand under Mappings.")).to_be_visible()
    console.get_by_role("button", name="Mode").click()
    console.get_by_role("link", name="Go live").click()
    expect(dialog).to_contain_text("whoever gets leads is an owner there")
    expect(dialog).to_contain_text("Also write 11 leads that have no record there yet")
    shoot("second-crm-going-live")
    dialog.get_by_label(re.compile("Also write")).check()
    dialog.get_by_role("button", name="Go live").click()
    expect(console.get_by_text("It is live: leads are written there.")).to_be_visible()

    for number in range(20):
        assert make.posted(make.american(email=f"p{number}@bigcorp.example", phone="")).status_code == 202
    runner.drain()
    sending.drain_all()
    assert CrmLink.objects.filter(connection=made, gone_at=None).count() == Lead.objects.count() == 31
    assert len(crm.contacts()) == 31
    assert not ExceptionItem.objects.filter(kind__startswith="crm.").exists()
    console.goto(reverse("admin:intake_lead_change", args=(Lead.objects.get(email="p7@bigcorp.example").pk,)))
    where = console.locator(".lo-where")
    expect(where.get_by_text("in sync")).to_have_count(2)
    shoot("lead-in-two-crms")


def test_a_lead_that_has_moved_says_where_it_went(console: Page, crm: Crm, shoot):
    add_salesforce(console, crm)
    console.get_by_role("link", name="Map fields").click()
    console.get_by_role("link", name="Add the usual lines…").first.click()
    console.locator("#dialog").get_by_role("button", name="Add them").click()
    expect(console.get_by_text("8 lines added")).to_be_visible()
    for key, country in (("hubspot", "US"), ("salesforce", "DE")):
        when = {"all": [{"field": "country", "in": [country]}]}
        CrmConnection.objects.filter(key=key).update(when=when, mode="live")
    lead = Lead.objects.get(full_name="Tom Field")
    edit(lead, country="DE")
    sending.drain_all()
    console.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    expect(console.locator(".lo-where")).to_contain_text(
        "left as it stands: the lead belongs into another CRM now"
    )
    expect(console.get_by_text("the record in HubSpot was left as it stands")).to_be_visible()
    shoot("lead-moved")
