"""What people do with a lead, and everything that follows from it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from intake.models import Lead, LeadChange
from routing import escalation
from routing.handover import actions
from routing.models import Assignment, Owner, OwnerNotice, Queue, RotationMember, RotationTurn, SlaClock
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(acme) -> Lead:
    return make.handed_off(make.american())


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


def reassign(lead: Lead, **to) -> Assignment:
    return actions.reassign(
        lead_id=lead.pk, reason="Knows them", source="console", actor="ops", now=timezone.now(), **to
    )


def test_a_manual_assignment_costs_the_receiver_nothing_and_both_sides_hear_of_it(lead):
    before = Assignment.objects.get(lead=lead).owner
    maria = owner("maria")
    reassign(lead, owner_id=maria.pk)
    row = Assignment.objects.get(lead=lead)
    assert (row.owner, row.reason, row.source, row.actor, row.automatic) == (
        maria,
        "Knows them",
        "console",
        "ops",
        False,
    )
    assert row.history.count() == 2
    assert RotationTurn.objects.count() == 1
    kinds = {(notice.owner, notice.kind, notice.status) for notice in OwnerNotice.objects.all()}
    assert kinds == {
        (before, "assigned", "cancelled"),
        (maria, "assigned", "waiting"),
        (before, "lost", "waiting"),
    }
    assert LeadChange.objects.filter(lead=lead).exists()


def test_a_lead_that_a_person_fixed_stays_fixed_when_somebody_gives_it_on(lead):
    reassign(lead, owner_id=owner("maria").pk, lock=True)
    reassign(lead, owner_id=owner("bob").pk)
    row = Assignment.objects.get(lead=lead)
    assert (row.owner, row.locked) == (owner("bob"), True)
    reassign(lead, owner_id=owner("carla").pk, lock=False)
    assert not Assignment.objects.get(lead=lead).locked


def test_nobody_is_told_of_a_lead_that_is_none_any_more(lead):
    actions.disqualify(lead_id=lead.pk, reason="student", source="api", actor="A", now=timezone.now())
    reassign(lead, owner_id=owner("maria").pk)
    assert not OwnerNotice.objects.filter(owner=owner("maria"), kind="assigned").exists()


def test_after_a_contact_nobody_is_told_that_the_lead_waits(lead):
    due_at = SlaClock.objects.get(lead=lead).due_at
    escalation.run_due_steps(now=due_at)
    told = OwnerNotice.objects.filter(kind__in=["reminder", "overdue"])
    assert set(told.values_list("kind", "status")) == {("reminder", "waiting"), ("overdue", "waiting")}
    actions.mark_contacted(
        lead_id=lead.pk, at=due_at, by="A", evidence="claimed", source="api", actor="A", now=due_at
    )
    assert set(told.values_list("status", flat=True)) == {"cancelled"}


def test_the_customers_clock_goes_on_when_the_owner_changes(lead):
    clock = SlaClock.objects.get(lead=lead)
    reassign(lead, owner_id=owner("maria").pk)
    after = SlaClock.objects.get(lead=lead)
    assert (after.pk, after.due_at, after.status) == (clock.pk, clock.due_at, "running")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (lambda: {"owner_id": owner("frank").pk}, "Frank Fuchs is not active"),
        (lambda: {"owner_id": owner("alice").pk}, "has this lead already"),
        (dict, "an owner or a queue"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(lead, to, said):
    with pytest.raises(actions.Refused, match=said):
        reassign(lead, **to())
    assert Assignment.objects.get(lead=lead).history.count() == 1


def test_a_contact_stops_the_clock_and_what_was_still_to_come(lead):
    at = timezone.now()
    actions.mark_contacted(
        lead_id=lead.pk, at=at, by="Alice Ames", evidence="claimed", source="api", actor="Alice Ames", now=at
    )
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.status, clock.met_at, clock.met_by, clock.evidence) == ("met", at, "Alice Ames", "claimed")
    assert set(clock.steps.values_list("status", flat=True)) == {"skipped"}
    lead.refresh_from_db()
    assert (lead.status, lead.contacted_at) == (Lead.Status.CONTACTED, at)


def contacted(lead: Lead, *, at: datetime, now: datetime) -> None:
    actions.mark_contacted(
        lead_id=lead.pk, at=at, by="A", evidence="claimed", source="api", actor="A", now=now
    )


FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("clock", [True, False])
def test_nobody_answers_before_a_lead_came_in_or_in_the_future(lead, clock):
    now = timezone.now()
    if not clock:
        SlaClock.objects.all().delete()
    for at in (FIRST, now - timedelta(minutes=30)):
        with pytest.raises(actions.ImpossibleTime, match="came in on"):
            contacted(lead, at=at, now=now)
    for at in (LAST, now + timedelta(minutes=2)):
        with pytest.raises(actions.ImpossibleTime, match="future"):
            contacted(lead, at=at, now=now)
    lead.refresh_from_db()
    assert (lead.status, lead.contacted_at) == (Lead.Status.NEW, None)


def test_clocks_that_differ_by_seconds_cost_nobody_a_contact(lead):
    started = SlaClock.objects.get(lead=lead).started_at
    contacted(lead, at=started - timedelta(seconds=20), now=timezone.now())
    assert SlaClock.objects.get(lead=lead).met_at == started


def test_a_contact_from_before_a_lead_came_back_does_not_answer_its_return(acme):
    now = timezone.now()
    lead = make.handed_off(make.american(), now=now - timedelta(days=2))
    contacted(lead, at=now - timedelta(days=1), now=now - timedelta(days=1))
    make.handed_off(make.american(message="Back again"), now=now - timedelta(minutes=10))
    with pytest.raises(actions.ImpossibleTime, match="came in on"):
        contacted(lead, at=now - timedelta(hours=1), now=now)
    assert SlaClock.objects.get(lead=lead, status="running").met_at is None


def test_the_first_contact_counts_in_whatever_order_contacts_are_told(lead):
    came_in = SlaClock.objects.get(lead=lead).started_at
    for minutes in (20, 10, 30):
        at = came_in + timedelta(minutes=minutes)
        actions.mark_contacted(
            lead_id=lead.pk,
            at=at,
            by="A",
            evidence="claimed",
            source="api",
            actor="A",
            now=came_in + timedelta(hours=1),
        )
    lead.refresh_from_db()
    assert lead.contacted_at == came_in + timedelta(minutes=10)


def test_a_disqualified_lead_keeps_its_owner_and_loses_the_clock(lead):
    actions.disqualify(
        lead_id=lead.pk, reason="Competitor", source="console", actor="ops", now=timezone.now()
    )
    lead.refresh_from_db()
    assert (lead.status, lead.disqualify_reason) == (Lead.Status.DISQUALIFIED, "Competitor")
    assert SlaClock.objects.get(lead=lead).status == "cancelled"
    assert Assignment.objects.get(lead=lead).owner == owner("alice")


def decline(lead: Lead, reason: str) -> Assignment:
    return actions.decline(lead_id=lead.pk, reason=reason, source="api", actor="Alice", now=timezone.now())


def test_a_turn_comes_back_for_a_decline_that_is_not_the_owners_fault(lead):
    row = decline(lead, "spam")
    assert row.owner != owner("alice")
    assert list(RotationTurn.objects.order_by("number").values_list("kind", flat=True)) == [
        "pick",
        "give_back",
        "pick",
    ]
    assert (
        sum(RotationMember.objects.filter(rotation__name="AMER round robin").values_list("credit", flat=True))
        == 0
    )


def test_no_turn_comes_back_for_being_busy(lead):
    row = decline(lead, "busy")
    assert row.owner not in (None, owner("alice"))
    assert list(RotationTurn.objects.order_by("number").values_list("kind", flat=True)) == ["pick", "pick"]


def test_a_lead_that_everybody_declined_goes_to_where_the_rotation_says(lead):
    for _ in range(3):
        row = decline(lead, "busy")
    assert row.owner is None
    assert row.queue == Queue.objects.get(name="Triage")


def test_a_lead_in_a_queue_cannot_be_declined(acme):
    lead = make.handed_off(make.person(country="France"))
    with pytest.raises(actions.Refused, match="Nobody owns"):
        decline(lead, "busy")
