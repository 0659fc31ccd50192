"""Asking again for leads that exist: what is asked, whom it can reach, and what a person's choice does not ask."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from intake.lead_changes import LeadEdit, edit_leads
from intake.models import Lead
from routing.handover import actions
from routing.handover.again import Again, NobodyOnDuty, give_to, rotation_of
from routing.handover.plan import By
from routing.models import (
    Absence,
    Assignment,
    NamedAccount,
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RotationTurn,
    WorkCalendar,
)
from tests import make

pytestmark = pytest.mark.django_db

BY = By(source="sla", reason="Nobody answered")


@pytest.fixture
def always_open(acme):
    WorkCalendar.objects.update(hours={"mon-sun": ["00:00-24:00"]}, holidays={})


@pytest.fixture
def lead(always_open) -> Lead:
    return make.handed_off(make.american())


def amer() -> Rotation:
    return Rotation.objects.get(name="AMER round robin")


def again(*leads: Lead, now: datetime | None = None) -> Again:
    held = Lead.objects.select_for_update(no_key=True).filter(pk__in=[each.pk for each in leads])
    return Again.of(list(held.order_by("pk")), now=now or timezone.now())


def holder(lead: Lead) -> Owner | None:
    return Assignment.objects.select_related("owner").get(lead=lead).owner


def test_the_rules_are_asked_about_the_lead_as_it_is_now(lead):
    edit_leads([LeadEdit(lead.pk, {"country": "DE"})], actor="ops", source="console", now=timezone.now())
    ask = again(lead).by_rules(lead.pk, by=BY)
    assert ask.decision.target.name == "DACH round robin"
    assert ask.has.name == holder(lead).name


def test_the_owner_of_a_named_account_is_asked_for_first(lead):
    maria = Owner.objects.get(email="maria@acme.test")
    NamedAccount.objects.create(company="Bigcorp", domains=["bigcorp.example"], owner=maria)
    asking = again(lead)
    asking.hand_over([asking.by_rules(lead.pk, by=BY)])
    assert holder(lead) == maria


def test_whoever_had_the_lead_does_not_get_it_again(lead):
    members = set(RotationMember.objects.filter(rotation=amer(), active=True).values_list("owner", flat=True))
    had = [holder(lead).pk]
    for _ in range(len(members) - 1):
        asking = again(lead)
        ask = asking.through(amer(), lead.pk, by=BY)
        assert set(ask.past_owners) == set(had)
        asking.hand_over([ask])
        had.append(holder(lead).pk)
    assert sorted(had) == sorted(members)


def test_whom_the_caller_leaves_out_replaces_whoever_had_it(lead):
    first = holder(lead)
    others = (
        RotationMember.objects.filter(rotation=amer()).exclude(owner=first).values_list("owner", flat=True)
    )
    asking = again(lead)
    ask = asking.through(amer(), lead.pk, by=BY, exclude=list(others))
    assert asking.hand_over([ask]) == {}, "It is with the only one who is left already."
    assert holder(lead) == first


def test_leads_that_are_handed_over_together_see_one_another(always_open):
    leads = [make.handed_off(person) for person in make.crowd(3)]
    for each in leads:
        give_to(Queue.objects.get(fallback=True), each, by=BY, now=timezone.now())
    asking = again(*leads)
    asks = [asking.through(amer(), each.pk, by=BY, exclude=[]) for each in leads]
    asking.hand_over(asks)
    assert len({holder(each) for each in leads}) > 1, "Not all three to whoever was first."
    picks = RotationTurn.objects.filter(rotation=amer(), kind="pick").order_by("number")
    assert [turn.number for turn in picks] == [1, 2, 3, 4, 5, 6]


def test_many_leads_are_asked_for_with_as_many_queries_as_one(always_open, django_assert_num_queries):
    leads = [make.handed_off(person) for person in make.crowd(4)]
    for some in (leads[:1], leads):
        held = list(Lead.objects.filter(pk__in=[each.pk for each in some]))
        with django_assert_num_queries(9):
            Again.of(held, now=timezone.now())


def test_nobody_is_on_duty_and_it_is_known_who_comes_next(lead):
    WorkCalendar.objects.update(hours={"mon-fri": ["09:00-17:00"]}, holidays={}, timezone="UTC")
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert again(lead, now=sunday).nobody_on_duty(amer()) == NobodyOnDuty(sunday + timedelta(hours=21))
    assert again(lead, now=sunday + timedelta(days=1)).nobody_on_duty(amer()) is None


def test_those_who_are_away_or_left_out_are_not_waited_for(lead):
    WorkCalendar.objects.update(hours={"mon-fri": ["09:00-17:00"]}, holidays={}, timezone="UTC")
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    members = RotationMember.objects.filter(rotation=amer(), active=True).values_list("owner", flat=True)
    assert again(lead, now=sunday).nobody_on_duty(amer(), exclude=list(members)) is None
    for owner in members:
        Absence.objects.create(owner_id=owner, starts_on=sunday.date(), ends_on=sunday.date())
    assert again(lead, now=sunday).nobody_on_duty(amer()) is None, "The rotation says where it goes."


def test_what_a_person_gives_costs_nobody_a_turn(lead):
    maria, turns = Owner.objects.get(email="maria@acme.test"), RotationTurn.objects.count()
    with transaction.atomic():
        row = give_to(
            maria, lead, by=By(source="console", actor="ops", reason="Knows them"), now=timezone.now()
        )
    assert (row.owner, row.automatic, row.turn, row.reason) == (maria, False, None, "Knows them")
    assert RotationTurn.objects.count() == turns


def test_a_queue_keeps_whom_the_lead_goes_back_to_and_a_chosen_owner_does_not(lead):
    alice, bob = holder(lead), Owner.objects.exclude(pk=holder(lead).pk).filter(active=True).first()
    today, day = timezone.now().date(), timedelta(days=1)
    Absence.objects.create(owner=alice, backup=bob, starts_on=today - day, ends_on=today + day)
    now = timezone.now()
    actions.mark_contacted(
        lead_id=lead.pk, at=now, by="Alice", evidence="claimed", source="api", actor="x", now=now
    )
    now += timedelta(minutes=20)
    make.handed_off(make.american(), now=now)
    assert Assignment.objects.get(lead=lead).sticky_owner == alice
    queue = Queue.objects.get(fallback=True)
    assert give_to(queue, lead, by=BY, now=now).sticky_owner == alice
    assert give_to(bob, lead, by=BY, now=now).sticky_owner is None


def test_the_rotation_that_picked_last_is_asked_again_while_it_is_in_use(lead):
    assert rotation_of(lead.pk) == amer()
    Rotation.objects.filter(pk=amer().pk).update(active=False)
    assert rotation_of(lead.pk) is None


def test_a_lead_that_no_rotation_gave_out_has_none(always_open):
    lead = make.handed_off(make.person(country="ES"))
    assert holder(lead) is None
    assert rotation_of(lead.pk) is None
