"""Whoever comes second waits for whoever holds what both need: people, rotations, publications, assignments."""

from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from intake import runner
from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead, TimelineEntry
from routing import assignment, escalation
from routing.handover import actions
from routing.models import Assignment, Owner, Rotation, RotationTurn, RoutingRule, RuleSet, SlaStep
from routing.rotations import ledger
from routing.rules import publishing
from tests import make
from tests.plumbing.waiting import while_held

pytestmark = pytest.mark.django_db(transaction=True)


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


@pytest.mark.parametrize("email", ["jana.weiss@beispiel-werke.example", "info@beispiel-werke.example"])
def test_the_same_person_seen_by_two_workers_in_one_instant_is_one_lead(committed_acme, settings, email):
    """With an address of one's own, and with a mailbox that several people may share."""
    settings.LEADOPS_BATCH_SIZE = 1
    for _ in range(2):
        make.submitted(make.person(email=email))
    worked = while_held(runner.work_once, runner.work_once)
    assert worked == (1, 1, True)
    assert Lead.objects.count() == 1
    assert RotationTurn.objects.count() == 1


def test_two_people_who_share_a_mailbox_in_one_instant_are_two_leads_linked_for_review(
    committed_acme, settings
):
    settings.LEADOPS_BATCH_SIZE = 1
    for name in ("Jana Weiß", "Peter Pohl"):
        make.submitted(make.person(email="info@beispiel-werke.example", full_name=name))
    assert while_held(runner.work_once, runner.work_once) == (1, 1, True)
    assert Lead.objects.count() == 2


def test_whoever_moves_a_lead_sees_who_got_it_a_moment_before(committed_acme):
    lead = make.handed_off(make.american())

    def give(name: str) -> None:
        move = assignment.Move(
            lead_id=lead.pk, to=owner(name), reason="x", source=Assignment.Source.CONSOLE, actor="maria"
        )
        with transaction.atomic():
            assignment.assign([move], now=timezone.now())

    _, _, waited = while_held(partial(give, "bob"), partial(give, "carla"))
    assert waited
    entries = TimelineEntry.objects.filter(lead=lead, verb="routing.reassigned").order_by("pk")
    assert [(each.data["from"]["name"], each.data["to"]["name"]) for each in entries][-1] == (
        "Bob Burke",
        "Carla Cruz",
    )


def test_what_somebody_types_while_the_person_comes_back_is_not_written_over(committed_acme):
    lead = make.handed_off(make.american())
    make.submitted(make.american(message="Hello?"))

    def type_a_city() -> None:
        edit = LeadEdit(lead.pk, {"city": "Springfield"}, typed=True)
        with transaction.atomic():
            edit_leads([edit], actor="maria", source="console", now=timezone.now())

    _, worked, waited = while_held(type_a_city, runner.work_once)
    assert (worked, waited) == (1, True)
    lead.refresh_from_db()
    assert (lead.city, lead.message) == ("Springfield", "Hello?")


def test_a_sweep_goes_past_a_lead_that_somebody_holds(committed_acme):
    lead = make.handed_off(make.american())
    SlaStep.objects.update(due_at=timezone.now())

    def hold() -> Lead:
        return Lead.objects.select_for_update().get(pk=lead.pk)

    _, done, waited = while_held(hold, partial(escalation.run_due_steps, now=timezone.now()))
    assert (done, waited) == (0, False)


def test_a_turn_given_back_by_two_at_once_comes_back_once(committed_acme):
    make.handed_off(make.american())
    turn = RotationTurn.objects.get()

    def back() -> RotationTurn | None:
        with transaction.atomic():
            return ledger.give_back(RotationTurn.objects.get(pk=turn.pk), now=timezone.now())

    first, second, waited = while_held(back, back)
    assert waited
    assert (first.reverses_id, second) == (turn.pk, None)
    assert set(turn.rotation.members.values_list("credit", flat=True)) == {0}
    assert turn.rotation.turns.count() == 2


def test_a_lead_declined_by_two_at_once_gives_one_turn_back(committed_acme):
    lead = make.handed_off(make.american())
    held_by = Assignment.objects.get(lead=lead).owner

    def decline() -> str:
        try:
            actions.decline(
                lead_id=lead.pk, reason="spam", actor="alice", now=timezone.now(), source="console"
            )
        except actions.Refused as refused:
            return str(refused)
        return ""

    while_held(decline, decline)
    assert RotationTurn.objects.filter(kind="give_back", owner=held_by).count() == 1


def test_rotations_that_share_a_capped_owner_wait_for_each_other(committed_acme, settings):
    """Bob has one lead left for today, and is alone in both."""
    settings.LEADOPS_BATCH_SIZE = 1
    bob = owner("bob")
    amer, dach = (Rotation.objects.get(name=f"{name} round robin") for name in ("AMER", "DACH"))
    for rotation in (amer, dach):
        rotation.members.exclude(owner=bob).update(active=False)
        rotation.members.get_or_create(owner=bob)
        Rotation.objects.filter(pk=rotation.pk).update(calendar_policy="ignore")
    Owner.objects.filter(pk=bob.pk).update(daily_cap=1)
    make.submitted(make.american())
    make.submitted(make.person())
    assert while_held(runner.work_once, runner.work_once) == (1, 1, True)
    assert Lead.objects.count() == 2
    assert Assignment.objects.filter(owner=bob).count() == 1


def test_two_people_who_publish_at_once_make_one_version_and_both_are_answered(committed_acme):
    RoutingRule.objects.filter(name="Partners").update(name="Our partners")
    before = RuleSet.objects.count()
    publish = partial(publishing.publish, by="maria", now=timezone.now())
    first, second, waited = while_held(publish, publish)
    assert waited
    assert first.version == second.version
    assert RuleSet.objects.count() == before + 1
