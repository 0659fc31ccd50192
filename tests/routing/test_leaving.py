"""Somebody is switched off: what is said before, and what happens to leads, rotations and accounts."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from intake.models import Lead
from routing import owners
from routing.models import Assignment, NamedAccount, Owner, Queue, Rotation
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(acme) -> Owner:
    """Alice with a lead that waits, one that she has talked to, and one that is lost."""
    found = Owner.objects.get(email="alice@acme.test")
    number = 0
    while Assignment.objects.filter(owner=found).count() < 3:
        number += 1
        make.handed_off(
            make.american(
                email=f"sam@big{number}.example", full_name=f"Sam {number}", company=f"Big {number}"
            )
        )
    _, talked, lost = (row.lead_id for row in Assignment.objects.filter(owner=found).order_by("pk"))
    Lead.objects.filter(pk=talked).update(status="contacted", contacted_at=timezone.now())
    Lead.objects.filter(pk=lost).update(status="closed_lost")
    return found


def leads_of(owner: Owner) -> dict[str, Assignment]:
    rows = Assignment.objects.filter(owner=owner).order_by("pk").select_related("lead")
    return {row.lead.status: row for row in rows}


def test_it_says_beforehand_what_will_happen(alice):
    leaving = owners.preview(alice)
    assert (leaving.waiting, leaving.in_touch) == (1, 1)
    assert leaving.queue.team == alice.team
    assert [rotation.name for rotation in leaving.rotations] == ["AMER round robin"]
    assert [account.company for account in leaving.accounts] == ["Globex"]
    assert Owner.objects.get(pk=alice.pk).active


def test_it_routes_waiting_leads_again_and_gives_the_others_to_the_managers_queue(alice):
    before = leads_of(alice)
    queue = owners.preview(alice).queue
    assert owners.deactivate(alice, by="maria", now=timezone.now()) == 2

    waiting = Assignment.objects.get(pk=before["new"].pk)
    assert waiting.owner is not None and waiting.owner != alice
    assert waiting.turn is not None
    assert (waiting.reason, waiting.actor) == ("Alice Ames is not active any more", "maria")
    assert Assignment.objects.get(pk=before["contacted"].pk).queue == queue
    assert Assignment.objects.get(pk=before["closed_lost"].pk).owner == alice
    assert waiting.history.count() == 2


def test_it_ends_rotations_and_accounts(alice):
    maria = User.objects.create_user("maria")
    owners.deactivate(alice, by="maria", user=maria, now=timezone.now())
    alice.refresh_from_db()
    assert not alice.active
    assert alice.history.first().history_user == maria
    members = Rotation.objects.get(name="AMER round robin").members.filter(active=True)
    assert {member.owner.name for member in members} == {"Bob Burke", "Carla Cruz"}
    assert sum(member.credit for member in members) == 0
    assert NamedAccount.objects.get(company="Globex").owner is None


def test_it_takes_up_what_an_interruption_has_left(alice):
    Owner.objects.filter(pk=alice.pk).update(active=False)
    alice.refresh_from_db()
    assert owners.deactivate(alice, by="maria", now=timezone.now()) == 2
    assert owners.deactivate(alice, by="maria", now=timezone.now()) == 0
    assert set(leads_of(alice)) == {"closed_lost"}


def test_it_uses_the_fallback_queue_where_the_team_has_none(alice):
    Queue.objects.filter(team=alice.team, fallback=False).update(active=False)
    assert owners.preview(alice).queue.fallback
