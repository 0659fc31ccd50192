"""Test leads: decided like any other, shown as tests, and not counted."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from intake import models
from intake.lead_changes import LeadEdit, edit_leads
from leadops import handoff
from leadops.console import figures
from routing import facts
from routing.engine.conditions import matcher
from routing.models import Assignment, Decision, LeadScore, OwnerNotice, SlaClock
from tests import make

EMAIL = "ann+test@trying.example"


@pytest.fixture
def addresses(acme):
    return models.TestAddress.objects.create(pattern="*+test@trying.example")


def tried(**values):
    return make.handed_off(
        make.american(**{"email": EMAIL, "full_name": "Ann Example", "company": "Trying", **values})
    )


def test_who_comes_in_from_a_test_address_is_a_test_lead_and_its_story_says_why(addresses):
    lead, other = tried(), make.handed_off(make.american())
    assert (lead.is_test, other.is_test) == (True, False)
    assert (str(lead), str(other)) == ("Ann Example (test)", "Tom Small")
    story = {
        entry.lead_id: entry.data for entry in models.TimelineEntry.objects.filter(verb="intake.submitted")
    }
    assert story[lead.pk]["test_address"] == "*+test@trying.example"
    assert story[other.pk]["test_address"] == ""


def test_it_goes_the_way_of_all_others(addresses):
    lead, other = tried(), make.handed_off(make.american(full_name="Otto Example"))

    def way(one):
        return (
            Assignment.objects.get(lead=one).reason,
            Decision.objects.get(lead=one).outcome["step"],
            LeadScore.objects.get(lead=one).segment,
            SlaClock.objects.get(lead=one).policy_name,
            list(OwnerNotice.objects.filter(lead=one).values_list("kind", flat=True)),
        )

    assert way(lead) == way(other)
    assert len(way(lead)[-1]) == 1


def test_an_address_that_is_switched_off_makes_no_test_lead(addresses):
    models.TestAddress.objects.update(active=False)
    assert not tried().is_test


def test_a_lead_that_exists_becomes_a_test_by_a_person_only(addresses):
    lead = make.handed_off(make.american(phone="+1 212 555 0188"))
    again = make.handed_off(make.american(email=EMAIL, phone="+1 212 555 0188"))
    assert (again.pk, again.is_test) == (lead.pk, False)
    person(lead, is_test=True)
    assert make.handed_off(make.american(phone="+1 212 555 0188")).is_test


def test_a_test_lead_stays_one_whatever_address_it_comes_back_with(addresses):
    lead = tried(phone="+1 212 555 0188")
    models.TestAddress.objects.all().delete()
    again = tried(message="Again")
    assert (again.pk, again.is_test) == (lead.pk, True)


def person(lead, *, is_test):
    with transaction.atomic():
        changed = edit_leads(
            [LeadEdit(lead.pk, {"is_test": is_test})], actor="Maria", source="console", now=timezone.now()
        )
    lead.refresh_from_db()
    return changed


def test_a_person_marks_it_and_the_history_says_who(acme):
    lead = make.handed_off()
    assert person(lead, is_test=True) and lead.is_test
    assert not person(lead, is_test=True)
    assert person(lead, is_test=False) and not lead.is_test
    entries = models.TimelineEntry.objects.filter(lead=lead, verb="intake.test_changed").order_by("pk")
    assert [(entry.actor, entry.data) for entry in entries] == [
        ("Maria", {"from": False, "to": True}),
        ("Maria", {"from": True, "to": False}),
    ]


def test_conditions_can_ask_for_it(addresses):
    lead, other = tried(), make.handed_off(make.american())
    assert Decision.objects.get(lead=lead).facts["is_test"] is True
    seen = facts.for_conditions([lead, other])
    asked = {wanted: matcher({"all": [{"field": "is_test", "eq": wanted}]}) for wanted in (True, False)}
    assert [asked[True](seen[one.pk]) for one in (lead, other)] == [True, False]
    assert [asked[False](seen[one.pk]) for one in (lead, other)] == [False, True]


def test_it_is_left_out_of_the_figures_from_the_moment_it_is_a_test(addresses):
    lead, other = tried(), make.handed_off(make.american())
    now = timezone.now()
    span = {"since": now - timedelta(hours=1), "until": now}

    def counted():
        came = figures.volume(
            models.Submission.objects.all(),
            start=now - timedelta(days=2),
            middle=now - timedelta(days=1),
            hour=now - timedelta(hours=1),
        )
        groups = {
            by: sum(each.received for each in handoff.grouped(by, **span))
            for by in ("form", "source", "connection")
        }
        hours = sum(figures.leads_by_hour(since=span["since"]).values())
        assert set(groups.values()) == {hours} == {came.hour} == {handoff.total(**span).received}
        return hours

    assert counted() == 1
    person(other, is_test=True)
    assert counted() == 0
    person(lead, is_test=False)
    assert counted() == 1


def test_what_is_on_its_way_and_what_is_held_is_counted_as_before(addresses):
    make.submitted(make.american())
    now = timezone.now()
    came = figures.volume(
        models.Submission.objects.all(),
        start=now - timedelta(days=2),
        middle=now - timedelta(days=1),
        hour=now - timedelta(hours=1),
    )
    assert came.hour == 1
    assert handoff.total(since=now - timedelta(hours=1), until=timezone.now()).waiting == 1
