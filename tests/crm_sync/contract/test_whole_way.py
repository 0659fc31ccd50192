"""A lead goes out and a change comes back, whichever CRM it is: nothing but the one line makes the difference."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from crm_sync import connectors
from crm_sync.admin.connections import ConnectionForm
from crm_sync.connectors.base import ApiVersion
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmConnection, FieldMapping, InboundEvent
from intake.models import Lead
from leadops import lead_view
from plumbing import secrets
from routing.models import Assignment
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(backstage):
    names = backstage.connector_class.names
    made = CrmConnection.objects.create(
        key="crm",
        kind=backstage.kind,
        base_url=backstage.base_url,
        api_version=backstage.version,
        primary=True,
        token=secrets.encrypt(backstage.secret),
        client_id=backstage.client_id,
        webhook_secret=secrets.encrypt(backstage.webhook_secret),
        system_of_record={"owner": "leadops", "default": "most_recent"},
        task={"when": ["hot"], "subject": "Call {full_name}"} if backstage.connector_class.can.tasks else {},
    )
    if backstage.connector_class.messages:
        # Each field goes by its own name.
        return made
    lines = {
        "email": names.email,
        "first_name": backstage.first,
        "score": backstage.score,
        "owner": names.owner,
        **backstage.other_lines,
    }
    for canonical, name in lines.items():
        FieldMapping.objects.create(connection=made, canonical=canonical, property=name)
    return made


def test_a_lead_arrives_with_owner_score_and_task(backstage, connection):
    lead = make.lead(segment="hot", points=75)
    clock = make.clock(lead)
    make.drain(connection)
    link = make.link_of(lead)
    there = backstage.values(link.remote_id)
    names = backstage.connector_class.names
    assert (there[names.email], there[backstage.first]) == ("gina@globex.example", "Gina")
    assert there[names.owner] == backstage.owner_ids()["alice@acme.test"]
    assert link.sent[backstage.score] == "75"
    assert link.shown_owner == "alice@acme.test"
    if connection.task:
        assert (link.task_clock, link.task_open) == (clock.pk, True)
    assert lead_view.of_leads([lead.pk])[lead.pk].crm[0].in_sync


@pytest.mark.needs("tasks")
def test_a_clock_that_stops_closes_the_task(backstage, connection):
    lead = make.lead(segment="hot")
    make.clock(lead)
    make.drain(connection)
    make.stop(lead)
    make.drain(connection)
    number = make.link_of(lead).remote_id
    assert [each.open for each in backstage.connect().tasks_of([number])[number]] == [False]


def test_two_on_a_shared_mailbox_both_stand_there(backstage, connection):
    make.lead(email="info@globex.example")
    second = make.lead(email="info@globex.example", first_name="Hugo")
    make.drain(connection)
    names = backstage.connector_class.names
    link = make.link_of(second)
    assert (names.email in backstage.values(link.remote_id)) == (names.shared_email == names.email)
    assert link.sent[names.shared_email] == "info@globex.example"


def test_a_change_that_a_person_makes_there_comes_in_once(backstage, connection):
    lead = make.lead()
    make.owner("bob@acme.test")
    make.drain(connection)
    number = make.link_of(lead).remote_id
    names = backstage.connector_class.names
    canonical, value = backstage.comes_back
    name = backstage.first if canonical == "first_name" else canonical
    backstage.person_changes(number, names.owner, backstage.owner_ids()["bob@acme.test"])
    backstage.person_changes(number, name, value)
    events = [backstage.event(number, names.owner), backstage.event(number, name)]
    for _ in range(2):
        body = backstage.body(*events)
        webhook_events.accept(
            connection_key="crm",
            headers=backstage.signed(body),
            raw_body=body,
            method="POST",
            uri=backstage.address(),
            now=timezone.now(),
        )
        webhook_events.work_all()
    assert InboundEvent.objects.count() == 2
    assert Assignment.objects.get(lead=lead).owner.email == "bob@acme.test"
    assert Assignment.history.filter(lead_id=lead.pk, source="crm").count() == 1
    assert getattr(Lead.objects.get(pk=lead.pk), canonical) == value


def test_the_one_line_makes_it_selectable_and_documented(backstage):
    label = backstage.connector_class.label
    fields = ConnectionForm().fields
    assert (backstage.kind, label) in fields["kind"].choices
    # Of which CRM's API, nobody can say of a connection that is not there yet.
    assert fields["api_version"].choices == [("", "The newest that is tested")]
    assert f"{backstage.kind}Signature" in webhook_events.security_schemes()
    assert CrmConnection(kind=backstage.kind).crm_name == label


def test_a_kind_without_connector_cannot_be_chosen_and_a_row_of_it_says_so():
    assert "pipedrive" not in dict(ConnectionForm().fields["kind"].choices)
    row = CrmConnection.objects.create(key="sf", kind="pipedrive", base_url="https://acme.pipedrive.test")
    shown = dict(ConnectionForm(instance=row).fields["kind"].choices)
    assert shown["pipedrive"] == "pipedrive (there is no connector for it)"
    assert row.crm_name == "pipedrive"


@pytest.mark.parametrize(
    ("days", "said"),
    [(91, ""), (90, "ends on 1 June 2027"), (0, "ended on 1 June 2027"), (-1, "ended on 1 June 2027")],
)
def test_a_version_that_ends_is_warned_of_ninety_days_before(days, said):
    end = date(2027, 6, 1)
    words = connectors.ending(ApiVersion("7", ends_on=end), today=end - timedelta(days=days))
    assert said in words
    assert bool(words) == bool(said)
