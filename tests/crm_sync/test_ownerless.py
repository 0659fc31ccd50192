"""A contact that stands in the CRM without its owner is no lead that was handed over: every screen says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync import crm_state
from crm_sync.connection import connection_status, owners
from intake.models import TimelineEntry
from leadops import lead_view
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(lead):
    return lead_view.of_leads([lead.pk])[lead.pk].crm[0]


@pytest.fixture
def ownerless(crm, connection):
    lead = make.lead(to=make.owner("zoe@acme.test"))
    make.drain(connection)
    return lead


def test_it_is_not_in_sync_and_says_what_to_do(ownerless):
    state = state_of(ownerless)
    assert (state.state, state.in_sync) == ("without_owner", False)
    assert state.message == "in HubSpot, without owner"
    assert "zoe@acme.test is no active owner in HubSpot" in state.fix
    assert list(crm_state.without_right_owner().values_list("lead", flat=True)) == [ownerless.pk]


def test_the_connection_counts_it(connection, ownerless):
    found = connection_status.of_connection(connection, now=timezone.now())
    assert (found.state, found.ownerless) == ("ownerless", 1)
    assert found.answer.startswith("1 lead there without the right owner")


def test_it_is_in_sync_once_its_owner_has_appeared_there(crm, connection, ownerless):
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    owners.refresh_all()
    make.drain(connection)
    assert state_of(ownerless).state == "in_sync"
    assert not crm_state.without_right_owner().exists()
    pushes = TimelineEntry.objects.filter(lead=ownerless, verb__startswith="crm_sync.").order_by("at")
    assert [(entry.verb, entry.data["owner_shown"]) for entry in pushes] == [
        ("crm_sync.created", False),
        ("crm_sync.owner_shown", True),
    ]


def test_it_is_in_sync_once_a_person_there_gives_it_to_somebody(crm, connection, ownerless):
    make.move(ownerless, make.owner("bob@acme.test"))
    make.drain(connection)
    assert state_of(ownerless).in_sync


def test_a_lead_that_nobody_should_own_is_in_sync_without_owner(crm, connection):
    lead = make.lead(to=make.queue())
    make.drain(connection)
    assert state_of(lead).in_sync
    assert not crm_state.without_right_owner().exists()


def test_somebody_elses_record_that_became_ours_shows_another_owner(crm, connection):
    crm.add_contact(email="gina@globex.example", hubspot_owner_id=crm.owner_id("bob@acme.test"))
    lead = make.lead(to=make.owner("zoe@acme.test"))
    make.drain(connection)
    state = state_of(lead)
    assert (state.state, state.shown_owner) == ("other_owner", "bob@acme.test")
    assert state.message == "in HubSpot, with another owner"
    assert "bob@acme.test owns it in HubSpot, zoe@acme.test here" in state.fix


def test_what_is_on_its_way_waits_and_is_not_counted(crm, connection, ownerless):
    make.push(ownerless)
    assert state_of(ownerless).state == "waiting"
    assert not crm_state.without_right_owner().exists()


def test_the_figures_count_it_when_its_owner_is_shown(crm, connection, ownerless):
    from intake.models import IntakeForm, Submission
    from leadops import handoff

    now = timezone.now()
    form = IntakeForm.objects.create(key="web", name="Web")
    Submission.objects.create(
        form=form,
        lead=ownerless,
        status="handed_off",
        received_at=ownerless.created_at - timedelta(seconds=1),
        handed_off_at=ownerless.created_at - timedelta(milliseconds=1),
        body=b"{}",
        due_at=None,
    )

    def arrived():
        return handoff.total(
            since=now - timedelta(hours=1), until=now + timedelta(hours=1)
        ).received_to_crm.count

    assert arrived() == 0
    crm.call("POST", "/control/owners", {"email": "zoe@acme.test", "name": "Zoe Zorn"})
    owners.refresh_all()
    make.drain(connection)
    assert arrived() == 1
