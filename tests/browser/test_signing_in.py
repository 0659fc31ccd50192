"""Tokens, single sign-on and the second step, as a person meets them."""

import re
from base64 import b32decode

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Page, expect

from leadops.access import tokens
from leadops.models import ApiToken
from tests.browser.axe import faults
from tests.leadops.access import provider as providers
from tests.leadops.api.calling import Api
from tests.make import access

pytestmark = pytest.mark.browser
OUTSIDE = "#page"
INSIDE = "#main"


def test_a_token_is_made_copied_and_revoked(console: Page, shoot):
    console.goto(reverse("admin:leadops_apitoken_changelist"))
    expect(console.get_by_text("No API tokens yet")).to_be_visible()
    shoot("tokens-none")
    console.goto(reverse("admin:leadops_apitoken_add"))
    console.get_by_label("Name").fill("Nightly report")
    shoot("token-new")
    assert faults(console, within=INSIDE) == ""
    console.get_by_role("button", name="Save", exact=True).click()
    shown = console.locator("#token")
    expect(shown).to_contain_text(tokens.PREFIX)
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.get_by_role("button", name="Copy").click()
    expect(console.get_by_role("button", name="Copied")).to_be_visible()
    token = shown.inner_text()
    assert console.evaluate("navigator.clipboard.readText()") == token
    assert Api(token).get("leads").status_code == 200
    shoot("token-shown-once")
    assert faults(console, within=INSIDE) == ""

    console.get_by_role("link", name="I have copied it").click()
    expect(console.get_by_text("Valid", exact=True)).to_be_visible()
    for name in ("Old CRM import", "Dashboard on the wall"):
        access.token(User.objects.get(username="maria"), name=name)
    ApiToken.objects.filter(name="Old CRM import").update(expires_at=ApiToken.objects.first().created_at)
    console.reload()
    shoot("tokens")
    assert faults(console, within=INSIDE) == ""
    row = ApiToken.objects.get(name="Nightly report")
    console.goto(reverse("admin:leadops_apitoken_change", args=(row.pk,)))
    shoot("token")
    console.get_by_role("link", name="Revoke…").click()
    expect(console.get_by_text("Revoke this token?")).to_be_visible()
    shoot("token-revoke")
    console.get_by_role("button", name="Revoke", exact=True).click()
    expect(console.get_by_text("is revoked")).to_be_visible()
    assert Api(token).get("leads").status_code == 401


@pytest.fixture
def stranger(console: Page) -> Page:
    """The same browser, with nobody logged in."""
    console.context.clear_cookies()
    return console


def test_somebody_signs_in_with_their_company_s_account(stranger: Page, settings, shoot):
    with providers.running() as provider:
        settings.LEADOPS_OIDC_ISSUER = provider.url
        settings.LEADOPS_OIDC_CLIENT_ID = "leadops"
        settings.LEADOPS_OIDC_CLIENT_SECRET = "s3cret"
        settings.LEADOPS_OIDC_NAME = "Acme"
        settings.LEADOPS_OIDC_ROLES = {"sales": "Manager"}
        Group.objects.get_or_create(name="Manager")
        provider.person("jo", name="Jo March", groups=[])
        # The provider's page asks for a style sheet from elsewhere.
        stranger.route(re.compile("^https://"), lambda asked: asked.fulfill(body=""))
        stranger.goto("/admin/intake/lead/")
        shoot("login-with-sign-on")
        assert faults(stranger, within=OUTSIDE) == ""
        for text in ("You are in no group that has a role in leadops.", "Jo March"):
            stranger.get_by_role("link", name="Sign in with Acme").click()
            stranger.locator("input[name=sub]").first.fill("jo")
            stranger.locator("input[name=sub]").first.press("Enter")
            expect(stranger.get_by_text(text).first).to_be_visible()
            if "group" in text:
                shoot("login-refused")
                assert faults(stranger, within=OUTSIDE) == ""
                provider.person("jo", name="Jo March", groups=["sales"])
        shoot("signed-in")
        settings.LEADOPS_PASSWORD_LOGIN = False
        stranger.context.clear_cookies()
        stranger.goto("/admin/login/")
        expect(stranger.get_by_label("Password")).to_be_hidden()
        shoot("login-without-passwords")
        stranger.get_by_text("Sign in with a password (superusers)").click()
        expect(stranger.get_by_label("Password")).to_be_visible()
        shoot("login-superusers")


def test_somebody_sets_up_a_second_step_and_logs_in_with_it(console: Page, shoot):
    maria = User.objects.get(username="maria")
    maria.set_password("a good password")
    maria.save()
    console.context.clear_cookies()
    log_in(console)
    expect(console.get_by_text("Maria Mann").first).to_be_visible()
    console.goto(reverse("second-step"))
    expect(console.locator("svg.lo-qr")).to_be_visible()
    shoot("second-step-new")
    assert faults(console, within=INSIDE) == ""
    key = console.locator(".lo-panel code").inner_text().replace(" ", "")
    console.get_by_label("Code").fill(code_for(key))
    console.get_by_role("button", name="Switch it on").click()
    expect(console.locator(".lo-codes code")).to_have_count(8)
    shoot("second-step-codes")
    assert faults(console, within=INSIDE) == ""
    recovery = console.locator(".lo-codes code").first.inner_text()
    console.goto(reverse("second-step"))
    shoot("second-step-on")
    assert faults(console, within=INSIDE) == ""

    console.context.clear_cookies()
    log_in(console)
    expect(console.get_by_label("Code")).to_be_focused()
    shoot("login-code")
    assert faults(console, within=OUTSIDE) == ""
    console.get_by_label("Code").fill("000000")
    console.get_by_role("button", name="Log in").click()
    expect(console.get_by_text("This code is not right")).to_be_visible()
    shoot("login-code-wrong")
    console.get_by_label("Code").fill(recovery)
    console.get_by_role("button", name="Log in").click()
    expect(console.get_by_text("Maria Mann").first).to_be_visible()


def test_whoever_must_have_a_second_step_sets_it_up_before_the_console(console: Page, settings, shoot):
    settings.LEADOPS_SECOND_STEP_FOR = "superusers"
    User.objects.get(username="maria").delete()
    User.objects.create_superuser("maria", password="a good password")
    console.context.clear_cookies()
    log_in(console)
    expect(console.get_by_text("Your account needs a second step.")).to_be_visible()
    shoot("second-step-required")
    assert faults(console, within=OUTSIDE) == ""
    assert not TOTPDevice.objects.exists()


def log_in(page: Page) -> None:
    page.goto("/admin/login/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("a good password")
    page.get_by_role("button", name="Log in").click()


def code_for(letters: str) -> str:
    """What an app shows that has been given this key."""
    return f"{totp(b32decode(letters)):06d}"
