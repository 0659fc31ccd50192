"""What becomes of a meeting that somebody booked is news for the owner, and no new request."""

import copy

import pytest

from intake import runner
from intake.models import IntakeForm, Lead, Submission
from routing.models import Assignment, OwnerNotice, SlaClock
from tests import make
from tests.intake.vendors.bodies import CALENDLY
from tests.leadops.api.calling import staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def form(acme):
    IntakeForm.objects.filter(key="demo-request").update(vendor="calendly", kind="webhook", required=[])


def event(name: str = "invitee.created", *, number: int = 1, **invitee) -> Submission:
    body = copy.deepcopy(CALENDLY)
    body["event"] = name
    body["payload"] |= {
        "uri": f"https://api.calendly.example/scheduled_events/E/invitees/{number}",
        **invitee,
    }
    submission = make.submitted(body)
    runner.drain()
    submission.refresh_from_db()
    return submission


@pytest.fixture
def contacted() -> Lead:
    lead = event().lead
    assert staff("program", superuser=True).post(f"leads/{lead.pk}/contacted").status_code == 200
    lead.refresh_from_db()
    return lead


def running(lead) -> int:
    return SlaClock.objects.filter(lead=lead, status="running").count()


@pytest.mark.parametrize(
    ("name", "more", "says", "notices"),
    [
        ("invitee.canceled", {}, "Meeting cancelled", 1),
        ("invitee_no_show.created", {}, "Did not come to the meeting", 1),
        ("invitee_no_show.deleted", {}, "Came to the meeting after all", 1),
        (
            "invitee.created",
            {"number": 2, "old_invitee": "https://api.calendly.example/x"},
            "Meeting moved",
            1,
        ),
        # The other half of a reschedule: one notice is enough.
        ("invitee.canceled", {"rescheduled": True}, "Meeting moved away", 0),
    ],
)
def test_status_owner_and_clock_stay_and_the_owner_hears_of_it(contacted, name, more, says, notices):
    before = Assignment.objects.get(lead=contacted)
    told = OwnerNotice.objects.filter(lead=contacted).count()
    submission = event(name, **more)
    assert (submission.status, submission.lead, submission.get_meeting_display()) == (
        "handed_off",
        contacted,
        says,
    )
    contacted.refresh_from_db()
    after = Assignment.objects.get(lead=contacted)
    assert (contacted.status, after.owner, after.queue) == ("contacted", before.owner, before.queue)
    assert running(contacted) == 0
    assert OwnerNotice.objects.filter(lead=contacted).count() == told + notices
    entry = contacted.timeline_entries.filter(verb="intake.returned").latest("pk")
    assert entry.data["meeting"] == submission.meeting


def test_the_clock_of_somebody_whom_nobody_answered_goes_on():
    lead = event().lead
    due = SlaClock.objects.get(lead=lead).due_at
    event("invitee.canceled")
    assert SlaClock.objects.get(lead=lead, status="running").due_at == due
    assert Lead.objects.get().status == "new"


@pytest.mark.parametrize("name", ["invitee.canceled", "invitee_no_show.created"])
def test_of_somebody_unknown_it_makes_no_lead(name):
    submission = event(name)
    assert (submission.status, Lead.objects.count(), SlaClock.objects.count()) == ("rejected", 0, 0)
    assert "nobody here" in submission.reason
    # Whoever books is somebody who asks, also after that.
    assert event(number=2).lead is not None


def test_a_moved_meeting_of_somebody_unknown_is_a_booking():
    lead = event(old_invitee="https://api.calendly.example/x").lead
    assert lead is not None
    assert running(lead) == 1


def test_a_booking_and_its_cancellation_in_one_batch():
    for name in ("invitee.created", "invitee.canceled"):
        make.submitted({**CALENDLY, "event": name})
    runner.drain()
    assert Lead.objects.get().status == "new"
    assert set(Submission.objects.values_list("status", flat=True)) == {"handed_off"}
