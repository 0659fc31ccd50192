"""What the pages of rotations and owners say about fairness, turns and presence."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from routing.models import Absence, Owner, Rotation
from routing.rotations import rotation_stats
from tests import make

pytestmark = pytest.mark.django_db

# A Monday noon in New York, on which nobody has a holiday.
OPEN = datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("America/New_York"))
NIGHT = OPEN.replace(hour=3)


@pytest.fixture
def amer(acme) -> Rotation:
    return Rotation.objects.get(name="AMER round robin")


def test_it_counts_what_members_got_and_what_was_due_to_them(amer):
    for number in range(6):
        make.handed_off(
            make.american(
                email=f"sam{number}@big{number}.example", full_name=f"Sam {number}", company=f"B{number}"
            )
        )
    stats = rotation_stats.of_rotation(amer, now=timezone.now())
    assert sum(member.actual for member in stats.members) == stats.counted == 6
    assert sum(member.target for member in stats.members) == pytest.approx(6)
    assert stats.furthest_off < 1
    assert [turn.number for turn in stats.turns] == [6, 5, 4, 3, 2, 1]


def test_it_says_who_is_next_and_why_the_others_are_not(amer):
    carla = Owner.objects.get(email="carla@acme.test")
    Absence.objects.create(
        owner=carla, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 3), reason="vacation"
    )
    stats = rotation_stats.of_rotation(amer, now=OPEN)
    assert [owner.name for owner in stats.picks] == [
        "Alice Ames",
        "Bob Burke",
        "Alice Ames",
        "Bob Burke",
        "Alice Ames",
    ]
    reasons = {member.owner.name: (member.state, member.reason) for member in stats.members}
    assert reasons["Alice Ames"] == ("ready", "")
    assert reasons["Carla Cruz"] == ("out", "Carla Cruz is away until 3 March 2026 (vacation)")
    assert stats.group == "on_duty"
    assert rotation_stats.of_rotation(amer, now=NIGHT).group == "off_duty"


def test_it_counts_who_is_there_for_many_rotations_at_once(amer, django_assert_max_num_queries):
    ids = list(Rotation.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(6):
        duty = rotation_stats.duty_by_rotation(ids, now=OPEN)
    assert (duty[amer.pk].on_duty, duty[amer.pk].members) == (3, 3)
    night = rotation_stats.duty_by_rotation(ids, now=NIGHT)
    assert (night[amer.pk].on_duty, night[amer.pk].members) == (0, 3)


def test_it_says_how_owners_stand(amer):
    lead = make.handed_off(make.american())
    now = timezone.now()
    owners = list(Owner.objects.all())
    found = {owner.email: rotation_stats.of_owners(owners, now=now)[owner.pk] for owner in owners}
    holder = next(owner for owner in owners if found[owner.email].open_leads)
    assert (found[holder.email].today, found[holder.email].waiting) == (1, 1), lead
    assert found["frank@acme.test"].presence == "switched off"
    tomorrow = rotation_stats.of_owners([holder], now=now + timedelta(days=1))[holder.pk]
    assert tomorrow.today == 0


@pytest.mark.parametrize(("at", "state"), [(OPEN, "on"), (NIGHT, "off")])
def test_it_says_who_is_on_duty(amer, at, state):
    alice = Owner.objects.get(email="alice@acme.test")
    assert rotation_stats.of_owners([alice], now=at)[alice.pk].state == state
