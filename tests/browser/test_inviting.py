"""Somebody is invited, chooses a password, and sees their own leads: in a browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from routing.models import Owner
from tests.browser.conftest import SIZE

pytestmark = pytest.mark.browser


def test_an_invited_rep_chooses_a_password_and_sees_their_own_leads(
    console: Page, chromium: Browser, live_server, shoot, settings
):
    settings.EMAIL_URL = ""
    console.goto("/admin/auth/user/add/")
    console.locator("#id_full_name").fill("Bob Burke")
    console.locator("#id_email").fill("bob.burke@acme.test")
    console.get_by_label("Rep:").check()
    console.get_by_label("They are an owner already").check()
    expect(console.locator("#id_team")).to_be_hidden()
    console.locator("#id_owner").select_option(label="Bob Burke", force=True)
    shoot("invite")
    console.get_by_role("button", name="Save").first.click()
    expect(console.get_by_text("can sign in as bob.burke@acme.test")).to_be_visible()
    link = console.locator("[data-link]").inner_text()
    shoot("invited")
    assert Owner.objects.get(name="Bob Burke").user == User.objects.get(username="bob.burke@acme.test")

    theirs = chromium.new_context(base_url=live_server.url, viewport=SIZE).new_page()
    theirs.goto(link)
    theirs.locator("#id_new_password1").fill("korrekt pferd batterie")
    theirs.locator("#id_new_password2").fill("korrekt pferd batterie")
    theirs.screenshot(path="shots/choose-password.png")
    theirs.get_by_role("button", name="Set the password").click()
    expect(theirs.get_by_text("Your password is set")).to_be_visible()
    theirs.locator("#id_username").fill("bob.burke@acme.test")
    theirs.locator("#id_password").fill("korrekt pferd batterie")
    theirs.get_by_role("button", name="Log in").click()
    expect(theirs.get_by_text("Overdue answers")).to_be_visible()
    expect(theirs.get_by_role("link", name="Rules")).to_have_count(0)
    theirs.screenshot(path="shots/rep-home.png")
    theirs.goto("/admin/intake/lead/")
    theirs.screenshot(path="shots/rep-leads.png")
    theirs.goto("/admin/routing/routingrule/")
    expect(theirs.locator("#content").get_by_role("heading", name="You may not do this")).to_be_visible()
    theirs.screenshot(path="shots/forbidden.png")
    theirs.goto("/admin/no/such/page/")
    expect(theirs.locator("#content").get_by_role("heading", name="There is nothing here")).to_be_visible()
    theirs.context.close()

    console.goto("/admin/auth/user/")
    expect(console.get_by_text("bob.burke@acme.test")).to_be_visible()
    shoot("people")
    console.goto("/admin/auth/group/")
    console.get_by_role("link", name="Manager").first.click()
    shoot("group")
