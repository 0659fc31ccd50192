"""Where there is no page for somebody, they read why in words and find a way back; programs get a problem."""

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

HOST = {"host": "127.0.0.1"}


def test_what_is_not_there_is_a_page_in_the_consoles_frame(maria, acme):
    answer = maria.get("/admin/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text and "Named accounts" in answer.text
    outside = Client(headers=HOST).get("/nothing")
    assert outside.status_code == 404 and "Sign in" in outside.text and "Named accounts" not in outside.text
    program = Client(headers=HOST).get("/api/nothing")
    assert program.status_code == 404 and program["Content-Type"] == "application/problem+json"


def test_what_one_may_not_do_is_a_page_that_says_whom_to_ask(onlooker, acme):
    answer = onlooker.get("/admin/routing/owner/")
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.text and "Home" in answer.text and "Leads" in answer.text


def test_a_stale_form_says_to_load_the_page_again(maria, acme):
    strict = Client(headers=HOST, enforce_csrf_checks=True)
    strict.cookies = maria.cookies
    answer = strict.post("/admin/logout/")
    assert answer.status_code == 403 and "This form has gone stale" in answer.text


def test_our_own_faults_are_a_page_that_asks_the_database_nothing(db):
    request, server_error = RequestFactory().get("/admin/"), get_resolver().resolve_error_handler(500)
    with CaptureQueriesContext(connection) as queries:
        try:
            raise RuntimeError
        except RuntimeError:
            answer = server_error(request)
        try:
            raise OperationalError
        except OperationalError:
            away = server_error(request)
    assert not queries
    assert answer.status_code == 500 and "It is our fault" in answer.text
    assert (away.status_code, away["Retry-After"]) == (503, "5") and "does not answer" in away.text


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/leads"])
def test_a_wrong_host_is_refused_in_words(db, path):
    answer = Client(headers={"host": "elsewhere.example"}).get(path)
    assert answer.status_code == 400
    assert ("could not be read" in answer.text) == path.startswith("/admin")


def test_what_would_become_another_teams_is_refused_with_the_reason(acme):
    from routing.models import Owner
    from tests.leadops.access.people import console, person

    dates = {"starts_on": "2030-01-01", "ends_on": "2030-01-02", "active": "on"}
    other = Owner.objects.get(name="Dieter Dorn").pk
    answer = console(person("Rep", "eva")).post("/admin/routing/absence/add/", dates | {"owner": other})
    assert answer.status_code == 403 and "another team" in answer.text
