"""Who may try how many passwords and tokens, and who is never locked out by others."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings

from leadops.access import guesses, lockout
from tests import make
from tests.leadops.api.calling import Api, refused, staff
from tests.leadops.api.test_submitting_durably import DEAD

LOGIN = "/admin/login/"
PASSWORD = "a right and long one"
PROXY = override_settings(LEADOPS_TRUSTED_PROXIES=["127.0.0.1"])


@pytest.fixture
def admin(db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    cache.breaker.worked()  # It may rest since a test with a dead cache.
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.fixture
def few(monkeypatch):
    """A limit that a test reaches quickly."""
    passwords = replace(guesses.PASSWORDS, most=15, seconds=10**9)
    tokens = replace(guesses.TOKENS, most=5, seconds=10**9)
    for module in (guesses, lockout):
        monkeypatch.setattr(module, "PASSWORDS", passwords)
    monkeypatch.setattr(guesses, "TOKENS", tokens)


def log_in(address: str, *, name: str = "admin", password: str = "wrong"):
    client = Client(headers={**make.HOST, "x-forwarded-for": address})
    return client.post(LOGIN, {"username": name, "password": password})


@PROXY
def test_wrong_passwords_from_elsewhere_never_lock_out_the_real_admin(admin, few):
    for number in range(30):
        last = log_in("6.6.6.6", name="admin" if number % 2 else f"somebody{number}")
    assert last.status_code == 429
    assert log_in("6.6.6.6", password=PASSWORD).status_code == 429
    assert log_in("10.1.1.1", password=PASSWORD).status_code == 302


@PROXY
def test_an_address_is_limited_whatever_names_it_tries(admin, few):
    statuses = [log_in("6.6.6.6", name=f"somebody{number}").status_code for number in range(17)]
    assert statuses == [200] * 15 + [429] * 2
    neighbour = log_in("2001:db8::1", name="x")
    assert neighbour.status_code == 200


@PROXY
def test_an_address_of_ipv6_cannot_choose_itself_another(admin, few):
    for number in range(15):
        log_in(f"2001:db8::{number + 1:x}", name=f"somebody{number}")
    assert log_in("2001:db8::ffff", password=PASSWORD).status_code == 429
    assert log_in("2001:db8:0:1::1", password=PASSWORD).status_code == 302


@PROXY
@pytest.mark.parametrize("name", ["admin", "somebody{}"])
def test_the_page_says_what_to_do_and_the_command_on_it_does_it(admin, few, name):
    for number in range(16):
        answer = log_in("6.6.6.6", name=name.format(number))
    words = answer.content.decode()
    assert "Too many wrong passwords" in words
    assert "Try again in" in words
    assert "axes_reset_ip 6.6.6.6" in words
    assert "unfold/css/styles.css" in words
    assert int(answer["Retry-After"]) > 0
    call_command("axes_reset_ip", "6.6.6.6")
    assert log_in("6.6.6.6", password=PASSWORD).status_code == 302


def test_a_dead_cache_locks_nobody_out_and_the_limit_per_name_stays(admin):
    with override_settings(CACHES=DEAD), PROXY:
        assert [log_in("6.6.6.6").status_code for _ in range(11)][-1] == 429
        assert log_in("10.1.1.1", password=PASSWORD).status_code == 302


@PROXY
def test_an_address_that_sends_wrong_tokens_waits_and_others_do_not(admin, few):
    right = staff("sam", "intake.view_lead")
    wrong = Api("0123456789")

    def ask(api, address):
        return api.client.get("/api/v1/leads", headers={"x-forwarded-for": address})

    statuses = [ask(wrong, "6.6.6.6").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    answer = ask(right, "6.6.6.6")
    assert "wrong tokens" in refused(answer, 429)["detail"]
    assert int(answer["Retry-After"]) > 0
    assert ask(right, "10.1.1.1").status_code == 200
    assert ask(Api(None), "6.6.6.6").status_code == 401


@PROXY
def test_a_dead_cache_stops_no_token(admin):
    right = staff("sam", "intake.view_lead")
    with override_settings(CACHES=DEAD):
        assert right.get("leads").status_code == 200
        refused(Api("0123456789").get("leads"), 401)


@pytest.mark.parametrize(
    "said",
    [
        {"username": "a\x00b", "password": "x"},
        {"username": "x" * 5000, "password": "y\x00"},
        {"username": "\ud800", "password": "\u202e"},
        {},
    ],
)
def test_no_name_is_our_error(admin, said):
    client = Client(headers={**make.HOST, "user-agent": "x" * 3000}, raise_request_exception=False)
    body = urlencode(said, errors="surrogatepass")
    answer = client.post(LOGIN, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
