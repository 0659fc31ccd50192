"""Leads are told of: once when they are new, and whenever something happens that the connection wants told."""

import pytest
from django.utils import timezone

from crm_sync import crm_state
from crm_sync.connection import owners
from crm_sync.models import CrmConnection, CrmLink, OwnerLink
from intake.models import Lead
from routing.handover import actions
from routing.models import Assignment, Owner
from tests.make import crm_sync as make
from tests.make.webhook import moment

pytestmark = pytest.mark.django_db(transaction=True)


def settings(connection, **messages):
    row = CrmConnection.objects.get(pk=connection.pk)
    row.messages = {f"lead.{name}": rule for name, rule in messages.items()}
    row.save()
    return row


def contacted(lead):
    now = timezone.now()
    actions.mark_contacted(
        lead_id=lead.pk,
        at=now,
        by="alice@acme.test",
        evidence="claimed",
        source="console",
        actor="alice@acme.test",
        now=now,
    )
    make.push(lead)


def test_a_new_lead_is_told_of_once_with_all_that_matters(desk, connection):
    lead = make.lead(segment="hot", points=75, employee_count=900, country="DE")
    make.clock(lead)
    make.drain(connection)
    make.push(lead)
    make.drain(connection)
    (message,) = desk.messages()
    body, data = message["body"], message["body"]["data"]
    assert (body["type"], body["connection"], body["version"]) == ("lead.created", "desk", 1)
    assert moment(body["timestamp"]) == lead.created_at.replace(microsecond=0)
    assert data["lead_id"] == data["record_id"] == str(lead.pk)
    assert data["lead"]["email"] == "gina@globex.example"
    # Values have their types, and what there is not is null.
    assert (data["lead"]["employee_count"], data["lead"]["phone"]) == (900, None)
    assert data["score"] == {"points": 75, "segment": "hot"}
    assert data["owner"] == {"email": "alice@acme.test", "name": "Alice"}
    assert (data["queue"], data["status"]) == (None, "new")
    assert moment(data["first_response_due"]) > timezone.now()


def test_another_owner_is_told_with_the_one_before(desk, connection):
    lead = make.lead()
    make.drain(connection)
    make.move(lead, make.owner("bob@acme.test"))
    make.drain(connection)
    make.move(lead, make.queue("Triage"))
    make.drain(connection)
    first, second = desk.messages("lead.assigned")
    assert first["body"]["data"]["before"] == {"owner": {"email": "alice@acme.test"}, "queue": None}
    assert first["body"]["data"]["after"] == {
        "owner": {"email": "bob@acme.test", "name": "Bob"},
        "queue": None,
    }
    assert second["body"]["data"]["before"]["owner"] == {"email": "bob@acme.test"}
    assert second["body"]["data"]["after"] == {"owner": {"email": None, "name": None}, "queue": "Triage"}
    assert (first["body"]["version"], second["body"]["version"]) == (2, 3)
    assigned = Assignment.objects.get(lead=lead).assigned_at
    assert moment(second["body"]["timestamp"]) == assigned.replace(microsecond=0)
    _, ticket = desk.ticket()
    assert (ticket.get("owner"), ticket["queue"]) == (None, "Triage")


def test_a_contact_and_a_status_are_told_each_by_itself(desk, connection):
    lead = make.lead()
    make.drain(connection)
    contacted(lead)
    make.drain(connection)
    assert desk.told() == ["lead.created", "lead.contacted", "lead.status"]
    _, first, second = desk.messages()
    lead.refresh_from_db()
    assert moment(first["body"]["data"]["contacted_at"]) == lead.contacted_at.replace(microsecond=0)
    assert (second["body"]["data"]["before"], second["body"]["data"]["after"]) == ("new", "contacted")


def test_what_the_connection_does_not_want_told_is_not_and_costs_no_call(desk, connection):
    settings(connection, assigned={"active": False}, status={"active": False})
    lead = make.lead()
    make.drain(connection)
    contacted(lead)
    make.move(lead, make.owner("bob@acme.test"))
    make.drain(connection)
    assert desk.told() == ["lead.created", "lead.contacted"]
    make.edit(lead, company="Globex Ltd")
    calls = len(desk.crm.call("GET", "/control/calls?target=webhook"))
    make.drain(connection)
    assert len(desk.crm.call("GET", "/control/calls?target=webhook")) == calls
    # Nobody there was promised another owner.
    assigned = {lead.pk: Assignment.objects.select_related("owner", "queue").get(lead=lead)}
    (state,) = crm_state.of_leads([lead.pk], assignments=assigned)[lead.pk]
    assert state.in_sync


def test_many_changes_before_a_message_are_one(desk, connection):
    lead = make.lead()
    make.drain(connection)
    for name in ("bob@acme.test", "alice@acme.test", "bob@acme.test"):
        make.move(lead, make.owner(name))
    make.drain(connection)
    (message,) = desk.messages("lead.assigned")
    assert message["body"]["data"]["after"]["owner"]["email"] == "bob@acme.test"


def test_a_body_of_ones_own_has_the_values_in_its_places(desk, connection):
    body = {
        "text": "{full_name} ({company}) is {segment}: {score} points, {extra.room}",
        "who": "{owner_name}",
        "points": "{score}",
        "known": [True, 7, None, "{existing_customer}", "{marketing_consent}"],
        "data": {"lead_id": "{lead_id}"},
    }
    settings(connection, created={"body": body})
    make.lead(segment="hot", points=75, extra={"room": "R1"})
    make.drain(connection)
    (message,) = desk.messages()
    assert message["body"] == {
        "text": "Gina Green (Globex) is hot: 75 points, R1",
        "who": "Alice",
        "points": 75,
        "known": [True, 7, None, None, None],
        "data": {"lead_id": str(Lead.objects.get().pk)},
    }


def test_a_line_gives_a_field_a_name_and_words_of_its_own(desk, connection):
    connection.mappings.create(
        canonical="status", property="state", values={"new": "OPEN", "contacted": "ANSWERED"}
    )
    body = {"type": "{type}", "state": "{state}", "was": "{before.status}"}
    settings(connection, created={"body": body}, status={"body": body}, contacted={"active": False})
    lead = make.lead()
    make.drain(connection)
    contacted(lead)
    make.drain(connection)
    said = [(each["body"]["state"], each["body"]["was"]) for each in desk.messages()]
    assert said == [("OPEN", None), ("ANSWERED", "new")]


def test_the_receivers_id_is_the_leads_id_there(desk, connection):
    lead = make.lead()
    make.drain(connection)
    number, _ = desk.ticket()
    assert make.link_of(lead).remote_id == number
    make.move(lead, make.owner("bob@acme.test"))
    make.drain(connection)
    assert desk.messages("lead.assigned")[0]["body"]["data"]["record_id"] == number


def test_without_one_the_lead_goes_by_ours(desk, connection):
    desk.crm.call("POST", "/control/webhook/settings", {"answers_id": False})
    lead = make.lead()
    make.drain(connection)
    assert make.link_of(lead).remote_id == str(lead.pk)


@pytest.mark.parametrize("together", [True, False])
def test_two_leads_that_get_one_id_are_kept_apart(desk, connection, together):
    """As from a receiver that files both under one case: neither is taken for the other, and nothing goes round in circles."""
    one = make.lead(email="one@globex.example")
    two = make.lead(email="two@globex.example", queued=together)
    desk.crm.call("POST", "/control/webhook/settings", {"files_under": "C-7"})
    make.drain(connection)
    make.push(two)
    make.drain(connection)
    links = {link.lead_id: link.remote_id for link in CrmLink.objects.all()}
    assert links == {one.pk: "C-7", two.pk: str(two.pk)}
    assert desk.told() == ["lead.created", "lead.created"]


def test_every_owner_of_ours_is_known_there_at_once(desk, connection):
    make.lead(to=make.owner("new@acme.test"))
    make.drain(connection)
    second = make.lead(email="two@globex.example", to=make.owner("newer@acme.test"))
    make.drain(connection)
    assert make.link_of(second).shown_owner == "newer@acme.test"
    assert set(OwnerLink.objects.values_list("email", flat=True)) == {"new@acme.test", "newer@acme.test"}
    # That somebody is switched off here says nothing about there.
    Owner.objects.filter(email="new@acme.test").update(active=False)
    owners.refresh_all()
    assert not OwnerLink.objects.filter(archived=True).exists()
