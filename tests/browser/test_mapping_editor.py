"""The lines of a connection, with one that is wrong, and what its token has to be allowed."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.schema import reading
from intake.models import Lead
from plumbing import secrets
from tests.browser.axe import faults
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def connection(company, tmp_path):
    """The demo's connection, whose properties were read."""
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        found = CrmConnection.objects.get()
        reading.read_now(found)
        yield found


def open_lines(console: Page, connection: CrmConnection) -> None:
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    console.locator("#tabs-items a[href='#mappings']").click()


def field_of(console: Page, canonical: str, name: str):
    lines = FieldMapping.objects.order_by("position", "id")
    place = [each.canonical for each in lines].index(canonical)
    return console.locator(f"[name=mappings-{place}-{name}]")


def test_a_wrong_line_says_at_its_field_what_to_do(console: Page, connection: CrmConnection, shoot):
    open_lines(console, connection)
    expect(field_of(console, "company", "property")).to_have_attribute("list", "crm-properties")
    shoot("mapping-lines")
    field_of(console, "company", "property").fill("createdate")
    console.get_by_role("button", name="Save", exact=True).first.click()
    expect(
        console.get_by_text("HubSpot writes “createdate” itself: choose another property.")
    ).to_be_attached()
    console.locator("#tabs-items a[href='#mappings']").click()
    field_of(console, "company", "property").scroll_into_view_if_needed()
    shoot("mapping-wrong-line")


def test_two_lines_that_fill_one_property_say_how_or_are_refused(
    console: Page, connection: CrmConnection, shoot
):
    FieldMapping.objects.filter(canonical="first_name").update(property="jobtitle", mode="overwrite")
    connection.ownership = {"first_name": {"direction": "to_crm"}, "last_name": {"direction": "to_crm"}}
    connection.save()
    open_lines(console, connection)
    for name in ("first_name", "last_name"):
        field_of(console, name, "mode").select_option("overwrite")
    field_of(console, "last_name", "property").fill("jobtitle")
    field_of(console, "first_name", "combine").select_option("Joined by blanks")
    console.get_by_role("button", name="Save", exact=True).first.click()
    expect(console.get_by_text("say on each line how they go together")).to_be_attached()
    console.locator("#tabs-items a[href='#mappings']").click()
    field_of(console, "email", "property").evaluate("field => field.scrollIntoView()")
    shoot("mapping-together-wrong")
    field_of(console, "last_name", "combine").select_option("Joined by blanks")
    console.get_by_text("What a lead's record would be given").click()
    console.get_by_role("button", name="Show by the lines below").click()
    row = console.locator("#preview-answer").get_by_role("row", name="jobtitle")
    expect(row).to_contain_text("First name + Last name")
    console.get_by_role("button", name="Save", exact=True).first.click()
    expect(console.get_by_text("was changed successfully")).to_be_visible()
    assert set(FieldMapping.objects.filter(property="jobtitle").values_list("combine", "separator")) == {
        ("join", " ")
    }


def test_it_shows_what_a_lead_would_be_given_before_anything_is_saved(
    console: Page, connection: CrmConnection, shoot
):
    open_lines(console, connection)
    field_of(console, "company", "property").fill("closedate")
    console.get_by_text("What a lead's record would be given").click()
    console.get_by_label("E-mail of a lead").fill(Lead.objects.exclude(company="").first().email)
    console.get_by_role("button", name="Show by the lines below").click()
    expect(console.locator("#preview-answer")).to_contain_text("Nothing is saved")
    expect(console.locator("#preview-answer").get_by_role("row", name="closedate")).to_contain_text(
        "left out"
    )
    shoot("mapping-preview")
    assert FieldMapping.objects.get(canonical="company").property == "company"


def test_a_scope_that_lacks_is_named_on_the_page(console: Page, connection: CrmConnection, shoot):
    crm = Crm(connection.base_url.removesuffix("/hubspot"))
    missing = ["crm.objects.deals.read", "crm.objects.owners.read"]
    crm.call("POST", "/control/hubspot/scopes", {"missing": missing})
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(connection.pk,)))
    console.get_by_role("button", name="More").click()
    console.get_by_role("link", name="Set up access").click()
    expect(console.locator(".lo-answer")).to_contain_text("There is a token")
    shoot("access")
    console.get_by_role("button", name="Test", exact=True).click()
    expect(console.locator(".lo-answer")).to_contain_text("HubSpot lets us in, and 2 scopes are missing.")
    deals = console.get_by_role("row", name=re.compile("crm.objects.deals.read"))
    expect(deals).to_contain_text("Without it open deals stay unknown.")
    shoot("access-missing")
    console.mouse.move(0, 0)
    assert faults(console, within=".lo-glance") == ""
    deals.scroll_into_view_if_needed()
    shoot("access-missing-rows")
    crm.call("DELETE", "/control/hubspot/scopes")
    console.get_by_label("Token").fill(TOKEN)
    console.get_by_role("button", name="Save and test").click()
    expect(console.locator(".lo-answer")).to_contain_text("the token has each scope that it needs")
    console.get_by_text("What comes next").scroll_into_view_if_needed()
    shoot("access-there")


def test_a_refused_key_is_told_in_the_words_of_the_crm(console: Page, connection: CrmConnection, shoot):
    CrmConnection.objects.update(token="")
    console.goto(reverse("admin:crm_sync_crmconnection_access", args=(connection.pk,)))
    expect(console.locator(".lo-answer")).to_contain_text("There is no Service Key yet")
    shoot("access-no-key")
    Crm(connection.base_url.removesuffix("/hubspot")).fault("status", status=401)
    console.get_by_label("Token").fill("a-key-of-yesterday")
    console.get_by_role("button", name="Save and test").click()
    expect(console.get_by_role("alert")).to_contain_text("HubSpot said")
    shoot("access-refused")
