"""/metrics and the details of /readyz are for this machine and for whoever has the token."""

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from crm_sync.models import CrmConnection
from leadops.access import tokens
from leadops.access.tokens import Scope
from tests.leadops.api import forms

pytestmark = pytest.mark.django_db

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def asked(path, **environ):
    return Client(headers={"host": "127.0.0.1"}).get(path, **environ)


def test_this_machine_reads_everything(acme):
    assert "database" in asked("/readyz").json()
    assert asked("/metrics").status_code == 200


def test_a_stranger_reads_whether_it_is_ready_and_nothing_else(acme):
    answer = asked("/readyz", **ELSEWHERE)
    assert set(answer.json()) == {"ready"}
    refused = asked("/metrics", **ELSEWHERE)
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Token"
    assert CrmConnection.objects.get().key not in refused.content.decode()


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"])
def test_whoever_comes_through_a_proxy_on_this_machine_is_a_stranger(acme, header):
    for proxies in ([], ["127.0.0.1"]):
        with_proxies = {header: "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}
        with override_settings(LEADOPS_TRUSTED_PROXIES=proxies):
            assert asked("/metrics", **with_proxies).status_code == 401


def test_a_login_that_may_see_operations_reads_both_from_anywhere(acme, admin_client):
    for path, words in (("/metrics", "leadops_database_up"), ("/readyz", '"database"')):
        answer = admin_client.get(path, headers={"host": "127.0.0.1"}, **ELSEWHERE)
        assert words in answer.content.decode()


def test_a_token_of_another_scope_opens_neither(acme, admin_user):
    scopes = {Scope.READ: 401, Scope.ADMIN: 200}
    for scope, status in scopes.items():
        _row, made = tokens.make(admin_user, name=str(scope), scopes=[scope], now=timezone.now())
        headers = {"host": "127.0.0.1", "authorization": f"Token {made}"}
        assert Client(headers=headers).get("/metrics", **ELSEWHERE).status_code == status
        assert ("database" in Client(headers=headers).get("/readyz", **ELSEWHERE).json()) is (status == 200)


def test_strangers_cannot_multiply_what_is_counted(acme, admin_client):
    forms.browser().generic("GET", "/api/docs/")

    def series():
        found = set()
        for line in asked("/metrics").content.decode().splitlines():
            if not line.startswith("#"):
                found.add(line.rpartition(" ")[0])
        return found

    admin_client.get("/admin/intake/lead/", headers={"host": "127.0.0.1"})
    for method in ("GET", "POST", "FIRST"):
        forms.browser().generic(method, "/nowhere/first")
    before = series()
    for page in ("routing/owner", "routing/team", "intake/intakeform", "crm_sync/crmconnection"):
        admin_client.get(f"/admin/{page}/", headers={"host": "127.0.0.1"})
    for number in range(20):
        forms.browser().generic(f"METHOD{number}", f"/nowhere/{number}")
    new = {each for each in series() - before if "template" not in each}
    assert not new


def test_a_database_that_goes_away_while_it_is_asked_makes_it_not_ready_and_is_no_error(acme):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_submission RENAME TO gone")
    answer = asked("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["database"].startswith("failed: ProgrammingError")
