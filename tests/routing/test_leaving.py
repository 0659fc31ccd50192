"""Somebody is switched off: what is said before, and what happens to leads, rotations and accounts."""

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from intake.models import Lead, LeadChange
from routing import doctor
from routing.handover import deactivation
from routing.models import Assignment, NamedAccount, Owner, OwnerNotice, Queue, Rotation
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


def off(owner: Owner) -> int:
    return deactivation.deactivate(owner, actor="maria", now=timezone.now()).moved


def test_it_says_beforehand_what_will_happen(alice):
    leaving = deactivation.preview(alice)
    assert (leaving.waiting, leaving.in_touch) == (1, 1)
    assert leaving.queue.team == alice.team
    assert [rotation.name for rotation in leaving.rotations] == ["AMER round robin"]
    assert [account.company for account in leaving.accounts] == ["Globex"]
    assert leaving.sentences() == [
        "No new lead goes to Alice Ames, from this moment.",
        "1 lead that nobody has talked to: routed again.",
        "1 lead that somebody has talked to: to the queue Nurture.",
        "Alice Ames gets no more turns in AMER round robin; what is due there waits, in case they come back.",
        "Globex: no longer Alice Ames's.",
        "Returning leads go to somebody else. Disqualified and lost leads stay as they are.",
    ]
    assert Owner.objects.get(pk=alice.pk).active


def test_it_routes_waiting_leads_again_and_gives_the_others_to_the_managers_queue(alice):
    before = leads_of(alice)
    queue = deactivation.preview(alice).queue
    assert off(alice) == 2

    waiting = Assignment.objects.get(pk=before["new"].pk)
    assert waiting.owner is not None and waiting.owner != alice
    assert waiting.turn is not None
    assert (waiting.reason, waiting.actor, waiting.source) == (
        "Alice Ames is not active any more",
        "maria",
        "deactivation",
    )
    assert Assignment.objects.get(pk=before["contacted"].pk).queue == queue
    assert Assignment.objects.get(pk=before["closed_lost"].pk).owner == alice
    assert waiting.history.count() == 2
    assert LeadChange.objects.filter(lead=waiting.lead).exists()
    assert not OwnerNotice.objects.filter(owner=alice, kind="lost", status="waiting").exists()


def test_it_ends_rotations_and_accounts_and_the_credit_waits(alice):
    members = Rotation.objects.get(name="AMER round robin").members
    members.filter(owner=alice).update(credit=F("credit") + 7)
    members.filter(owner__email="bob@acme.test").update(credit=F("credit") - 7)
    waiting = members.get(owner=alice).credit
    maria = User.objects.create_user("maria")
    deactivation.deactivate(alice, actor="maria", user=maria, now=timezone.now())
    alice.refresh_from_db()
    assert not alice.active
    assert alice.history.first().history_user == maria
    assert {member.owner.name for member in members.filter(active=True)} == {"Bob Burke", "Carla Cruz"}
    assert members.get(owner=alice).credit == waiting != 0
    assert sum(members.values_list("credit", flat=True)) == 0
    assert NamedAccount.objects.get(company="Globex").owner is None


def test_it_takes_up_what_an_interruption_has_left(alice):
    Owner.objects.filter(pk=alice.pk).update(active=False)
    alice.refresh_from_db()
    assert off(alice) == 2
    assert off(alice) == 0
    assert set(leads_of(alice)) == {"closed_lost"}


def test_it_uses_the_fallback_queue_where_the_team_has_none(alice):
    Queue.objects.filter(team=alice.team, fallback=False).update(active=False)
    assert deactivation.preview(alice).queue.fallback


def test_the_managers_queue_is_the_one_that_the_manager_holds(alice):
    held = Queue.objects.create(name="Maria's desk", team=alice.team, crm_owner=alice.team.manager)
    assert deactivation.preview(alice).queue == held
    dieter = Owner.objects.get(email="dieter@acme.test")
    assert deactivation.preview(dieter).queue.name == "Partner desk"
    nobody = Owner.objects.create(email="solo@acme.test", name="Solo")
    assert deactivation.preview(nobody).queue.fallback


def test_a_lead_that_no_rotation_gave_is_asked_of_the_rules_again(acme):
    lead = make.handed_off(make.person(email="ceo@globex.com", company="Globex"))
    alice = Owner.objects.get(email="alice@acme.test")
    assert Assignment.objects.get(lead=lead).owner == alice
    assert off(alice) == 1
    row = Assignment.objects.get(lead=lead)
    assert row.turn.rotation.name == "DACH round robin"
    assert row.automatic


def test_what_a_person_had_fixed_on_the_leaver_is_fixed_on_nobody_else(alice):
    Assignment.objects.filter(owner=alice).update(locked=True)
    moved = leads_of(alice)["new"].pk
    off(alice)
    assert not Assignment.objects.get(pk=moved).locked


def test_a_few_leads_move_at_once_and_the_sweep_moves_the_others(alice, monkeypatch):
    monkeypatch.setattr(deactivation, "AT_ONCE", 1)
    done = deactivation.deactivate(alice, actor="maria", now=timezone.now())
    assert (done.moved, done.left) == (1, 1)
    assert deactivation.move_leads_on(now=timezone.now()) == 1
    assert deactivation.move_leads_on(now=timezone.now()) == 0
    assert set(leads_of(alice)) == {"closed_lost"}
    assert set(Assignment.objects.exclude(owner=alice).values_list("actor", flat=True)) >= {"maria"}


def test_a_lead_that_arrives_late_moves_too_and_then_the_sweep_forgets_the_owner(alice):
    off(alice)
    late = Assignment.objects.exclude(owner=alice).first()
    Assignment.objects.filter(pk=late.pk).update(owner=alice, queue=None)
    assert deactivation.move_leads_on(now=timezone.now()) == 1
    alice.refresh_from_db()
    assert alice.leads_leave_at is not None
    assert deactivation.move_leads_on(now=timezone.now() + deactivation.STRAGGLERS) == 0
    alice.refresh_from_db()
    assert alice.leads_leave_at is None


def test_somebody_who_is_switched_on_again_keeps_what_is_left(alice, monkeypatch):
    monkeypatch.setattr(deactivation, "AT_ONCE", 1)
    off(alice)
    alice.active = True
    alice.save()
    assert deactivation.move_leads_on(now=timezone.now()) == 0
    assert len(leads_of(alice)) == 2


def test_doctor_sees_leads_that_should_have_moved_and_moves_them(alice):
    Owner.objects.filter(pk=alice.pk).update(
        active=False, leads_leave_at=timezone.now() - doctor.LONG, leads_leave_by="maria"
    )
    (found,) = doctor.check_leavers()
    assert found.title == "2 open leads of Alice Ames, who is switched off, should have moved."
    assert found.fix() == "2 leads of Alice Ames moved, 0 are left."
    assert list(doctor.check_leavers()) == []


def test_an_sdr_who_leaves_leaves_the_pair_to_the_owner_of_the_accounts(alice):
    carla = Owner.objects.get(email="carla@acme.test")
    Owner.objects.filter(pk=carla.pk).update(sdr=alice)
    assert (
        "Carla Cruz: new leads of their accounts go to them again, while Alice Ames is not active."
        in deactivation.preview(alice).sentences()
    )
    NamedAccount.objects.filter(company="Globex").update(owner=carla)
    off(alice)
    lead = make.handed_off(make.american(email="jane@globex.com"))
    assert Assignment.objects.get(lead=lead).owner == carla
