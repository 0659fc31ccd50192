"""SLA clocks: due on the team's opening hours, steps run by the sweep, stopped by a contact."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from intake.models import Lead
from routing import escalation
from routing.handover import actions, releasing
from routing.models import (
    Absence,
    Assignment,
    Owner,
    OwnerNotice,
    Queue,
    Rotation,
    SlaClock,
    SlaStep,
    WorkCalendar,
)
from routing.response.calendars import calendar_of
from tests import clock, make

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 11, 18, 15, tzinfo=UTC)
ROUND_THE_CLOCK = {"mon-sun": ["00:00-24:00"]}


@pytest.fixture
def lead(acme) -> Lead:
    """A hot American lead whose team never closes."""
    WorkCalendar.objects.filter(name="US business hours").update(hours=ROUND_THE_CLOCK, holidays={})
    return make.handed_off(make.american())


@pytest.fixture(autouse=True)
def wednesday():
    """Ten in the morning in New York, four in the afternoon in Berlin."""
    with clock.starting_at(WEDNESDAY):
        yield


def after(**span: int) -> datetime:
    """So long after the lead came in, and a moment for the hand-off."""
    return WEDNESDAY + timedelta(**span, seconds=30)


def only(do: str) -> None:
    """A policy that has only this step."""
    SlaStep.objects.exclude(do=do).delete()


def owner_of(lead: Lead) -> Owner | None:
    return Assignment.objects.select_related("owner").get(lead=lead).owner


def test_the_clock_counts_the_teams_opening_hours(acme):
    lead = make.handed_off(make.american())
    clock = SlaClock.objects.get(lead=lead)
    assert clock.calendar.name == "US business hours"
    assert [row["date"] for row in clock.explanation][-1] == f"{clock.due_at.astimezone().date()}"
    assert sum(row["seconds"] for row in clock.explanation) == 30 * 60


def test_steps_stand_at_their_share_of_the_time(lead):
    clock = SlaClock.objects.get(lead=lead)
    after = [(step.do, (step.due_at - clock.started_at).total_seconds() / 60) for step in clock.steps.all()]
    assert [(do, round(minutes)) for do, minutes in after] == [
        ("remind_owner", 15),
        ("notify_manager", 30),
        ("reassign", 45),
        ("queue", 60),
    ]


def test_reminder_and_manager_notice_go_out_once(lead):
    for minutes in (14, 16, 31, 32):
        escalation.run_due_steps(now=after(minutes=minutes))
    notified = set(OwnerNotice.objects.exclude(kind="assigned").values_list("kind", "owner__email"))
    assert notified == {("reminder", owner_of(lead).email), ("overdue", "maria@acme.test")}
    assert list(SlaStep.objects.filter(status="done").values_list("do", flat=True)) == [
        "remind_owner",
        "notify_manager",
    ]


def test_nothing_is_done_after_a_contact(lead):
    now = timezone.now()
    actions.mark_contacted(
        lead_id=lead.pk, at=now, by="A", evidence="claimed", source="api", actor="A", now=now
    )
    assert escalation.run_due_steps(now=after(hours=2)) == 0
    assert not OwnerNotice.objects.filter(kind="reminder").exists()


def test_a_breach_belongs_to_the_owner_of_that_instant(lead):
    had_it = owner_of(lead)
    escalation.note_breaches(now=after(minutes=30))
    actions.reassign(
        lead_id=lead.pk,
        owner_id=Owner.objects.get(email="maria@acme.test").pk,
        reason="x",
        source="console",
        actor="ops",
        now=timezone.now(),
    )
    escalation.note_breaches(now=after(minutes=31))
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.breached_owner, clock.breached_at) == (had_it, clock.due_at)
    assert lead.timeline_entries.filter(verb="routing.breached").count() == 1


def test_reassign_takes_somebody_who_has_not_had_it(lead):
    had_it = owner_of(lead)
    escalation.run_due_steps(now=after(minutes=45))
    row = Assignment.objects.get(lead=lead)
    assert row.owner not in (None, had_it)
    assert (row.source, row.reason) == ("sla", "Not answered in time (Hot leads)")
    assert SlaClock.objects.get(lead=lead).reassigns == 1
    assert OwnerNotice.objects.get(owner=had_it, kind="lost")


def test_reassign_with_nobody_on_duty_leaves_the_owner_and_tells_the_manager_once(lead):
    had_it = owner_of(lead)
    only("reassign")
    WorkCalendar.objects.filter(name="US business hours").update(hours={"mon": ["03:00-03:30"]})
    escalation.run_due_steps(now=after(minutes=45))
    step = SlaStep.objects.get(do="reassign")
    assert owner_of(lead) == had_it
    assert step.status == "pending"
    assert step.due_at > after(minutes=45)
    escalation.run_due_steps(now=step.due_at)
    assert OwnerNotice.objects.filter(kind="overdue", owner__email="maria@acme.test").count() == 1


def test_a_clock_is_breached_at_the_very_instant_that_it_is_due_and_not_after_a_contact(lead):
    due_at = SlaClock.objects.get(lead=lead).due_at
    assert escalation.note_breaches(now=due_at - timedelta(microseconds=1)) == 0
    actions.mark_contacted(
        lead_id=lead.pk, at=due_at, by="A", evidence="claimed", source="api", actor="A", now=due_at
    )
    assert escalation.note_breaches(now=due_at) == 0
    SlaClock.objects.update(status="running")
    assert escalation.note_breaches(now=due_at) == 1


def test_a_step_that_another_sweep_has_done_meanwhile_is_not_done_again(lead):
    step = SlaStep.objects.get(do="remind_owner")
    done = [escalation._do_one(step.pk, lead.pk, now=step.due_at) for _ in range(2)]
    assert done == [True, False]
    assert lead.timeline_entries.filter(verb="routing.escalated").count() == 1
    waiting = SlaStep.objects.get(do="notify_manager")
    assert not escalation._do_one(waiting.pk, lead.pk, now=waiting.due_at - timedelta(seconds=1))


def test_whoever_was_let_back_is_set_away_again_when_they_do_not_answer(lead):
    today = WEDNESDAY.date()
    Absence.objects.create(owner=owner_of(lead), starts_on=today, ends_on=today, active=False)
    SlaStep.objects.filter(position=0).update(do="owner_away")
    escalation.run_due_steps(now=after(minutes=15))
    assert Absence.objects.get(owner=owner_of(lead), active=True).reason == "did not answer in time"


def test_what_was_done_is_not_moved_with_the_owner(lead):
    SlaStep.objects.update(counted_from="owner")
    escalation.run_due_steps(now=after(minutes=16))
    done = SlaStep.objects.get(status="done")
    actions.reassign(
        lead_id=lead.pk,
        owner_id=Owner.objects.get(email="maria@acme.test").pk,
        reason="x",
        source="console",
        actor="ops",
        now=after(minutes=20),
    )
    assert SlaStep.objects.get(pk=done.pk).due_at == done.due_at
    assert SlaStep.objects.get(do="notify_manager").due_at > after(minutes=49)


def test_a_disqualified_lead_has_no_step_to_come(lead):
    actions.disqualify(lead_id=lead.pk, reason="student", source="api", actor="A", now=timezone.now())
    assert set(SlaStep.objects.values_list("status", flat=True)) == {"skipped"}


def test_a_manager_hears_once_that_nobody_was_there_however_often_it_is_tried(lead):
    only("reassign")
    WorkCalendar.objects.filter(name="US business hours").update(hours={"mon": ["03:00-03:30"]})
    for minutes in (45, 60):
        SlaStep.objects.update(due_at=after(minutes=minutes))
        escalation.run_due_steps(now=after(minutes=minutes))
    assert SlaStep.objects.get().attempts == 2
    assert lead.timeline_entries.filter(verb="routing.escalated").count() == 1


def test_at_most_two_automatic_reassigns_then_the_queue(lead):
    for _ in range(3):
        SlaStep.objects.filter(do="reassign").update(status="pending")
        escalation.run_due_steps(now=after(minutes=45))
    assert Assignment.objects.get(lead=lead).queue == Queue.objects.get(name="Triage")


def test_the_queue_step_puts_it_into_the_named_queue(lead):
    escalation.run_due_steps(now=after(minutes=60))
    assert Assignment.objects.get(lead=lead).queue.name == "Triage"


def test_whoever_does_not_answer_can_be_set_away_for_the_day(lead):
    had_it = owner_of(lead)
    SlaStep.objects.filter(position=0).update(do="owner_away")
    escalation.run_due_steps(now=after(minutes=15))
    escalation.run_due_steps(now=after(minutes=16))
    absence = Absence.objects.get(owner=had_it, reason="did not answer in time")
    assert absence.starts_on == absence.ends_on
    other = make.handed_off(
        make.american(email="ann.other@else.example", full_name="Ann Other", company="Else")
    )
    assert owner_of(other) != had_it


def test_an_absent_member_is_not_picked_and_absence_beats_duty(acme):
    WorkCalendar.objects.update(hours=ROUND_THE_CLOCK, holidays={})
    today = timezone.now().date()
    for name in ("alice", "bob"):
        Absence.objects.create(
            owner=Owner.objects.get(email=f"{name}@acme.test"),
            starts_on=today - timedelta(days=1),
            ends_on=today + timedelta(days=1),
        )
    lead = make.handed_off(make.american())
    assert owner_of(lead).email == "carla@acme.test"


def test_a_holding_queue_holds_leads_and_is_released_hot_first_at_the_next_opening(acme):
    rotation = Rotation.objects.get(name="DACH round robin")
    rotation.calendar_policy, rotation.when_empty = "on_duty_only", "hold"
    rotation.save()
    WorkCalendar.objects.filter(name="DACH business hours").update(
        hours={"thu": ["09:00-17:00"]}, holidays={}
    )
    cold = make.handed_off(
        make.person(email="c@firma-c.example", full_name="Carl Cold", intent="x", company="C")
    )
    hot = make.handed_off(make.person(email="h@firma-h.example", full_name="Hanna Hot", company="H"))
    for lead in (cold, hot):
        assert Assignment.objects.get(lead=lead).queue.name == "DACH round robin: holding queue"
        assert SlaClock.objects.get(lead=lead).calendar.name == "DACH business hours"
    thursday = datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert releasing.release_holding_queues(now=thursday - timedelta(minutes=1)) == 0
    assert releasing.release_holding_queues(now=thursday) == 2
    turns = list(rotation.turns.order_by("number").values_list("lead", flat=True))
    assert turns == [hot.pk, cold.pk]


def test_a_clock_over_a_dst_change_keeps_its_opening_time(acme):
    lead = make.handed_off(make.american())
    clock = SlaClock.objects.get(lead=lead)
    calendar = calendar_of(clock.calendar)
    start = datetime(2026, 10, 30, 20, tzinfo=UTC)  # the Friday before clocks go back in New York
    due = calendar.add(start, 3 * 3600)
    assert due == datetime(2026, 11, 2, 15, 30, tzinfo=UTC)
    assert calendar.elapsed(start, due) == 3 * 3600


def test_a_lead_that_a_person_fixed_is_not_reassigned(lead):
    had_it = owner_of(lead)
    Assignment.objects.filter(lead=lead).update(locked=True)
    only("reassign")
    escalation.run_due_steps(now=after(minutes=45))
    assert owner_of(lead) == had_it
    step = SlaStep.objects.get()
    assert (step.status, step.result) == ("done", "A person fixed the owner, so it stays.")


def test_two_automatic_reassigns_happen_and_a_third_does_not(lead):
    """With people who could still take it: the limit ends it, not the rotation."""
    rotation = Rotation.objects.get(name="AMER round robin")
    for name in ("dora", "emil"):
        more = Owner.objects.create(email=f"{name}@acme.test", name=name.title(), team=owner_of(lead).team)
        rotation.members.create(owner=more)
    only("reassign")
    holders = [owner_of(lead)]
    for _ in range(3):
        SlaStep.objects.update(status="pending")
        escalation.run_due_steps(now=after(minutes=45))
        holders.append(owner_of(lead))
    assert None not in holders[:3]
    assert len(set(holders[:3])) == 3
    assert holders[3] is None
    assert SlaClock.objects.get(lead=lead).reassigns == 2
