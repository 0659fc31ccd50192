"""Addresses of messengers on pages, in history, in exceptions and in what was stored before they were secrets."""

import json
from importlib import import_module

import pytest
from django.apps import apps  # noqa: TID251  as a migration is given it
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import AlertRule, ExceptionItem
from leadops.models import ConfigurationMark
from plumbing.notify_addresses import shown, whole
from routing.models import OwnerNotice, Queue, Team
from routing.notices import sending
from tests import make
from tests.plumbing.server import serve

HOOK = "json://bot:S3cretT0ken@chat.example.com/crm"
OTHER = "json://bot:An0therS3cret@chat.example.com/crm"


@pytest.fixture
def team(acme):
    team = Team.objects.get(name="AMER Sales")
    team.notify = [HOOK, "mailto:amer@acme.test"]
    team.save()
    AlertRule.objects.create(name="All", notify=[HOOK])
    return team


def pages(team):
    rule = AlertRule.objects.get()
    for name, row in (("routing_team", team), ("exception_queue_alertrule", rule)):
        yield reverse(f"admin:{name}_changelist")
        yield reverse(f"admin:{name}_change", args=(row.pk,))
        yield reverse(f"admin:{name}_history", args=(row.pk,))
    version = team.history.first().history_id
    yield reverse("admin:routing_team_simple_history", args=(team.pk, version))


def test_no_page_shows_more_of_an_address_than_scheme_and_host(maria, team):
    for address in pages(team):
        answer = maria.get(address, follow=True)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert "S3cret" not in text and "gAAAA" not in text, address
    assert shown(HOOK) in maria.get(reverse("admin:routing_team_changelist")).content.decode()


def test_a_line_that_is_left_keeps_the_address_and_a_new_one_is_stored_encrypted(maria, team):
    page = reverse("admin:routing_team_change", args=(team.pk,))
    form = maria.get(page).context["adminform"].form
    sent = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    lines = form["notify"].value().splitlines()
    data = {**sent, "notify": "\n".join([*lines, OTHER])}
    answer = maria.post(page, data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    team.refresh_from_db()
    assert [whole(each) for each in team.notify] == [HOOK, "mailto:amer@acme.test", OTHER]
    with connection.cursor() as cursor:
        for table in ("routing_team", "routing_historicalteam", "exception_queue_alertrule"):
            cursor.execute(f"SELECT string_agg(notify::text, '') FROM {table}")
            assert "S3cret" not in cursor.fetchone()[0], table
    answer = maria.post(page, {**data, "notify": shown("json://elsewhere.example.com/x")})
    assert "enter the whole address" in str(answer.context["adminform"].form.errors["notify"])


@pytest.mark.django_db(transaction=True)
def test_an_exception_about_a_notice_names_where_it_went_without_the_secret(committed_acme, settings):
    settings.EMAIL_URL = "memorymail://"
    lead = make.handed_off()
    with serve(lambda request: request.answer(404, b"hush")) as server:
        address = f"json://bot:S3cretT0ken@127.0.0.1:{server.port}/crm"
        team = Queue.objects.get(name="Triage").team
        team.notify = [address]
        team.save()
        now = timezone.now()
        OwnerNotice.objects.update(status=OwnerNotice.Status.CANCELLED)
        OwnerNotice.objects.create(
            lead=lead, team=team, kind=OwnerNotice.Kind.QUEUED, cause="c", created_at=now, due_at=now
        )
        sending.send_due(now=now)
    item = ExceptionItem.objects.get(kind="routing.notice_failed")
    assert item.detail["to"] == [shown(address)]
    assert "S3cret" not in json.dumps(item.detail) + item.cause


def test_what_was_stored_in_plain_is_encrypted_and_taken_out_of_old_exceptions(team):
    with connection.cursor() as cursor:
        for table in ("routing_team", "routing_historicalteam"):
            cursor.execute(f"UPDATE {table} SET notify = %s", [json.dumps([HOOK, "mailto:a@acme.test"])])
    subject = queue.Subject("notice", "1", "Assigned to Alice")
    detail = {"to": [HOOK], "lead": "x"}
    (item,) = queue.open_items(
        [queue.ExceptionReport("routing.notice_failed", subject, "refused", detail=detail)],
        now=timezone.now(),
    )
    ConfigurationMark.objects.update(
        configuration={"teams": [{"name": "Ops", "notify": [HOOK]}, {"name": "B"}]}
    )
    for _ in range(2):  # it could be interrupted and run again
        import_module("routing.migrations.0012_sealed_addresses").seal(apps, None)
        import_module("leadops.migrations.0004_sealed_addresses").hide(apps, None)
    for row in (*Team.objects.all(), *Team.history.all()):
        assert [whole(each) for each in row.notify] == [HOOK, "mailto:a@acme.test"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(notify::text, '') FROM routing_historicalteam")
        assert "S3cret" not in cursor.fetchone()[0]
    item.refresh_from_db()
    assert item.detail == {"to": [shown(HOOK)], "lead": "x"}
    assert "S3cret" not in json.dumps(ConfigurationMark.objects.get().configuration)
