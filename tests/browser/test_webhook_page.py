"""The page of a connection that tells: its tabs, a body that is wrong, and what a real lead would be told by."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection
from tests.browser.axe import faults
from tests.make import webhook
from tests.make.sandbox import Crm

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        yield Crm(server.url)


def test_a_body_is_written_judged_and_previewed(console: Page, desk: Crm, shoot: Callable[[str], None]):
    row = webhook.connection(desk.url, primary=False)
    console.goto(reverse("admin:crm_sync_crmconnection_access", args=(row.pk,)))
    console.get_by_role("button", name="Test", exact=True).click()
    expect(console.locator(".lo-answer")).to_contain_text("believes our messages")
    shoot("webhook-access")
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(row.pk,)))
    expect(console.get_by_role("heading", name="What comes in")).to_be_visible()
    shoot("webhook")
    console.get_by_text("Placeholders of a body").click()
    assert faults(console, within="#placeholders") == ""
    console.get_by_text("Placeholders of a body").click()
    console.get_by_text("What is told", exact=True).click()
    body = console.get_by_label("A lead is new (lead.created), always sent")
    expect(body).to_be_visible()
    body.fill('{"text": "{full_name} goes to {ownr_name}"}')
    shoot("webhook-bodies")
    console.get_by_text("What would be told of a lead").click()
    console.get_by_role("button", name="Show by the bodies below").click()
    expect(console.locator("#preview-answer")).to_contain_text("Did you mean “owner_name”?")
    console.get_by_role("button", name="Save and continue editing").click()
    expect(console.locator(".errorlist, .text-red-600").first).to_be_visible()
    expect(console.get_by_text("There is no placeholder {ownr_name}.").first).to_be_visible()
    shoot("webhook-wrong")
    console.get_by_label("A lead is new (lead.created), always sent").fill(
        '{"text": "{full_name} goes to {owner_name}"}'
    )
    console.get_by_text("What would be told of a lead").click()
    console.get_by_role("button", name="Show by the bodies below").click()
    expect(console.locator("#preview-answer")).to_contain_text(" goes to ")
    shoot("webhook-preview")
    console.get_by_text("Placeholders of a body").click()
    shoot("webhook-placeholders")
    console.get_by_text("Who decides", exact=True).click()
    shoot("webhook-who-decides")
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.get_by_text("changed successfully")).to_be_visible()
    stored = CrmConnection.objects.get(pk=row.pk).messages.of("lead.created").body
    assert stored == {"text": "{full_name} goes to {owner_name}"}


def test_a_new_one_shows_only_what_its_kind_has(console: Page, shoot: Callable[[str], None]):
    console.goto(reverse("admin:crm_sync_crmconnection_add"))
    console.locator("#id_kind").select_option("webhook")
    console.get_by_text("People known there", exact=True).click()
    expect(console.get_by_label("Longest question, in ms")).to_be_hidden()
    shoot("webhook-add")
    console.locator("#id_kind").select_option("hubspot")
    expect(console.get_by_label("Longest question, in ms")).to_be_visible()
