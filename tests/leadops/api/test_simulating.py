"""Trying out what would happen to somebody: the same lines decide, and nothing is written."""

from datetime import date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import Lead
from routing.models import (
    Absence,
    Assignment,
    Decision,
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RotationTurn,
    RoutingRule,
)
from tests import make
from tests.leadops.api.calling import Api, refused, staff

pytestmark = pytest.mark.django_db

# Tuesday: 11:00 in Berlin, 05:00 in New York.
TUESDAY = "2026-11-24T10:00:00+00:00"
GERMAN = {
    "form": "demo-request",
    "country": "Deutschland",
    "employee_count": "900",
    "job_title": "Head of Sales",
    "email": "jana@beispiel-werke.example",
}


def test_it_shows_owner_score_clock_and_trace(acme, api):
    body = api.post("simulate", {"facts": GERMAN, "at": TUESDAY}).json()
    assert body["score"]["points"] == 90
    assert body["score"]["segment"] == "hot"
    assert body["assignment"]["owner"]["email"] in ("dieter@acme.test", "eva@acme.test")
    assert (body["assignment"]["reason"], body["assignment"]["rule"]) == ("DACH", "DACH")
    assert body["assignment"]["ruleset_version"] == 1
    assert body["decision"]["rotation"] == "DACH round robin"
    assert body["decision"]["territories"] == ["DACH"]
    assert body["decision"]["turn"]["number"] == 1
    assert body["sla"]["policy"] == "Hot leads"
    assert body["sla"]["due_at"] == "2026-11-24T10:30:00Z"
    assert [step["do"] for step in body["sla"]["steps"]] == [
        "remind_owner",
        "notify_manager",
        "reassign",
        "queue",
    ]
    assert [why["rule"] for why in body["why_not"]] == ["Named account", "Partners"]
    assert body["trace"][-1]["step"] == "turn"
    assert body["facts"]["country"] == "DE"


def test_it_decides_as_the_pipeline_does(acme, api):
    one, other = make.crowd(2)
    for person in (make.person(), {**one, "job_title": "VP Sales"}, {**other, "employee_count": "3"}):
        said = api.post("simulate", {"facts": {**person, "form": "demo-request"}}).json()["assignment"]
        row = Assignment.objects.get(lead=make.handed_off(person))
        assert (said["rule"], said["reason"], said["queue"]) == (
            row.rule_name or None,
            row.reason,
            row.queue.name if row.queue else None,
        )
        assert (said["owner"] or {}).get("email") == (row.owner.email if row.owner else None)


def test_it_writes_nothing_and_locks_nothing(acme, api):
    with CaptureQueriesContext(connection) as asked:
        api.post("simulate", {"facts": GERMAN})
    for query in asked.captured_queries:
        sql = query["sql"].upper()
        assert sql.startswith("SELECT"), sql
        assert "FOR UPDATE" not in sql
        assert "FOR NO KEY UPDATE" not in sql
    assert not Lead.objects.exists()
    assert not RotationTurn.objects.exists()
    assert not Decision.objects.exists()


def test_it_believes_what_is_stated_about_the_lead(acme, api):
    facts = {"country": "US", "segment": "cold"}
    assert api.post("simulate", {"facts": facts}).json()["assignment"]["queue"] == "Nurture"
    facts = {"country": "US", "extra.partner_id": "17"}
    assert api.post("simulate", {"facts": facts}).json()["assignment"]["queue"] == "Partner desk"
    assert api.post("simulate", {"facts": {"country": "US", "partner_id": "17"}}).json()["assignment"][
        "queue"
    ] == ("Partner desk")


def test_it_sends_a_named_account_to_its_owner(acme, api):
    body = api.post("simulate", {"facts": {"email": "ceo@globex.com"}}).json()
    assert body["assignment"]["owner"]["email"] == "alice@acme.test"
    assert body["decision"]["step"] == "account_owner"


def test_it_says_who_could_not_be_picked_and_why(acme, api):
    carla = Owner.objects.get(email="carla@acme.test")
    Absence.objects.create(
        owner=carla, starts_on=date(2026, 12, 21), ends_on=date(2027, 1, 4), reason="vacation"
    )
    facts = {"country": "US", "segment": "hot"}
    body = api.post("simulate", {"facts": facts, "at": "2026-12-22T16:00:00+00:00"}).json()
    away = "Carla Cruz is away until 4 January 2027 (vacation)"
    assert {"owner": "Carla Cruz", "why": away} in body["left_out"]


def test_it_tries_the_draft_the_published_rules_and_an_older_version(acme, api):
    rule = RoutingRule.objects.get(name="DACH")
    rule.target_kind, rule.target_rotation = "queue", None
    rule.target_queue = Queue.objects.get(name="Nurture")
    rule.save()

    def queue_by(ruleset):
        answer = api.post("simulate", {"facts": {"country": "DE"}, "ruleset": ruleset})
        return answer.json()["assignment"]["queue"]

    assert queue_by("draft") == "Nurture"
    assert queue_by("published") is None
    assert queue_by(1) is None
    assert queue_by("1") is None


def test_it_says_that_a_lead_would_wait_in_the_line(acme, api):
    rotation = Rotation.objects.get(name="DACH round robin")
    rotation.calendar_policy, rotation.when_empty = "on_duty_only", "hold"
    rotation.save()
    body = api.post("simulate", {"facts": {"country": "DE"}, "at": "2026-11-22T10:00:00Z"}).json()
    assert body["decision"]["waits"] is True
    assert body["assignment"]["queue"] == "DACH round robin: holding queue"
    assert not Queue.objects.filter(name="DACH round robin: holding queue").exists()


def test_it_gives_no_clock_to_a_disqualified_lead(acme, api):
    body = api.post(
        "simulate", {"facts": {"job_title": "Student", "email": "x@gmail.com", "country": "US"}}
    ).json()
    assert body["score"]["segment"] == "disqualified"
    assert body["sla"] is None


def test_it_sees_credits_as_they_stand(acme, api):
    eva = RotationMember.objects.get(owner__email="eva@acme.test")
    dieter = RotationMember.objects.get(owner__email="dieter@acme.test")
    for credit in (50, -50):
        eva.credit, dieter.credit = credit, -credit
        eva.save()
        dieter.save()
        picked = api.post("simulate", {"facts": {"country": "DE"}, "at": TUESDAY}).json()["assignment"][
            "owner"
        ]
        assert picked["email"] == ("eva@acme.test" if credit > 0 else "dieter@acme.test")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "facts"),
        ({"facts": ["DE"]}, "facts"),
        ({"facts": {}, "ruleset": "latest"}, "ruleset"),
        ({"facts": {}, "ruleset": 99}, "ruleset"),
        ({"facts": {}, "ruleset": True}, "ruleset"),
        ({"facts": {}, "at": "noon"}, "at"),
        ({"facts": {}, "at": "0001-01-01T00:00:00Z"}, "at"),
        ({"facts": {}, "at": "9999-12-31T23:59:59Z"}, "at"),
        ({"facts": {}, "ruleset": "9" * 5000}, "ruleset"),
    ],
)
def test_it_says_which_field_is_wrong(acme, api, said, field):
    assert list(refused(api.post("simulate", said), 422)["errors"]) == [field]


def test_it_says_what_a_draft_lacks(acme, api):
    Queue.objects.filter(fallback=True).update(fallback=False)
    body = refused(api.post("simulate", {"facts": {"country": "BR"}, "ruleset": "draft"}), 409)
    assert "fallback" in body["detail"]


def test_it_says_that_nothing_is_published(api):
    assert "published" in refused(api.post("simulate", {"facts": {}}), 409)["detail"]


def test_it_is_for_staff_who_may_see_rules(acme):
    refused(Api(None).post("simulate", {"facts": {}}), 401)
    refused(staff("may-nothing").post("simulate", {"facts": {}}), 403)
    allowed = staff("may-see", "routing.view_routingrule").post("simulate", {"facts": {}})
    assert allowed.status_code == 200


def test_it_takes_now_for_no_time(acme, api):
    before = timezone.now()
    at = datetime.fromisoformat(api.post("simulate", {"facts": {}}).json()["at"])
    assert before <= at <= timezone.now()
