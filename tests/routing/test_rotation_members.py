"""Members come and go under the rotation's lock, and the credits always sum to 0 (I8)."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from routing.handover import deactivation
from routing.models import Owner, Rotation, RotationMember, RotationTurn
from routing.rotations import membership
from routing.rotations.membership import Member, set_members
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def rotation(acme) -> Rotation:
    """AMER round robin after five turns."""
    for number in range(5):
        make.handed_off(
            make.american(
                email=f"sam{number}@big{number}.example", full_name=f"Sam {number}", company=f"B{number}"
            )
        )
    found = Rotation.objects.get(name="AMER round robin")
    assert found.turns.count() == 5
    return found


def members(rotation: Rotation) -> dict[str, RotationMember]:
    return {member.owner.name.split()[0]: member for member in rotation.members.select_related("owner")}


def as_they_are(rotation: Rotation) -> dict[str, Member]:
    return {name: Member(one.owner_id, one.weight, one.active) for name, one in members(rotation).items()}


def change(rotation: Rotation, **changes: Member | None) -> None:
    wanted = {**as_they_are(rotation), **changes}
    set_members(rotation, [one for one in wanted.values() if one is not None], now=timezone.now())


def credits(rotation: Rotation) -> dict[str, int]:
    return {name: one.credit for name, one in members(rotation).items() if one.active}


def test_it_spreads_the_credit_of_whoever_is_removed_over_the_rest_with_a_ledger_row(rotation):
    before = credits(rotation)
    assert before["Alice"], "Alice has a credit to spread"
    change(rotation, Alice=None)
    after = credits(rotation)
    assert "Alice" not in after
    assert sum(after.values()) == 0
    row = rotation.turns.get(kind=RotationTurn.Kind.SPREAD)
    assert (row.owner.name, row.number) == ("Alice Ames", 6)
    assert {one["owner_id"]: one["after"] for one in row.rows if one["owner_id"] != row.owner_id} == {
        member.owner_id: member.credit for member in rotation.members.all()
    }


def test_it_spreads_the_credits_of_two_who_are_removed_at_once(rotation):
    change(rotation, Alice=None, Bob=None)
    assert credits(rotation) == {"Carla": 0}
    assert rotation.turns.filter(kind=RotationTurn.Kind.SPREAD).count() == 2


def test_it_forgets_whoever_is_removed_but_for_the_history(rotation):
    newcomer = Owner.objects.get(email="maria@acme.test")
    change(rotation, Maria=Member(newcomer.pk, Decimal(1)))
    change(rotation, Maria=None)
    assert "Maria" not in members(rotation)
    assert RotationMember.history.filter(owner=newcomer).count() == 2


def test_switching_a_member_off_and_on_thirty_times_costs_nothing(rotation):
    before, turns = credits(rotation), rotation.turns.count()
    alice = members(rotation)["Alice"].owner_id
    for _ in range(30):
        change(rotation, Alice=Member(alice, Decimal(3), active=False))
        assert "Alice" not in credits(rotation)
        change(rotation, Alice=Member(alice, Decimal(3)))
    assert credits(rotation) == before
    assert rotation.turns.count() == turns


def test_switching_an_owner_off_and_on_costs_nothing_either(rotation):
    before = credits(rotation)
    alice = Owner.objects.get(email="alice@acme.test")
    deactivation.switch_off(alice, actor="maria", now=timezone.now())
    assert "Alice" not in credits(rotation)
    Owner.objects.filter(pk=alice.pk).update(active=True)
    change(rotation, Alice=Member(alice.pk, Decimal(3)))
    assert credits(rotation) == before


def test_it_spreads_a_credit_that_waits_when_its_member_is_removed(rotation):
    change(rotation, Alice=Member(members(rotation)["Alice"].owner_id, Decimal(3), active=False))
    assert sum(credits(rotation).values()) == -members(rotation)["Alice"].credit
    change(rotation, Alice=None)
    assert sum(credits(rotation).values()) == 0


def test_it_starts_whoever_comes_again_after_being_removed_at_nothing(rotation):
    alice = members(rotation)["Alice"].owner_id
    change(rotation, Alice=None)
    change(rotation, Alice=Member(alice, Decimal(3)))
    assert credits(rotation)["Alice"] == 0
    assert sum(credits(rotation).values()) == 0


def test_it_keeps_credits_when_a_weight_changes(rotation):
    before = credits(rotation)
    change(rotation, Bob=Member(members(rotation)["Bob"].owner_id, Decimal("7.5")))
    assert credits(rotation) == before
    assert members(rotation)["Bob"].weight == Decimal("7.5")


def test_it_writes_nothing_when_nothing_changes(rotation):
    history = RotationMember.history.count()
    change(rotation)
    assert RotationMember.history.count() == history
    assert rotation.turns.count() == 5


def test_it_goes_on_picking_fairly_after_members_changed(rotation):
    change(rotation, Alice=None)
    for number in range(6):
        make.handed_off(
            make.american(
                email=f"eve{number}@new{number}.example", full_name=f"Eve {number}", company=f"N{number}"
            )
        )
    assert sum(credits(rotation).values()) == 0
    assert (
        rotation.turns.filter(kind=RotationTurn.Kind.PICK, number__gt=6, owner__name="Alice Ames").count()
        == 0
    )


def test_it_says_who_changed_the_members(rotation):
    maria = User.objects.create_user("maria")
    wanted = as_they_are(rotation) | {"Bob": Member(members(rotation)["Bob"].owner_id, Decimal(4))}
    set_members(rotation, list(wanted.values()), now=timezone.now(), user=maria, reason="quarter")
    newest = members(rotation)["Bob"].history.first()
    assert (newest.history_user, newest.history_change_reason) == (maria, "quarter")


def test_it_finds_the_way_round_a_circle(acme):
    amer, dach = Rotation.objects.get(name="AMER round robin"), Rotation.objects.get(name="DACH round robin")
    assert membership.circle_from(amer, dach) == []
    dach.when_empty, dach.when_empty_rotation = "rotation", amer
    dach.save()
    assert membership.circle_from(amer, dach) == [amer, dach, amer]
