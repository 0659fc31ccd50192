"""A lead that a decision put into a queue has nobody yet: what it says later is decided anew. Who has somebody keeps them."""

import pytest
from django.utils import timezone

from intake import runner
from intake.models import IntakeForm, Lead
from routing.handover.actions import reassign
from routing.models import Assignment, OwnerNotice, Queue, SlaClock
from tests import make

pytestmark = pytest.mark.django_db

EMAIL = "nora@hotlead-werk.example"


def in_nurture(**values) -> Lead:
    lead = make.handed_off({"email": EMAIL, "country": "US", **values}, form="newsletter")
    assert row(lead).queue.name == "Nurture"
    return lead


def asks_for_a_demo(**values) -> Lead:
    return make.handed_off(make.american(email=EMAIL, job_title="VP Sales", **values))


def row(lead) -> Assignment:
    return Assignment.objects.select_related("owner", "queue").get(lead=lead)


@pytest.fixture(autouse=True)
def newsletter(acme):
    IntakeForm.objects.get_or_create(
        key="newsletter", defaults={"name": "Newsletter", "kind": "public", "purpose": "content"}
    )


def test_a_reader_of_the_newsletter_who_asks_for_a_demo_gets_a_person_a_shorter_clock_and_a_notice():
    lead = in_nurture()
    slow = SlaClock.objects.get(lead=lead).due_at
    assert asks_for_a_demo() == lead
    assert row(lead).owner is not None
    assert row(lead).history.count() == 2
    assert SlaClock.objects.get(lead=lead).due_at < slow
    assert OwnerNotice.objects.filter(lead=lead, owner=row(lead).owner, kind="assigned").count() == 1


def test_somebody_whom_no_rule_matched_leaves_the_fallback_queue_once_the_country_is_known():
    lead = make.handed_off({"email": EMAIL, "full_name": "Nora Heiss"})
    assert row(lead).queue.name == "Triage"
    assert make.handed_off({"email": EMAIL, "country": "DE"}) == lead
    assert row(lead).owner is not None


def test_what_changes_nothing_moves_nothing():
    lead = make.handed_off({"email": EMAIL, "full_name": "Nora Heiss"})
    make.handed_off({"email": EMAIL, "full_name": "Nora Heiss"})
    assert row(lead).history.count() == 1


def test_a_content_form_moves_nothing():
    lead = make.handed_off({"email": EMAIL, "full_name": "Nora Heiss"})
    make.handed_off({"email": EMAIL, "country": "DE"}, form="newsletter")
    assert row(lead).queue.name == "Triage"


def test_where_a_person_put_it_it_stays():
    lead = make.handed_off({"email": EMAIL, "full_name": "Nora Heiss"})
    desk = Queue.objects.get(name="Partner desk")
    reassign(
        lead_id=lead.pk, queue_id=desk.pk, reason="", source="console", actor="maria", now=timezone.now()
    )
    asks_for_a_demo()
    assert row(lead).queue == desk


def test_two_forms_at_once_are_decided_by_what_both_say():
    make.submitted({"email": EMAIL, "country": "US"}, form="newsletter")
    make.submitted(make.american(email=EMAIL, job_title="VP Sales"))
    runner.drain()
    assert row(Lead.objects.get()).owner is not None
