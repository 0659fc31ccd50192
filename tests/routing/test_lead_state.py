"""What routing knows about leads, read for many at once: one meaning of “the clock” everywhere."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import runner
from routing import lead_state
from routing.models import Assignment, SlaClock
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(acme):
    return make.handed_off()


def clock(lead, status, *, minutes_ago):
    """One that looks like the lead's own, started so long ago."""
    made = SlaClock.objects.filter(lead=lead).latest("pk")
    made.pk, made._state.adding = None, True
    made.status, made.started_at = status, timezone.now() - timedelta(minutes=minutes_ago)
    made.save()
    return made


def end(lead, status):
    SlaClock.objects.filter(lead=lead).update(status=status, started_at=timezone.now() - timedelta(hours=1))
    return SlaClock.objects.get(lead=lead)


def state_of(lead):
    return lead_state.of_leads([lead.pk])[lead.pk]


def test_the_clock_is_the_running_one(lead):
    running = SlaClock.objects.get(lead=lead)
    clock(lead, "met", minutes_ago=-5)
    assert state_of(lead).clock == state_of(lead).running_clock == running


def test_the_clock_is_else_the_newest_that_was_not_cancelled(lead):
    met = end(lead, "met")
    clock(lead, "cancelled", minutes_ago=10)
    assert (state_of(lead).clock, state_of(lead).running_clock) == (met, None)
    newer = clock(lead, "met", minutes_ago=20)
    assert state_of(lead).clock == newer


def test_a_lead_that_nobody_has_to_answer_has_no_clock(lead):
    end(lead, "cancelled")
    assert state_of(lead).clock is None


def test_a_lead_before_routing_has_a_state_without_anything(acme):
    submission = make.submitted(make.person())
    assert lead_state.of_leads([submission.pk]) == {submission.pk: lead_state.LeadState()}


def test_many_leads_are_read_with_as_many_queries_as_one(acme, django_assert_num_queries):
    for person in make.crowd(4):
        make.submitted(person)
    runner.drain()
    leads = list(Assignment.objects.values_list("lead_id", flat=True))
    with django_assert_num_queries(3):
        states = lead_state.of_leads(leads)
        assert len({str(state.assignment) for state in states.values()}) > 1
    assert all(state.clock and state.score for state in states.values())
