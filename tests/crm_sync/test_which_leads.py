"""A connection that is for some leads only: `when` is asked until a lead has a record there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sandbox.server import SandboxServer
from crm_sync import belonging, crm_state
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from crm_sync.outbound import sending
from crm_sync.reconcile import running
from leadops import lead_view
from routing.models import Assignment, OwnerNotice
from tests.make import crm_sync as make
from tests.make.sandbox import Crm

pytestmark = pytest.mark.django_db(transaction=True)

GERMAN = {"all": [{"field": "country", "in": ["DE"]}]}


@pytest.fixture
def other(tmp_path_factory):
    with SandboxServer(data_dir=tmp_path_factory.mktemp("other")) as server:
        yield Crm(server.url)


@pytest.fixture
def german(connection):
    """The primary one, for Germans."""
    CrmConnection.objects.update(when=GERMAN)
    connection.refresh_from_db()
    return connection


def notice(lead) -> OwnerNotice:
    owner = Assignment.objects.get(lead=lead).owner
    now = timezone.now()
    return OwnerNotice.objects.create(
        lead=lead,
        owner=owner,
        kind="assigned",
        cause="new",
        due_at=now + timedelta(hours=1),
        hold_until=now + timedelta(hours=1),
        created_at=now,
    )


def test_each_lead_goes_to_its_own_crm_only(crm, other, german):
    rest = make.connection(other.url, key="rest", primary=False, when={"none": [GERMAN]})
    here = make.lead(email="jana@beispiel.example", country="DE")
    there = make.lead(email="tom@fieldworks.example", country="US")
    sending.drain_all()
    assert [each["email"] for each in crm.contacts()] == ["jana@beispiel.example"]
    assert [each["email"] for each in other.contacts()] == ["tom@fieldworks.example"]
    assert not OutboxEntry.objects.exists()
    assert set(CrmLink.objects.values_list("lead", "connection")) == {
        (here.pk, german.pk),
        (there.pk, rest.pk),
    }


def test_a_lead_that_belongs_nowhere_is_told_at_once_and_says_why(crm, german):
    lead = make.lead(country="US")
    waiting = notice(lead)
    make.drain(german)
    waiting.refresh_from_db()
    assert waiting.due_at <= timezone.now()
    assert crm.contacts() == []
    (state,) = crm_state.of_leads([lead.pk], assignments={lead.pk: Assignment.objects.get(lead=lead)})[
        lead.pk
    ]
    assert (state.state, state.message) == (
        "elsewhere",
        "does not go to HubSpot: the connection's conditions do not hold",
    )
    assert lead_view.of_leads([lead.pk])[lead.pk].meant_for == []


def test_a_lead_that_comes_to_belong_there_is_written(crm, german):
    lead = make.lead(country="US")
    make.drain(german)
    make.edit(lead, country="DE")
    make.drain(german)
    assert crm.contact()["email"] == lead.email


def test_what_has_a_record_is_kept_in_step_whatever_it_becomes(crm, german):
    lead = make.lead(country="DE")
    make.drain(german)
    make.edit(lead, country="US", email="gina@usa.example")
    make.drain(german)
    assert crm.contact()["email"] == "gina@usa.example"


def test_score_and_segment_can_be_asked_about(crm, connection):
    CrmConnection.objects.update(when={"all": [{"field": "segment", "eq": "hot"}]})
    make.lead(segment="hot", points=90)
    make.lead(email="cold@globex.example", segment="cold")
    make.drain(connection)
    assert [each["leadops_segment"] for each in crm.contacts()] == ["hot"]


def test_who_does_not_belong_there_is_not_missing_there(crm, german):
    american = make.lead(country="US", queued=False)
    missing = make.lead(email="jana@beispiel.example", country="DE", queued=False)
    assert belonging.missing(german) == [missing.pk]
    type(american).objects.update(created_at=timezone.now() - timedelta(days=1))
    running.start(german, now=timezone.now())
    running.work_all()
    assert german.reconciliations.latest("started_at").found == {"missing": 1}
