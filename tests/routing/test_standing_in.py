"""Stickiness while the owner is away: a backup takes the touch, the lead stays its owner's until the backup has answered."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from intake.models import Lead
from routing.handover import actions
from routing.models import Absence, Assignment, Owner, OwnerNotice, Rotation, SlaClock, WorkCalendar
from tests import make

pytestmark = pytest.mark.django_db


def ago(**time: int) -> datetime:
    return timezone.now() - timedelta(**time)


def owner(name: str) -> Owner:
    return Owner.objects.get(email=f"{name}@acme.test")


@pytest.fixture
def lead(acme) -> Lead:
    """Alice has talked to it some hours ago."""
    WorkCalendar.objects.update(hours={"mon-sun": ["00:00-24:00"]}, holidays={})
    lead = make.handed_off(make.american(), now=ago(hours=9))
    assert holder(lead) == owner("alice")
    contacted(lead, by="Alice Ames", now=ago(hours=8))
    return lead


def holder(lead: Lead) -> Owner | None:
    return Assignment.objects.select_related("owner").get(lead=lead).owner


def contacted(lead: Lead, *, by: str, now: datetime) -> None:
    actions.mark_contacted(
        lead_id=lead.pk, at=now, by=by, evidence="claimed", source="api", actor=by, now=now
    )


def away(name: str, *, backup: str | None = None) -> Absence:
    today = timezone.now().date()
    return Absence.objects.create(
        owner=owner(name),
        starts_on=today - timedelta(days=1),
        ends_on=today + timedelta(days=1),
        backup=owner(backup) if backup else None,
    )


def touch(lead: Lead, *, hours_ago: int = 0) -> Owner | None:
    """The person sends the form again."""
    assert make.handed_off(make.american(), now=ago(hours=hours_ago)) == lead
    return holder(lead)


def test_while_the_owner_is_away_the_backup_takes_this_touch(lead):
    away("alice", backup="bob")
    assert touch(lead) == owner("bob")
    row = Assignment.objects.get(lead=lead)
    assert (row.sticky_owner, row.reason) == (owner("alice"), "Bob Burke covers for Alice Ames")
    entry = lead.timeline_entries.filter(verb="routing.reassigned").get()
    assert entry.data["stands_in_for"] == "Alice Ames"
    assert OwnerNotice.objects.filter(owner=owner("alice"), kind="lost").exists()


def test_when_the_owner_is_back_the_next_touch_goes_back_to_them_on_the_same_clock(lead):
    absence = away("alice", backup="bob")
    touch(lead, hours_ago=2)
    clock = SlaClock.objects.get(lead=lead, status="running")
    absence.delete()
    assert touch(lead) == owner("alice")
    row = Assignment.objects.get(lead=lead)
    assert (row.sticky_owner, row.reason, row.turn) == (None, "Back to Alice Ames", None)
    assert SlaClock.objects.get(lead=lead, status="running").pk == clock.pk
    assert OwnerNotice.objects.filter(owner=owner("alice"), kind="assigned").exists()


def test_once_the_backup_has_answered_the_lead_stays_with_the_backup(lead):
    absence = away("alice", backup="bob")
    touch(lead, hours_ago=2)
    contacted(lead, by="Bob Burke", now=ago(hours=1))
    absence.delete()
    assert touch(lead) == owner("bob")
    assert Assignment.objects.get(lead=lead).sticky_owner is None


def test_while_the_owner_is_still_away_the_backup_keeps_it_for_them(lead):
    absence = away("alice", backup="bob")
    touch(lead, hours_ago=4)
    assert touch(lead, hours_ago=2) == owner("bob")
    assert Assignment.objects.get(lead=lead).sticky_owner == owner("alice")
    absence.delete()
    assert touch(lead) == owner("alice")


def test_without_a_backup_the_rules_find_somebody_and_it_still_goes_back(lead):
    absence = away("alice")
    assert touch(lead, hours_ago=2) in (owner("bob"), owner("carla"))
    row = Assignment.objects.get(lead=lead)
    assert row.turn is not None and row.sticky_owner == owner("alice")
    absence.delete()
    assert touch(lead) == owner("alice")


def test_whoever_takes_it_from_the_backup_stands_in_too(lead):
    absence = away("alice")
    touch(lead, hours_ago=2)
    actions.decline(lead_id=lead.pk, reason="busy", source="api", actor="x", now=ago(hours=1))
    assert Assignment.objects.get(lead=lead).sticky_owner == owner("alice")
    absence.delete()
    assert touch(lead) == owner("alice")


def test_somebody_whom_a_person_chose_stands_in_for_nobody(lead):
    absence = away("alice", backup="bob")
    touch(lead, hours_ago=2)
    actions.reassign(
        lead_id=lead.pk,
        owner_id=owner("maria").pk,
        reason="Knows them",
        source="console",
        actor="ops",
        now=ago(hours=1),
    )
    absence.delete()
    assert touch(lead) == owner("maria")


def test_it_does_not_go_back_to_somebody_who_has_left_the_rotation(lead):
    absence = away("alice", backup="bob")
    touch(lead, hours_ago=2)
    absence.delete()
    Rotation.objects.get(name="AMER round robin").members.filter(owner=owner("alice")).update(active=False)
    assert touch(lead) == owner("bob")


def test_pressing_the_button_twice_is_no_next_touch(lead):
    absence = away("alice", backup="bob")
    touch(lead)
    absence.delete()
    assert touch(lead) == owner("bob")


def test_the_days_count_from_the_contact_when_the_lead_comes_back(acme):
    """Not from the assignment, which may be much longer ago."""
    WorkCalendar.objects.update(hours={"mon-sun": ["00:00-24:00"]}, holidays={})
    lead = make.handed_off(make.american(), now=ago(days=200))
    contacted(lead, by="Alice Ames", now=ago(days=2))
    assert touch(lead) == owner("alice")
    assert Assignment.objects.get(lead=lead).reason == "Stays with Alice Ames"


def test_the_leads_page_says_whose_it_still_is(lead, admin_client):
    away("alice", backup="bob")
    touch(lead)
    page = admin_client.get(f"/admin/intake/lead/{lead.pk}/change/").content.decode()
    assert "It still belongs to <b>Alice Ames</b>, who was away" in page
    assert "for Alice Ames, who is away" in page
    assert "It goes back to Alice Ames with the next touch" in page
    history = page[page.index("Who had it") :]
    assert "Bob Burke" in history[: history.index("</table>")]
