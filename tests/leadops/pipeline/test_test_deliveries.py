"""A vendor's test delivery is read, kept and shown, and is nobody's lead."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm_sync.models import OutboxEntry
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import IntakeForm, Lead, Submission
from leadops import handoff
from routing.models import Assignment, OwnerNotice, RotationTurn, SlaClock
from tests import make
from tests.leadops.api.calling import staff

pytestmark = pytest.mark.django_db

GOOGLE = {
    "lead_id": "TeSter-123",
    "google_key": "key",
    "user_column_data": [
        {"column_id": "FULL_NAME", "string_value": "Tom Small"},
        {"column_id": "EMAIL", "string_value": "tom.small@bigcorp.example"},
        {"column_id": "COUNTRY", "string_value": "US"},
    ],
}
LINKEDIN = {
    "testLead": True,
    "formResponse": {"answers": []},
    "email": "tom.small@bigcorp.example",
}
META = {
    "leadgen_id": "444444444444",
    "field_data": [
        {"name": "email", "values": ["test@meta.com"]},
        {"name": "full_name", "values": ["<test lead: dummy data for full_name>"]},
    ],
}


def delivered(vendor: str, body: dict, **fields) -> Submission:
    IntakeForm.objects.filter(key="demo-request").update(
        vendor=vendor, kind="webhook", required=[], on_invalid="hold", **fields
    )
    submission = make.submitted(body)
    runner.drain()
    submission.refresh_from_db()
    return submission


@pytest.mark.parametrize(
    ("vendor", "body"), [("google_ads", {**GOOGLE, "is_test": True}), ("linkedin", LINKEDIN), ("meta", META)]
)
def test_it_is_kept_and_is_no_lead_turn_clock_notice_push_or_exception(acme, vendor, body):
    submission = delivered(vendor, body)
    assert (submission.status, submission.is_test, submission.due_at) == ("rejected", True, None)
    assert submission.reason == "Test delivery: read and kept, never routed."
    for model in (Lead, Assignment, RotationTurn, SlaClock, OwnerNotice, OutboxEntry, ExceptionItem):
        assert not model.objects.exists(), model


def test_the_same_delivery_without_the_mark_is_a_lead(acme):
    submission = delivered("google_ads", GOOGLE)
    assert (submission.status, submission.is_test) == ("handed_off", False)
    assert submission.lead.email == "tom.small@bigcorp.example"


def test_what_was_read_of_it_is_shown_with_a_name_the_map_has_wrong(acme, admin_client):
    submission = delivered("google_ads", {**GOOGLE, "is_test": True}, field_map={"EMAIL": "emial"})
    assert submission.values["full_name"] == "Tom Small"
    page = reverse("admin:intake_submission_change", args=(submission.pk,))
    html = admin_client.get(page, headers=make.HOST).text
    assert "Test delivery" in html
    assert "The form maps to unknown fields: emial." in html
    assert "Rejected" not in html


def test_it_is_counted_nowhere_and_the_api_says_that_it_is_a_test(acme):
    submission = delivered("google_ads", {**GOOGLE, "is_test": True})
    now = timezone.now()
    assert handoff.total(since=now - timedelta(hours=1), until=now + timedelta(hours=1)).received == 0
    body = staff("ops", superuser=True).get(f"submissions/{submission.pk}").json()
    assert (body["status"], body["is_test"], body["lead_id"]) == ("rejected", True, None)


def test_a_body_that_only_claims_to_be_a_test_is_a_lead_where_the_vendor_has_no_such_mark(acme):
    submission = make.submitted({**make.person(), "is_test": True, "testLead": True})
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == "handed_off"


def test_the_vendors_body_is_stored_as_it_came(acme):
    submission = delivered("google_ads", {**GOOGLE, "is_test": True})
    assert json.loads(bytes(submission.body))["is_test"] is True
