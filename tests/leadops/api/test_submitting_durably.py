"""Limits, and what happens to a submission when something beside the database is dead."""

import json
import threading

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from intake.models import Submission
from plumbing import nudges
from tests import make
from tests.leadops.api import forms
from tests.leadops.api.calling import refused

NOBODY = "7f4ac28c-0000-4000-8000-000000000000"
DEAD = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    }
}


@pytest.mark.django_db
def test_it_limits_posts_per_minute_to_a_form(acme):
    forms.form(throttle={"per_form": 2})
    assert [forms.post(make.person()).status_code for _ in range(2)] == [202, 202]
    answer = forms.post(make.person())
    refused(answer, 429)
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert Submission.objects.count() == 2


@pytest.mark.django_db
def test_it_limits_posts_per_address(acme):
    forms.form(throttle={"per_ip": 1})

    def from_(address):
        return forms.browser().post(forms.DEMO, make.person(), REMOTE_ADDR=address).status_code

    assert [from_("203.0.113.1"), from_("203.0.113.1"), from_("203.0.113.2")] == [202, 429, 202]


@pytest.mark.django_db
def test_it_does_not_count_what_was_not_from_the_vendor(acme):
    forms.signing_typeform()
    forms.form("typeform-quote", throttle={"per_form": 1})
    for _ in range(3):
        refused(forms.post(forms.typeform_event(), forms.TYPEFORM), 401)
    assert forms.post_typeform(forms.typeform_event()).status_code == 202


@pytest.mark.django_db
def test_it_takes_submissions_while_the_cache_is_dead(acme):
    with override_settings(CACHES=DEAD):
        assert forms.post(make.person()).status_code == 202
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_it_takes_submissions_while_the_broker_is_dead(acme):
    cache.clear()
    with override_settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0"):
        assert forms.post(make.person()).status_code == 202
    assert Submission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_wakes_a_worker_once_the_submission_is_committed(committed_acme, monkeypatch):
    seen = []
    monkeypatch.setattr(nudges, "_publish", lambda task: seen.append((task, Submission.objects.count())))
    assert forms.post(make.person()).status_code == 202
    assert seen == [("intake.drain", 1)]


@pytest.mark.django_db(transaction=True)
def test_it_answers_only_when_others_can_see_the_submission(committed_acme):
    answer = forms.post(make.person())
    seen = []

    def look():
        seen.extend(str(pk) for pk in Submission.objects.values_list("pk", flat=True))
        connection.close()

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert seen == [answer.json()["submission_id"]]


@pytest.mark.django_db(transaction=True)
def test_it_does_not_answer_202_when_the_row_cannot_be_committed(committed_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$ LANGUAGE plpgsql;"
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON intake_submission DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    try:
        refused(forms.post(make.person()), 500)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")
    assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", [1, 2])
def test_it_says_when_to_come_back_if_the_database_dies_at_any_statement(committed_acme, statement):
    """The first reads the form, the second would have committed the row."""
    forms.post(make.american())  # The connection is there, and this process has its share of the limit.
    count = 0

    def die(execute, sql, params, many, context):
        nonlocal count
        count += 1
        if count == statement:
            with psycopg.connect(_address(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die):
        answer = forms.post(make.person())
    connection.close()
    assert count == statement
    assert "again in 5 seconds" in refused(answer, 503)["detail"]
    assert answer["Retry-After"] == "5"
    assert Submission.objects.count() == 1
    assert forms.post(make.person()).status_code == 202


def _address() -> str:
    given = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return psycopg.conninfo.make_conninfo(**{name: given[name] for name in names if given.get(name)})


@pytest.mark.django_db(transaction=True)
def test_it_says_when_to_come_back_while_the_database_is_away(committed_acme, api):
    """Also of what programs read."""
    there = connection.settings_dict
    connection.close()
    connection.settings_dict = {**there, "HOST": "127.0.0.1", "PORT": "1", "OPTIONS": {"connect_timeout": 2}}
    try:
        answers = [
            forms.post(make.person()),
            api.get("leads"),
            forms.browser().get(f"/api/v1/submissions/{NOBODY}"),
        ]
        page = forms.browser(cookie=f"sessionid={'a' * 32}").get("/admin/")
        ready = forms.browser().get("/readyz")
    finally:
        connection.close()
        connection.settings_dict = there
    for answer in answers:
        refused(answer, 503)
        assert answer["Retry-After"] == "5"
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "The database does not answer." in page.content.decode()
    assert (ready.status_code, ready.json()["ready"]) == (503, False)


@pytest.mark.django_db(transaction=True)
def test_it_keeps_one_submission_of_many_equal_ones_at_once(committed_acme):
    body, statuses = json.dumps(make.person()), []

    def send():
        client = forms.browser(Idempotency_Key="k1")
        statuses.append(client.post(forms.DEMO, body, content_type="application/json").status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202] * 8
    assert Submission.objects.count() == 1
