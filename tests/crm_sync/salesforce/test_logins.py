"""One login for all processes: fetched once, renewed once, and never a person's password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from crm_sync.connection.connecting import connect
from crm_sync.connectors.base import SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, CrmLogin
from plumbing import secrets
from plumbing.http import AuthLost

pytestmark = pytest.mark.django_db(transaction=True)


def logins(crm):
    calls = crm.call("GET", "/control/calls?target=salesforce")
    return len([each for each in calls if each["path"].endswith("/oauth2/token")])


def ping(connection):
    try:
        connect(CrmConnection.objects.get(pk=connection.pk), budget=Budget({})).ping()
    finally:
        connections.close_all()


def all_at_once(connection, count=8):
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(ping, connection) for _ in range(count)]:
            done.result()


def test_many_who_need_one_at_the_same_moment_log_in_once(crm, connection):
    all_at_once(connection)
    assert logins(crm) == 1
    row = CrmLogin.objects.get()
    assert secrets.decrypt(row.token) not in ("", row.token)
    assert (row.us[:3], row.renewing_until) == ("005", None)


def test_a_token_that_has_run_out_is_renewed_once(crm, connection):
    ping(connection)
    first = CrmLogin.objects.get().token
    crm.call("DELETE", "/control/salesforce/sessions")
    all_at_once(connection)
    assert logins(crm) == 2
    assert CrmLogin.objects.get().token != first


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_token_that_runs_out_as_soon_as_we_have_it_is_renewed_again(crm, connection, times):
    fault = {"kind": "status", "status": 401, "code": "INVALID_SESSION_ID", "path": "/limits"}
    crm.call("POST", "/control/faults", {"target": "salesforce", **fault, "times": times})
    ping(connection)
    assert logins(crm) == 1 + times


def test_whoever_is_let_in_and_refused_for_ever_is_not_let_in(crm, connection):
    fault = {"kind": "status", "status": 401, "code": "INVALID_SESSION_ID", "path": "/limits"}
    crm.call("POST", "/control/faults", {"target": "salesforce", **fault})
    with pytest.raises(AuthLost):
        ping(connection)
    assert logins(crm) == 4


def test_other_credentials_are_another_login(crm, connection):
    ping(connection)
    CrmConnection.objects.update(token=secrets.encrypt("wrong"))
    with pytest.raises(AuthLost, match="invalid"):
        ping(connection)
    # What was refused is no reason to wait for anybody.
    assert CrmLogin.objects.get().renewing_until is None


def test_without_a_client_id_it_says_what_to_enter(crm, connection):
    CrmConnection.objects.update(client_id="")
    with pytest.raises(SetupProblem, match="consumer key"):
        ping(connection)


def test_who_died_while_logging_in_holds_nobody_up_for_long(crm, connection):
    CrmLogin.objects.create(connection=connection, renewing_until=None)
    CrmLogin.objects.update(renewing_until=Now() + timedelta(seconds=1))
    ping(connection)
    assert logins(crm) == 1
