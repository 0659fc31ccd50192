"""How well and how fast: counts, rates and percentiles per step."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from crm_sync.models import CrmConnection
from intake import runner
from intake.models import Submission, TimelineEntry
from routing.handover.actions import reassign
from routing.models import Assignment, Owner, OwnerNotice
from tests import make
from tests.leadops.api.calling import Api, refused, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(acme) -> None:
    """Handed off 1, 2, 3 and 4 s after they came; two of them from a fair."""
    for number, person in enumerate(make.crowd(4), start=1):
        make.submitted({**person, **({"utm_source": "Fair"} if number < 3 else {})})
    runner.drain()
    for number, submission in enumerate(Submission.objects.order_by("received_at", "pk"), start=1):
        received = submission.handed_off_at - timedelta(seconds=number)
        Submission.objects.filter(pk=submission.pk).update(received_at=received)


def test_it_counts_and_gives_percentiles_in_seconds(four, api):
    body = api.get("metrics/handoff").json()
    assert body["total"]["counts"] == {
        "received": 4,
        "handed_off": 4,
        "waiting": 0,
        "held": 0,
        "rejected": 0,
        "spam": 0,
        "in_crm": 0,
        "notified": 0,
    }
    assert body["total"]["rates"] == {"handed_off": 1.0, "notified": 0.0}
    step = body["total"]["steps"]["received_to_handed_off"]
    assert step == {"count": 4, "p50": 2.5, "p95": 3.85, "p99": 3.97}
    assert body["total"]["steps"]["handed_off_to_crm"] == {"count": 0, "p50": None, "p95": None, "p99": None}
    assert [group["key"] for group in body["groups"]] == ["demo-request"]


def test_it_counts_until_the_crm_has_it_and_until_somebody_was_told(four, api):
    for submission in Submission.objects.all():
        at = submission.handed_off_at + timedelta(milliseconds=800)
        TimelineEntry.objects.create(lead=submission.lead, at=at, verb="crm_sync.created", source="hubspot")
    sent = OwnerNotice.objects.update(status="sent", sent_at=F("due_at"))
    body = api.get("metrics/handoff", by="connection").json()
    (hubspot,) = body["groups"]
    assert hubspot["key"] == "hubspot"
    assert hubspot["steps"]["handed_off_to_crm"] == {"count": 4, "p50": 0.8, "p95": 0.8, "p99": 0.8}
    assert body["total"]["counts"]["notified"] == sent == 4


def test_a_lead_that_went_to_another_before_its_owner_was_told_counts_when_the_other_is(acme, api):
    lead = make.handed_off(make.american())
    had = Assignment.objects.get(lead=lead).owner_id
    to = Owner.objects.filter(active=True).exclude(pk=had).first()
    now = timezone.now()
    reassign(
        lead_id=lead.pk, owner_id=to.pk, reason="Owner changed", source="crm", actor="bob@acme.test", now=now
    )
    assert api.get("metrics/handoff").json()["total"]["counts"]["notified"] == 0
    OwnerNotice.objects.filter(status="waiting", kind="assigned").update(
        status="sent", sent_at=now + timedelta(seconds=2)
    )
    assert api.get("metrics/handoff").json()["total"]["counts"]["notified"] == 1


def test_it_groups_by_source_the_largest_first(four, api):
    make.submitted(make.person(utm_source="fair"))
    runner.drain()
    groups = api.get("metrics/handoff", by="source").json()["groups"]
    assert [(group["key"], group["counts"]["received"]) for group in groups] == [("fair", 3), ("(none)", 2)]


def test_it_asks_every_active_connection_about_every_submission(four, api):
    CrmConnection.objects.create(key="second")
    CrmConnection.objects.create(key="off", active=False)
    body = api.get("metrics/handoff", by="connection").json()
    assert [(group["key"], group["counts"]["received"]) for group in body["groups"]] == [
        ("hubspot", 4),
        ("second", 4),
    ]
    assert body["total"]["counts"]["received"] == 4


def test_it_leaves_spam_and_refusals_out_of_the_rate(four, api):
    make.posted({"full_name": "No Address"})
    make.posted(make.person(company_fax="1"))
    make.submitted({"full_name": "Nobody Reachable"}, form="typeform-quote")
    runner.drain()
    total = api.get("metrics/handoff").json()["total"]
    assert total["counts"]["rejected"] == 1
    assert total["counts"]["spam"] == 1
    assert total["counts"]["held"] == 1
    assert total["rates"]["handed_off"] == pytest.approx(4 / 5)


def test_it_counts_from_a_moment_on(four, api):
    since = (timezone.now() + timedelta(hours=1)).isoformat()
    body = api.get("metrics/handoff", since=since).json()
    assert body["total"]["counts"]["received"] == 0
    assert body["total"]["rates"]["handed_off"] is None
    assert body["groups"] == []


def test_it_refuses_groups_that_it_does_not_know(acme, api):
    assert set(refused(api.get("metrics/handoff", by="moon", since="x"), 422)["errors"]) == {"by", "since"}


def test_it_is_for_staff_who_may_see_submissions(acme):
    refused(Api(None).get("metrics/handoff"), 401)
    refused(staff("may-nothing").get("metrics/handoff"), 403)
    assert staff("may-see", "intake.view_submission").get("metrics/handoff").status_code == 200
