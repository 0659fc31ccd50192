"""No screen needs more than its content policy allows, and none asks for more than it needs."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Page, expect

from exception_queue.models import ExceptionItem
from intake import runner
from tests import make
from tests.browser.conftest import SHOTS

pytestmark = pytest.mark.browser
EVAL = "'unsafe-eval'"


def screens() -> Iterator[str]:
    """Every page of the console that is reached by an address: lists, empty forms, a row, its history, import and export."""
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="maria")
    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        for kind, arguments in (
            ("changelist", ()),
            ("add", () if page.has_add_permission(request) else None),
            ("import", ()),
            ("export", ()),
            ("change", (row.pk,) if row else None),
            ("history", (row.pk,) if row else None),
        ):
            if arguments is not None:
                try:
                    yield reverse(f"admin:{name}_{kind}", args=arguments)
                except NoReverseMatch:
                    continue


def test_every_screen_opens_without_breaking_its_content_policy(console: Page):
    """The fixture fails on errors of the page, and on what the browser refuses."""
    make.submitted({"full_name": "Nobody"}, form="typeform-quote")
    runner.drain()
    assert ExceptionItem.objects.exists()
    seen = 0
    for address in screens():
        answer = console.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        policy = answer.headers["content-security-policy"]
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0], address
        # Alpine has started, or had nothing to do.
        console.wait_for_function("() => document.querySelector('[x-cloak]') === null")
        seen += 1
    assert seen > 60


def test_a_script_in_a_page_does_not_run(console: Page):
    """What would be left if something were not escaped; and the browser says so where the fixture hears it."""
    page = console.context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.goto(reverse("admin:index"))
    ran = page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.ran = true");
            document.body.append(button);
            button.click();
            return window.ran === true;
        }"""
    )
    assert not ran
    assert len([text for text in said if "Content Security Policy" in text]) == 2


def test_the_page_of_the_api_works_under_the_strict_policy(console: Page):
    answer = console.goto(reverse("docs"))
    assert answer is not None
    assert EVAL not in answer.headers["content-security-policy"]
    expect(console.get_by_text("Submit a form", exact=True)).to_be_visible()


def test_whoever_is_locked_out_reads_what_to_do_in_the_consoles_looks(console: Page):
    console.context.clear_cookies()
    page = console.context.new_page()  # Its answer is a 429, which the fixture would take for trouble.
    for _ in range(10):
        page.goto(reverse("admin:login"))
        page.fill("#id_username", "maria")
        page.fill("#id_password", "wrong")
        page.press("#id_password", "Enter")
        page.wait_for_load_state()
    expect(page.get_by_text("Too many wrong passwords", exact=True)).to_be_visible()
    expect(page.get_by_text("Try again in 15 minutes.")).to_be_visible()
    SHOTS.mkdir(exist_ok=True)
    for dark in (False, True):
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        page.screenshot(path=SHOTS / f"locked-out-{'dark' if dark else 'light'}.png", animations="disabled")
    page.get_by_role("link", name="Back to the login").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
