"""Who alone can take more leads than an equal share: in the check before publishing and on the rotation's page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from routing.engine.rotation import after, pick
from routing.engine.rotation_state import MemberState, RotationState
from routing.models import Owner, Rotation, RotationMember, RotationTurn
from routing.rotations import specialist_load
from routing.rules import publishing

pytestmark = pytest.mark.django_db
SAYS = "Carla Cruz alone can take 40 % of these leads, an equal share is 25 %: the others cannot catch up."


@pytest.fixture
def spanish(acme) -> Rotation:
    """Four of equal weight; two leads of five need Spanish, which only Carla speaks."""
    overflow = Rotation.objects.create(name="Everybody")
    rotation = Rotation.objects.create(
        name="Spanish first", required_skills=["es"], when_empty="rotation", when_empty_rotation=overflow
    )
    carla = Owner.objects.get(email="carla@acme.test")
    others = list(Owner.objects.exclude(pk=carla.pk).filter(active=True)[:3])
    for owner in (carla, *others):
        RotationMember.objects.create(rotation=overflow, owner=owner)
    RotationMember.objects.create(rotation=rotation, owner=carla)
    give(overflow, carla, 100)
    return overflow


def give(rotation: Rotation, only: Owner, count: int, *, at=None) -> None:
    """So many turns, two of five of which only one could take; as the ledger has them."""
    everybody = [member.owner_id for member in rotation.members.order_by("pk")]
    state = RotationState(rotation.pk, tuple(MemberState(pk, 100) for pk in everybody), rotation.last_turn)
    for number in range(count):
        turn = pick(state, everybody, [only.pk] if number % 5 in (1, 3) else everybody)
        state = after(state, turn)
        RotationTurn.objects.create(
            rotation=rotation,
            number=turn.number,
            at=at or timezone.now(),
            owner_id=turn.picked,
            rows=turn.to_json()["rows"],
        )


def said(rotation: Rotation) -> list[str]:
    return specialist_load.sentences([rotation.pk], now=timezone.now()).get(rotation.pk, [])


def test_it_says_who_alone_can_take_more_than_an_equal_share(spanish):
    assert said(spanish) == [SAYS]
    assert specialist_load.sentences(now=timezone.now())[spanish.pk] == [SAYS]


def test_the_check_before_publishing_warns_of_it_and_says_what_to_do(spanish):
    (found,) = [one for one in publishing.findings() if one.message == SAYS]
    assert (found.level, found.where.name) == ("warning", "Everybody")
    assert "come on top" in found.hint


def test_the_rotations_page_says_it(spanish, admin_client):
    page = admin_client.get(f"/admin/routing/rotation/{spanish.pk}/change/")
    assert SAYS in page.content.decode()


def test_it_names_no_equal_share_where_weights_differ(spanish):
    spanish.members.filter(owner__email="carla@acme.test").update(weight=2)
    assert said(spanish) == [SAYS.replace("an equal share", "the share by weight")]


def test_it_has_nothing_to_say_where_such_leads_come_on_top(spanish):
    Rotation.objects.update(specialist_leads="extra")
    assert said(spanish) == []


def test_it_has_nothing_to_say_within_the_limit_of_leads_ahead(spanish):
    Rotation.objects.update(max_leads_ahead=15)
    assert said(spanish) == []


def test_it_looks_back_ninety_days(spanish):
    RotationTurn.objects.update(at=timezone.now() - timedelta(days=91))
    assert said(spanish) == []


def test_it_asks_nothing_of_the_ledger_where_no_rotation_asks_for_skills(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert specialist_load.sentences(now=timezone.now()) == {}
