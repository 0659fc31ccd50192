"""With an https address nobody stays on plain http, and nothing of ours is in the way of that."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests import make

BEHIND_HTTPS = override_settings(
    SECURE_SSL_REDIRECT=True,
    SECURE_HSTS_SECONDS=365 * 86400,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
)
HTTPS = {
    "LEADOPS_PUBLIC_URL": "https://leads.acme.test",
    "LEADOPS_TRUSTED_PROXIES": "10.0.0.1",
    "SECRET_KEY": "a key of fifty characters or more, 0123456789 abcdefghij",
}


def manage(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore::RuntimeWarning", settings.BASE_DIR / "manage.py", *arguments],
        env={**os.environ, **more},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )


def test_djangos_own_check_of_a_deployment_finds_nothing():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **HTTPS)
    assert done.returncode == 0, done.stderr


def test_the_settings_follow_the_public_address():
    names = ["SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    code = f"from django.conf import settings; print(*(int(getattr(settings, name)) for name in {names}))"

    def read(**more: str) -> list[str]:
        return manage("shell", "--no-imports", "-c", code, **more).stdout.split()

    assert read(**HTTPS) == ["1", "31536000", "1", "1"]
    assert read(**{**HTTPS, "LEADOPS_TRUSTED_PROXIES": ""}) == ["0", "31536000", "1", "1"]
    assert read(**HTTPS, LEADOPS_HTTPS_REDIRECT="0", LEADOPS_HSTS_SECONDS="60") == ["0", "60", "1", "1"]
    assert read(**{**HTTPS, "LEADOPS_PUBLIC_URL": "http://leads.acme.test"}) == ["0", "0", "0", "0"]


@pytest.mark.django_db
@BEHIND_HTTPS
def test_plain_http_is_sent_to_https_but_for_health(acme):
    client = Client(headers=make.HOST)
    for address in ("/admin/", "/api/v1/leads", "/api/v1/forms/demo-request/submissions", "/api/docs/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (301, f"https://127.0.0.1{address}")
    for address in ("/healthz", "/metrics"):
        assert client.get(address).status_code != 301


@pytest.mark.django_db
@BEHIND_HTTPS
def test_over_https_browsers_are_told_to_stay_there(acme):
    client = Client(headers={**make.HOST, "x-forwarded-proto": "https"})
    for address in ("/admin/login/", "/api/v1/leads", "/api/v1/forms/demo-request/submissions"):
        assert client.get(address)["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.django_db
def test_only_the_console_may_evaluate_and_no_page_runs_what_stands_in_it(acme):
    client = Client(headers=make.HOST)
    for address, evaluates in (("/admin/login/", True), ("/api/docs/", False), ("/healthz", False)):
        policy = client.get(address)["Content-Security-Policy"]
        parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
        assert parts["script-src"] == ["'self'", *(["'unsafe-eval'"] if evaluates else [])]
        assert parts["object-src"] == parts["base-uri"] == parts["frame-ancestors"] == ["'none'"]
