"""A call, a one-to-one e-mail or a meeting that somebody logs in the CRM is a contact: it stops the clock, with proof."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.inbound import touches
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.outbound import lead_changes
from intake.models import Lead, TimelineEntry
from leadops import evidence
from routing.handover.actions import mark_contacted
from routing.models import Assignment, SlaClock
from tests.crm_sync.contract.backstage import HubSpotBackstage
from tests.crm_sync.test_polled_changes import BOB, lead, number, poll
from tests.make import crm_sync as make

__all__ = ["lead"]

pytestmark = pytest.mark.django_db(transaction=True)


def logged(crm, lead, kind="call", **more):
    HubSpotBackstage("v3", crm).touch(kind, contact=number(lead), **{"owner": BOB, **more})
    poll()
    return touches.read_all()


@pytest.mark.parametrize("kind", ["call", "email", "meeting"])
def test_what_somebody_logs_there_meets_the_clock_and_closes_the_task(crm, connection, lead, kind):
    assert logged(crm, lead, kind) == 1
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.status, clock.met_by, clock.evidence) == ("met", BOB, "verified")
    assert Lead.objects.get(pk=lead.pk).status == "contacted"
    told = TimelineEntry.objects.get(lead=lead, verb="routing.contacted")
    assert (told.actor, told.source, told.data["evidence"]) == (BOB, "crm", "verified")
    lead_changes.queue_changes()
    make.drain(connection)
    assert [task["hs_task_status"] for task in crm.tasks()] == ["COMPLETED"]


def test_a_colleagues_contact_is_credited_to_them_and_the_owner_stays(crm, connection, lead):
    logged(crm, lead)
    assert Assignment.objects.get(lead=lead).owner.email == "alice@acme.test"
    assert SlaClock.objects.get(lead=lead).met_by == BOB


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "note"},
        {"outcome": "no answer"},
        {"kind": "meeting", "outcome": "no show"},
        {"at": timezone.now() - timedelta(days=3)},
    ],
    ids=["a note", "nobody took the call", "nobody came", "before they came in"],
)
def test_what_is_no_contact_stops_nothing(crm, connection, lead, more):
    assert logged(crm, lead, **more) == 0
    assert SlaClock.objects.get(lead=lead).status == "running"
    # And is not asked about again.
    assert not CrmLink.objects.exclude(touched_at=None).exists()


def test_an_answer_of_theirs_is_a_contact(crm, connection, lead):
    assert logged(crm, lead, "email", direction="inbound") == 1
    assert SlaClock.objects.get(lead=lead).evidence == "verified"


def test_of_several_the_first_counts(crm, connection, lead):
    HubSpotBackstage("v3", crm).touch("email", contact=number(lead), owner="alice@acme.test")
    logged(crm, lead)
    assert SlaClock.objects.get(lead=lead).met_by == "alice@acme.test"


def test_while_the_crm_is_away_it_is_asked_later(crm, connection, lead):
    HubSpotBackstage("v3", crm).touch("call", contact=number(lead), owner=BOB)
    poll()
    crm.fault("status", status=503, rate=1)
    assert touches.read_all() == 0
    crm.heal()
    CrmConnection.objects.update(not_before=None)
    assert touches.read_all() == 1
    assert SlaClock.objects.get(lead=lead).status == "met"


def test_somebody_who_was_contacted_already_is_not_asked_about(crm, connection, lead):
    logged(crm, lead)
    calls = len(crm.calls("associations"))
    assert logged(crm, lead) == 0
    assert len(crm.calls("associations")) == calls


def claimed(lead, *, ago: timedelta) -> SlaClock:
    """Its owner says so, that long ago."""
    at = timezone.now() - ago
    SlaClock.objects.filter(lead=lead).update(started_at=at - timedelta(minutes=5))
    mark_contacted(
        lead_id=lead.pk,
        at=at,
        by="alice@acme.test",
        evidence="claimed",
        source="console",
        actor="alice@acme.test",
        now=at,
    )
    return SlaClock.objects.get(lead=lead)


def test_what_somebody_claims_is_verified_by_what_is_logged_and_stays_theirs(crm, connection, lead):
    claimed(lead, ago=timedelta(minutes=1))
    assert logged(crm, lead) == 1
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.evidence, clock.met_by, clock.proof_due_at) == ("verified", "alice@acme.test", None)
    assert logged(crm, lead) == 0  # Nobody asks any more.


def test_a_claim_that_nothing_proves_is_a_managers_question_after_a_business_day(crm, connection, lead):
    claimed(lead, ago=timedelta(hours=1))
    now = timezone.now()
    assert not evidence.claims_without_proof(now=now).exists()
    late = now + timedelta(days=2)
    assert evidence.claims_without_proof(now=late).get().lead_id == lead.pk
    # Where no record is, nothing could be logged.
    CrmLink.objects.update(gone_at=now)
    assert not evidence.claims_without_proof(now=late).exists()
