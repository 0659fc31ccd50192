"""An installation of an older version migrates and goes on: pages, pipeline, decisions, turns, sweeps."""

from io import StringIO

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from crm_sync.models import CrmLink, InboundEvent
from exception_queue.models import ExceptionItem
from intake.models import Lead, Submission
from leadops import health
from leadops.access import doctor as access_doctor
from leadops.access import older_tokens
from leadops.celery import app
from leadops.models import ApiToken
from routing.handover.deactivation import still_there
from routing.models import Assignment, Decision, Owner, Rotation, RotationMember, RotationTurn
from routing.simulation.replaying import replay
from tests import make
from tests.leadops.api.calling import Api

app.loader.import_default_modules()  # As a worker does when it starts.
SWEEPS = sorted({entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()})
pytestmark = pytest.mark.usefixtures("installation")


@pytest.fixture
def client(installation) -> Client:
    client = Client(headers=make.HOST)
    client.force_login(User.objects.get(username="admin"))
    return client


def sweep() -> None:
    """Every sweep of beat's, twice: the first may leave something for the second."""
    for name in SWEEPS * 2:
        app.tasks[name]()


def credit_by_rotation() -> dict[str, int]:
    rows = RotationMember.objects.values("rotation__name").annotate(credit=Sum("credit"))
    return {row["rotation__name"]: row["credit"] for row in rows}


def test_the_dump_holds_what_these_tests_ask_for():
    assert Submission.objects.filter(status="held").exists()
    assert Assignment.objects.filter(queue__holding_queue=True).count() == 2
    assert Assignment.objects.filter(queue__isnull=False, queue__holding_queue=False).exists()
    assert RotationTurn.objects.filter(kind="give_back").exists()
    assert Decision.objects.exclude(ownership={}).exists()
    assert CrmLink.objects.exists()
    assert InboundEvent.objects.filter(status="waiting").exists()
    left = Owner.objects.get(email="bob@acme.test")
    assert not left.active
    assert still_there(left)
    due = health.oldest_due()
    assert min(due[name] for name in ("submissions", "notices", "sla_steps", "outbox")) > 0


def test_every_list_and_the_first_page_of_every_row_opens(client):
    asked = ["/admin/"]
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        asked.append(reverse(f"{name}_changelist"))
        rows = model._default_manager.order_by("pk")
        asked += [reverse(f"{name}_change", args=[row.pk]) for row in (rows.first(), rows.last()) if row]
        assert page is not None
    answers = {url: client.get(url, follow=True).status_code for url in asked}
    assert {url: status for url, status in answers.items() if status != 200} == {}


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_the_page_of_every_lead_submission_and_exception_opens(client):
    rows = [row for model in (Lead, Submission, ExceptionItem) for row in model.objects.all()]
    asked = [page_of(row) for row in rows]
    assert len(asked) > 50
    assert {url: status for url in asked if (status := client.get(url).status_code) != 200} == {}


def test_the_api_answers_with_every_lead(client):
    listed = client.get("/api/v1/leads?limit=100").json()
    assert len(listed["results"]) == Lead.objects.count()
    for lead in Lead.objects.all():
        for more in ("", "/timeline", "/assignments"):
            assert client.get(f"/api/v1/leads/{lead.pk}{more}").status_code == 200
    for path in ("/api/v1/exceptions", "/api/v1/metrics/handoff", "/metrics"):
        assert client.get(path).status_code == 200, path


def test_doctor_and_checks_find_a_whole_installation(capsys):
    call_command("check")
    call_command("config", "export")
    assert "AMER round robin" in capsys.readouterr().out


def test_a_post_from_a_known_person_returns_to_their_lead_and_owner(installation):
    known = Lead.objects.get(email=installation.known)
    owner = Assignment.objects.get(lead=known).owner
    again = make.handed_off(
        make.american(email=known.email, full_name=known.full_name, company=known.company)
    )
    assert again.pk == known.pk
    assert Assignment.objects.get(lead=known).owner == owner


def test_a_new_lead_gets_a_turn_and_the_credits_still_sum_to_nothing():
    assert set(credit_by_rotation().values()) == {0}
    lead = make.handed_off(
        make.american(email="new.here@newworks.example", full_name="New Here", company="New Works")
    )
    assert Assignment.objects.get(lead=lead).owner is not None
    assert RotationTurn.objects.filter(lead=lead).count() == 1
    assert set(credit_by_rotation().values()) == {0}
    for rotation in Rotation.objects.all():
        numbers = list(rotation.turns.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def test_every_decision_of_then_replays_to_the_same_answer():
    found = [replay(row) for row in Decision.objects.select_related("ruleset")]
    assert len(found) > 25
    assert [one.differences for one in found if not one.same] == []


def test_every_sweep_runs_until_nothing_is_due():
    left = Owner.objects.get(email="bob@acme.test")
    sweep()
    assert {name: age for name, age in health.oldest_due().items() if age} == {}
    assert not Assignment.objects.filter(queue__holding_queue=True).exists()
    assert not still_there(left)
    assert not InboundEvent.objects.filter(status="waiting").exists()
    assert set(credit_by_rotation().values()) == {0}


def test_every_lead_is_in_the_crm_after_the_sweeps():
    sweep()
    handed_off = Lead.objects.filter(merged_into=None, submissions__status="handed_off").distinct()
    without = handed_off.exclude(pk__in=CrmLink.objects.exclude(remote_id="").values("lead"))
    assert list(without) == []


def test_beat_calls_no_task_that_is_gone():
    DatabaseScheduler(app=app).setup_schedule()
    scheduled = set(PeriodicTask.objects.filter(enabled=True).values_list("task", flat=True))
    assert set(SWEEPS) <= scheduled
    assert {name for name in scheduled if not name.startswith("celery.")} <= set(app.tasks)


def test_a_program_goes_on_with_the_token_it_had_and_the_database_forgets_it(installation):
    assert Api(installation.token).get("leads").status_code == 200
    kept = ApiToken.objects.get()
    assert kept.user.username == "admin" and installation.token.startswith(kept.start)
    (finding,) = access_doctor.check_older_tokens()
    assert "plain words" in finding.title
    call_command("prepare", stdout=StringIO())
    assert not older_tokens.are_there() and list(access_doctor.check_older_tokens()) == []
    assert not ContentType.objects.filter(app_label="authtoken").exists()
    assert Api(installation.token).get("leads").status_code == 200
