"""A real Chromium on the console of a live server.

`console` is a page on which an administrator is logged in; it fails on errors that the page raises and on what its content
policy refuses. `shoot(name)` saves
what the page looks like in light and dark under shots/, which is not kept in git: to be looked at.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import acme

CHROMIUM = Path("/usr/bin/chromium")
SHOTS = Path(__file__).resolve().parents[2] / "shots"
SIZE = {"width": 1440, "height": 900}
# First pages compile templates and load fonts on a busy machine.
PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing: install Debian's chromium.")
        pytest.skip(f"{CHROMIUM} is missing")
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's synchronous API runs an event loop in this thread; the tests' own queries are no danger to it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(CHROMIUM),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            yield browser
            browser.close()


@pytest.fixture
def company(transactional_db) -> None:
    """The demo's configuration, with leads that came in through the demo form."""
    acme.build()


@pytest.fixture
def console(chromium: Browser, live_server, settings, company: None) -> Iterator[Page]:
    settings.LEADOPS_PUBLIC_URL = live_server.url
    user = User.objects.create_superuser("maria", "maria@acme.test", first_name="Maria", last_name="Mann")
    context = chromium.new_context(base_url=live_server.url, viewport=SIZE, color_scheme="light")
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": _session(user), "url": live_server.url}]
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on(
        "console", lambda said: troubles.append(f"{page.url}: {said.text}") if said.type == "error" else None
    )
    yield page
    context.close()
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def shoot(console: Page) -> Callable[[str], None]:
    def save(name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        for scheme in ("light", "dark"):
            _switch(console, scheme)
            console.screenshot(path=SHOTS / f"{name}-{scheme}.png", animations="disabled")
        _switch(console, "light")

    return save


def _switch(page: Page, scheme: str) -> None:
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")


def _session(user: User) -> str:
    """What logging in stores, without the form."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    return session.session_key
