"""Every option of a step changes what happens, and what nobody carries out cannot be chosen."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from intake import runner
from intake.models import Lead
from plumbing import dotted
from routing import escalation
from routing.admin import response_times
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS
from routing.handover import actions
from routing.models import (
    Assignment,
    Owner,
    OwnerNotice,
    Queue,
    RotationMember,
    SlaClock,
    SlaPolicy,
    SlaStep,
    WorkCalendar,
)
from routing.rules import publishing
from tests import make
from tests.structure.repository import BASE

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


def policy(*steps: dict[str, str], first_response: str = "60m") -> None:
    """One response time for all, on a clock that never stops."""
    WorkCalendar.objects.update(hours={"mon-sun": ["00:00-24:00"]}, holidays={})
    SlaPolicy.objects.all().delete()
    SlaPolicy.objects.create(name="All", clock="wall", first_response=first_response, steps=list(steps))
    publishing.publish(by="ops", now=timezone.now())


def received_an_hour_ago() -> Lead:
    """A lead that waited an hour before somebody had it."""
    make.submitted(make.american(), now=timezone.now() - HOUR)
    runner.drain()
    return Lead.objects.get()


def run_steps(*, minutes: int = 45) -> int:
    """The sweep, so many minutes from now."""
    return escalation.run_due_steps(now=timezone.now() + timedelta(minutes=minutes))


def reassign_to(name: str, lead: Lead, *, now: datetime | None = None) -> None:
    actions.reassign(
        lead_id=lead.pk,
        owner_id=owner(name).pk,
        reason="x",
        source="console",
        actor="ops",
        now=now or timezone.now(),
    )


def test_a_step_on_the_owners_clock_counts_from_the_assignment(acme):
    policy({"at": "50%", "do": "remind_owner"}, {"at": "50%", "do": "notify_manager", "clock": "owner"})
    received_an_hour_ago()
    customer, from_assignment = SlaStep.objects.order_by("position")
    assert from_assignment.due_at - customer.due_at == pytest.approx(HOUR, abs=timedelta(minutes=1))
    assert run_steps(minutes=0) == 1
    assert set(OwnerNotice.objects.values_list("kind", flat=True)) >= {"reminder"}
    assert not OwnerNotice.objects.filter(kind="overdue").exists()


@pytest.mark.parametrize("way", ["by hand", "by the response time"])
def test_somebody_who_gets_the_lead_has_the_whole_time_of_an_owners_step(acme, way):
    policy(
        {"at": "10m", "do": "reassign"},
        {"at": "50%", "do": "remind_owner", "clock": "owner"},
        {"at": "90%", "do": "notify_manager"},
    )
    lead = make.handed_off(make.american())
    customers = SlaStep.objects.get(do="notify_manager").due_at
    later = timezone.now() + timedelta(minutes=11)
    if way == "by hand":
        reassign_to("maria", lead, now=later)
    else:
        assert escalation.run_due_steps(now=later) == 1
    assert SlaStep.objects.get(do="remind_owner").due_at == later + timedelta(minutes=30)
    assert SlaStep.objects.get(do="notify_manager").due_at == customers


def test_steps_that_were_done_are_not_done_again_for_the_next_owner(acme):
    policy({"at": "50%", "do": "remind_owner", "clock": "owner"})
    lead = make.handed_off(make.american())
    run_steps()
    reassign_to("maria", lead)
    assert SlaStep.objects.get().status == "done"
    assert run_steps(minutes=90) == 0


@pytest.mark.parametrize(("exclude", "goes_back"), [(None, False), ("past_owners", False), ("nobody", True)])
def test_to_whom_says_who_may_get_it_again(acme, exclude, goes_back):
    """Two of three are there: the second one does not answer either, and only the first is left."""
    step = {"at": "50%", "do": "reassign"} | ({"exclude": exclude} if exclude else {})
    policy(step)
    RotationMember.objects.filter(owner=owner("carla")).update(active=False)
    lead = make.handed_off(make.american())
    first = Assignment.objects.get(lead=lead).owner
    run_steps()
    second = Assignment.objects.get(lead=lead).owner
    assert second not in (None, first)
    SlaStep.objects.update(status="pending")
    run_steps()
    assert (Assignment.objects.get(lead=lead).owner == first) == goes_back
    assert Assignment.objects.get(lead=lead).owner != second


def test_whatever_can_be_chosen_is_carried_out_by_something():
    for kind in STEP_KINDS.values():
        assert callable(dotted.resolve(kind.run)), kind
    assert [do for do, _ in response_times.STEPS] == list(STEP_KINDS)


def test_what_nobody_carries_out_cannot_be_chosen_and_a_file_that_names_it_is_told(acme):
    assert not NOT_ACTIVE_YET.keys() & {do for do, _ in response_times.STEPS}
    policy({"at": "50%", "do": "crm_task"})
    found = [publishing.said(one) for one in publishing.findings()]
    assert any("crm_task does nothing: No task is made in the CRM by a step yet." in one for one in found), (
        found
    )
    lead = make.handed_off(make.american())
    run_steps()
    assert SlaStep.objects.get().result == "No task is made in the CRM by a step yet."
    assert SlaClock.objects.filter(lead=lead).exists()


def test_rules_that_were_published_with_a_channel_tell_the_team(acme):
    policy({"at": "50%", "do": "remind_owner"})
    make.handed_off(make.american())
    SlaStep.objects.update(do="notify_channel")
    run_steps()
    assert OwnerNotice.objects.get(kind="overdue").team.name == "AMER Sales"


def test_the_docs_name_every_kind_of_step():
    text = (BASE / "docs" / "configuration.md").read_text()
    assert all(f"`{do}`" in text for do in (*STEP_KINDS, *NOT_ACTIVE_YET))


def test_a_queue_that_is_switched_off_gets_nothing_from_a_step(acme):
    policy({"at": "50%", "do": "queue", "queue": "Partner desk"})
    lead = make.handed_off(make.american())
    Queue.objects.filter(name="Partner desk").update(active=False)
    assert run_steps() == 1
    assert Assignment.objects.get(lead=lead).queue == Queue.objects.get(fallback=True)
