"""What needs a person, over the API: read, claimed, tried again, settled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Submission
from tests import make
from tests.leadops.api.calling import Api, refused, staff

pytestmark = pytest.mark.django_db

ACTIONS = {"claim": {}, "retry": {}, "resolve": {}, "dismiss": {}}


@pytest.fixture
def item(acme) -> ExceptionItem:
    """A lead from where nobody sells."""
    make.handed_off(make.person(country="BR"))
    return ExceptionItem.objects.get()


def test_it_shows_what_happened_and_what_to_do(item, api):
    body = api.get(f"exceptions/{item.pk}").json()
    assert body["kind"] == "routing.no_rule_matched"
    assert (body["status"], body["count"], body["claimed_by"]) == ("open", 1, None)
    assert body["subject"] == {
        "type": "lead",
        "id": item.subject_id,
        "label": "Jana Weiß",
        "url": f"/admin/intake/lead/{item.subject_id}/change/",
    }
    assert body["title"]
    assert body["what_to_do"]
    assert body["cause"] == item.cause
    assert [note["verb"] for note in body["notes"]] == ["opened"]


def test_it_lists_by_status_and_kind(item, api):
    queue.resolve([item], by="sam")
    make.handed_off(
        make.person(email="ana@outra.example", full_name="Ana Lima", company="Outra", country="BR")
    )
    assert len(api.get("exceptions").json()["results"]) == 2
    (open_one,) = api.get("exceptions", status="open").json()["results"]
    assert open_one["subject"]["label"] == "Ana Lima"
    assert "notes" not in open_one
    assert api.get("exceptions", kind="intake.poison").json() == {
        "next": None,
        "previous": None,
        "results": [],
    }
    refused(api.get("exceptions", status="asleep"), 422)


def test_it_claims_for_whoever_calls_and_leaves_it_open(item):
    sam = staff("sam", "exception_queue.change_exceptionitem", full_name="Sam Sample")
    body = sam.post(f"exceptions/{item.pk}/claim", {"note": "Looking"}).json()
    assert (body["status"], body["claimed_by"]) == ("open", "Sam Sample")
    assert body["notes"][-1]["text"] == "Looking"
    other = staff("kim", "exception_queue.change_exceptionitem").post(f"exceptions/{item.pk}/claim")
    assert refused(other, 409)["detail"] == "Sam Sample has claimed it already."


@pytest.mark.parametrize(("action", "status"), [("resolve", "resolved"), ("dismiss", "dismissed")])
def test_it_settles_with_a_note_once(item, api, action, status):
    body = api.post(f"exceptions/{item.pk}/{action}", {"note": "Done by hand"}).json()
    assert (body["status"], body["resolution"], body["resolved_by"]) == (status, "Done by hand", "admin")
    again = refused(api.post(f"exceptions/{item.pk}/{action}"), 409)
    assert again["detail"] == f"It is {status} already."


def test_it_snoozes_until_a_time_that_is_still_to_come(item, api):
    until = timezone.now() + timedelta(hours=2)
    body = api.post(f"exceptions/{item.pk}/snooze", {"until": until.isoformat()}).json()
    assert (body["status"], body["snoozed_until"]) == ("snoozed", until.isoformat().replace("+00:00", "Z"))
    past = api.post(
        f"exceptions/{item.pk}/snooze", {"until": (timezone.now() - timedelta(hours=1)).isoformat()}
    )
    assert "until" in refused(past, 422)["errors"]
    assert "until" in refused(api.post(f"exceptions/{item.pk}/snooze"), 422)["errors"]


def test_it_snoozes_for_a_year_at_most(item, api):
    for until in ("9999-12-31T23:59:59Z", (timezone.now() + timedelta(days=370)).isoformat()):
        refused(api.post(f"exceptions/{item.pk}/snooze", {"until": until}), 422)
    item.refresh_from_db()
    assert item.status == "open"


def test_it_resumes_the_work_on_retry(acme, api):
    submission = make.submitted({"full_name": "Nobody Reachable"}, form="typeform-quote")
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    item = ExceptionItem.objects.get()
    body = api.post(f"exceptions/{item.pk}/retry").json()
    assert (body["status"], body["count"], body["retried_by"]) == ("open", 1, body["notes"][-1]["actor"])
    assert body["retried_at"] is not None
    runner.drain()
    again = api.get(f"exceptions/{item.pk}").json()
    assert (again["status"], again["count"], again["retried_by"]) == ("open", 2, None)
    assert again["first_seen_at"] == body["first_seen_at"]
    assert [note["verb"] for note in again["notes"]] == ["opened", "retried", "failed_again"]


def test_it_says_why_a_retry_is_refused(acme, api):
    lead = make.handed_off()
    subject = queue.Subject("lead", str(lead.pk), str(lead))
    problem = queue.ExceptionReport("intake.ambiguous_duplicate", subject, "Could be the same person")
    (item,) = queue.open_items([problem], now=timezone.now())
    body = refused(api.post(f"exceptions/{item.pk}/retry"), 409)
    assert "fix the cause" in body["detail"]
    shown = api.get(f"exceptions/{item.pk}").json()
    assert (shown["status"], shown["can_retry"]) == ("open", False)


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_for_staff_who_may_change_exceptions(item, action):
    path = f"exceptions/{item.pk}/{action}"
    refused(Api(None).post(path), 401)
    refused(staff("may-see", "exception_queue.view_exceptionitem").post(path), 403)
    refused(staff("may-change", "exception_queue.change_exceptionitem").post("exceptions/999999/claim"), 404)


def test_it_is_read_by_staff_who_may_see_exceptions(item):
    for path in ("exceptions", f"exceptions/{item.pk}"):
        refused(Api(None).get(path), 401)
        refused(staff(f"nothing-{len(path)}").get(path), 403)
        sees = staff(f"sees-{len(path)}", "exception_queue.view_exceptionitem")
        assert sees.get(path).status_code == 200
