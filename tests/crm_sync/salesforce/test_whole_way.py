"""Leads in a Salesforce org that does things by itself: rules, flows, people, merges and conversions."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.connection.connecting import connect
from crm_sync.connectors.budget import Budget
from crm_sync.connectors.salesforce.soql import Question
from crm_sync.inbound import webhook_events
from crm_sync.models import CrmLink
from exception_queue.models import ExceptionItem
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


class Org:
    """What an admin and people do there, and what stands there."""

    def __init__(self, crm, connection):
        self.crm, self.connection = crm, connection

    def control(self, path, body=None, method="POST"):
        return self.crm.call(method, f"/control/salesforce/{path}", body)

    def calls(self):
        found = self.crm.call("GET", "/control/calls?target=salesforce")
        return [(each["method"], each["path"].partition("/services/data/v66.0")[2]) for each in found]

    def rows(self, soql):
        connector = connect(self.connection, budget=Budget({}))
        name, fields, rest = soql
        return connector.people.asking.all(Question(name, fields, rest, deleted=True))

    def leads(self, *fields):
        return self.rows(("Lead", ["Id", "Email", *fields], "WHERE IsDeleted = false ORDER BY Id"))

    def user(self, email):
        return next(
            each.remote_id
            for each in connect(self.connection, budget=Budget({})).owners()
            if each.email == email
        )


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


def drain_past_people(connection):
    """What people did there is taken in before we write."""
    for _ in range(2):
        make.drain(connection)
        webhook_events.work_all()
        make.make_due(connection)
    make.drain(connection)


def test_a_lead_arrives_with_its_owner_although_a_rule_of_the_org_assigns_leads(org, connection):
    org.control("assignment_rule", {"owner": "bob@acme.test"})
    lead = make.lead(to=make.owner("alice@acme.test"))
    make.drain(connection)
    (there,) = org.leads("OwnerId", "leadops_id__c", "LastName", "Status")
    assert (there["leadops_id__c"], there["Status"]) == (str(lead.pk), "Open - Not Contacted")
    assert there["OwnerId"] == org.user("alice@acme.test")
    # Updates are not assigned either.
    make.edit(lead, job_title="Head of Sales")
    make.drain(connection)
    (there,) = org.leads("OwnerId", "Title")
    assert (there["OwnerId"], there["Title"]) == (org.user("alice@acme.test"), "Head of Sales")


def test_a_hundred_leads_are_one_call(org, connection):
    leads = [make.lead(email=f"p{number}@globex.example") for number in range(100)]
    make.drain(connection)
    assert len(org.leads()) == len(leads)
    writes = [path for method, path in org.calls() if method == "PATCH"]
    assert writes == ["/composite/sobjects/Lead/leadops_id__c"]


def test_who_is_in_a_queue_that_shows_nobody_is_owned_by_our_own_user(org, connection):
    lead = make.lead(to=make.queue())
    make.drain(connection)
    (there,) = org.leads("OwnerId")
    number = CrmLink.objects.get().remote_id
    connector = connect(connection, budget=Budget({}))
    assert there["OwnerId"] == connector.client.login.us
    assert "OwnerId" not in connector.read([number], by="id", properties=["OwnerId"])[number].properties
    assert lead.pk == CrmLink.objects.get().lead_id


def test_a_duplicate_rule_of_the_org_finds_who_is_there_already(org, connection):
    org.control("duplicate_rules", {"object": "Lead", "action": "block"})
    fields = {
        "Email": "gina@globex.example",
        "LastName": "Green",
        "Company": "Globex",
        "Phone": "+4930901820",
    }
    there = org.control("Lead", {"fields": fields, "owner": "bob@acme.test"})["id"]
    make.lead(email="gina@globex.example")
    make.lead(email="otto@globex.example")
    make.drain(connection)
    assert len(org.leads()) == 2
    assert there in CrmLink.objects.values_list("remote_id", flat=True)


def test_two_leads_of_ours_with_one_address_both_arrive_where_a_rule_only_warns(org, connection):
    org.control("duplicate_rules", {"object": "Lead", "action": "alert"})
    make.lead(email="info@globex.example")
    make.lead(email="info@globex.example", first_name="Hugo")
    make.drain(connection)
    assert [each["Email"] for each in org.leads()] == ["info@globex.example"] * 2
    assert CrmLink.objects.count() == 2


def test_a_lead_that_was_converted_is_its_contact_from_then_on(org, connection):
    lead = make.lead(phone="+493090182001")
    make.drain(connection)
    number = CrmLink.objects.get().remote_id
    contact = org.control(f"Lead/{number}/convert", {})["contactId"]
    make.edit(lead, phone="+493090182002")
    drain_past_people(connection)
    link = CrmLink.objects.get()
    assert (link.remote_id, link.gone_at) == (contact, None)
    (there,) = org.rows(("Contact", ["Id", "Phone"], ""))
    assert there["Phone"] == "+493090182002"
    assert len(org.rows(("Lead", ["Id"], ""))) == 1


def test_a_lead_that_was_merged_away_is_not_made_again(org, connection):
    lead = make.lead()
    make.drain(connection)
    number = CrmLink.objects.get().remote_id
    fields = {"LastName": "Green", "Company": "Globex"}
    winner = org.control("Lead", {"fields": fields})["id"]
    org.control("Lead/merge", {"master": winner, "others": [number]})
    make.edit(lead, phone="+493090182002")
    drain_past_people(connection)
    assert CrmLink.objects.get().remote_id == winner
    (there,) = org.leads("Phone", "leadops_id__c")
    assert (there["Id"], there["Phone"], there["leadops_id__c"]) == (winner, "+493090182002", str(lead.pk))


def test_a_lead_that_was_deleted_is_gone_and_not_made_again(org, connection):
    lead = make.lead()
    make.drain(connection)
    org.control(f"Lead/{CrmLink.objects.get().remote_id}", method="DELETE")
    make.edit(lead, phone="+493090182002")
    make.drain(connection)
    make.drain(connection)
    assert org.leads() == []
    assert CrmLink.objects.get().gone_at is not None
    assert not outbox.has_pending(connection.pk)


def test_a_rule_of_the_admin_that_is_broken_is_told_in_its_words_and_costs_no_other(org, connection):
    org.control(
        "rules",
        {
            "object": "Lead",
            "when": {"field": "Title", "values": [None]},
            "message": "Every lead needs a title.",
            "fields": ["Title"],
        },
    )
    make.lead(email="a@globex.example")
    make.lead(email="b@globex.example", job_title="Head of Sales")
    make.drain(connection)
    assert [each["Email"] for each in org.leads()] == ["b@globex.example"]
    (item,) = ExceptionItem.objects.filter(kind=kinds.RULE_BROKEN)
    assert "Every lead needs a title" in item.cause


def test_a_locked_row_is_tried_again_and_holds_up_nobody(org, connection):
    org.control(
        "rules",
        {
            "object": "Lead",
            "when": {"field": "Email", "values": ["a@globex.example"]},
            "code": "UNABLE_TO_LOCK_ROW",
            "message": "unable to obtain exclusive access to this record",
            "times": 1,
        },
    )
    make.lead(email="a@globex.example")
    make.lead(email="b@globex.example")
    make.drain(connection)
    assert "b@globex.example" in [each["Email"] for each in org.leads()]
    make.make_due(connection)
    make.drain(connection)
    assert len(org.leads()) == 2
    assert not ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN).exists()


def test_who_has_used_up_the_calls_of_the_day_asks_again_as_soon_as_the_pause_is_over(org, connection):
    """What an answer says is left, and that it refuses, are one pause."""
    org.control("org", {"daily_calls": 1})
    make.lead()
    make.drain(connection)
    make.drain(connection)
    connection.refresh_from_db()
    assert connection.budget["daily_remaining"] == 0
    assert connection.not_before is not None
    Budget(connection.budget).check(now=connection.not_before)
    org.control("org", {"daily_calls": 100_000})
    connection.not_before, connection.budget = None, {}
    connection.save()
    make.make_due(connection)
    make.drain(connection)
    assert len(org.leads()) == 1
