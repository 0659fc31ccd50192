"""Rules that an admin of the CRM has made for writing: they stop the leads that break them, in the CRM's words, and no others."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.admin import refused_leads
from crm_sync.connectors.base import Refusal
from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from crm_sync.outbound import broken_rules
from crm_sync.outbound.lead_push import Push
from crm_sync.tasks import read_properties
from exception_queue.models import ExceptionItem
from intake.models import Lead
from tests.exception_queue.trying import fails_again, only, works_now
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rule(crm):
    return crm.call("POST", "/control/hubspot/rules", {"kind": "contacts", "property": "company"})


def test_a_lead_that_breaks_a_rule_waits_with_the_words_of_the_crm_and_goes_when_the_rule_has_gone(
    crm, connection, rule
):
    make.lead(email="with@globex.example")
    lead = make.lead(email="without@globex.example", company="")
    make.drain(connection)
    assert [each["email"] for each in crm.contacts()] == ["with@globex.example"]
    item = ExceptionItem.objects.get()
    assert (item.kind, item.count) == (kinds.RULE_BROKEN, 1)
    assert "A value for company must be provided" in item.cause
    crm.call("DELETE", "/control/hubspot/rules")
    make.push(lead)
    make.drain(connection)
    assert len(crm.contacts()) == 2
    assert not OutboxEntry.objects.exists()
    item.refresh_from_db()
    assert item.status == "resolved"


def test_an_older_version_of_the_api_knows_no_rules(crm, connection, rule):
    connection.api_version = "v3"
    connection.save()
    make.lead(email="without@globex.example", company="")
    make.drain(connection)
    assert [each["email"] for each in crm.contacts()] == ["without@globex.example"]
    assert not ExceptionItem.objects.exists()


def without_company(number):
    return [make.lead(email=f"p{each}@globex.example", company="") for each in range(number)]


def test_all_leads_that_break_one_rule_are_one_item_that_says_how_many_and_which(
    crm, connection, rule, admin_user
):
    leads = without_company(3)
    make.drain(connection)
    item = only(kinds.RULE_BROKEN)
    assert (
        item.cause
        == "HubSpot says: The property values provided are invalid; A value for company must be provided; 3 leads wait."
    )
    assert item.count == 3
    shown = refused_leads.panel(item, admin_user).context
    assert shown["leads"] == 3
    assert {row.lead for row in shown["rows"]} == set(leads)
    late = without_company(4)[3]
    make.drain(connection)
    item.refresh_from_db()
    assert item.count == 7
    assert "7 leads wait" in item.cause
    assert ExceptionItem.objects.count() == 1
    assert late in {row.lead for row in refused_leads.panel(item, admin_user).context["rows"]}


def test_each_rule_has_an_item_of_its_own(crm, connection, rule):
    make.lead(email="first@globex.example")
    make.drain(connection)
    crm.call(
        "POST",
        "/control/hubspot/rules",
        {"kind": "contacts", "property": "phone", "when": {"property": "leadops_segment", "values": ["hot"]}},
    )
    without_company(2)
    make.lead(email="hot@globex.example", segment="hot")
    make.drain(connection)
    found = ExceptionItem.objects.filter(kind=kinds.RULE_BROKEN)
    assert sorted(item.subject_label for item in found) == ["HubSpot: company", "HubSpot: phone"]
    assert (
        "conditional property rule based on [leadops_segment]"
        in found.get(subject_label="HubSpot: phone").cause
    )


def test_what_people_typed_makes_no_other_rule_and_is_not_told(connection):
    def rule(company):
        lead = make.lead(email=f"{company}@{company}.example", company=company)
        push = Push(OutboxEntry.objects.get(lead=lead), lead, sending={"company": company, "state": ""})
        said = Refusal(f"state is needed for {company}, says the company", {"state": "CONDITIONAL"})
        return broken_rules.rule_of(push, said)

    assert rule("Globex") == rule("Initech")
    assert rule("Globex").words == "state is needed for …, says the company"


def test_trying_again_sends_all_of_them_and_the_item_closes_with_the_last(crm, connection, rule):
    without_company(3)
    make.drain(connection)
    item = only(kinds.RULE_BROKEN)
    fails_again(item, lambda: make.drain(connection))
    crm.call("DELETE", "/control/hubspot/rules")
    works_now(item, lambda: make.drain(connection))
    assert len(crm.contacts()) == 3
    assert not OutboxEntry.objects.exists()


def test_a_lead_that_is_corrected_goes_and_the_item_stays_for_the_others(crm, connection, rule):
    first, *_ = without_company(3)
    make.drain(connection)
    Lead.objects.filter(pk=first.pk).update(company="Globex")
    make.push(first)
    make.drain(connection)
    assert len(crm.contacts()) == 1
    item = only(kinds.RULE_BROKEN)
    assert OutboxEntry.objects.filter(rule=item.subject_id.partition(":")[2]).count() == 2


def test_a_rule_that_has_gone_there_is_found_within_the_hour_and_all_go(crm, connection, rule):
    without_company(9)
    make.drain(connection)
    crm.call("DELETE", "/control/hubspot/rules")
    read_properties()
    make.drain(connection)
    assert len(crm.contacts()) == 9
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_a_mapping_that_gives_what_the_rule_asks_for_sends_all_of_them(crm, connection):
    crm.call("POST", "/control/hubspot/rules", {"kind": "contacts", "property": "city"})
    make.lead(email="a@globex.example", city="Springfield")
    make.drain(connection)
    only(kinds.RULE_BROKEN)
    FieldMapping.objects.create(connection=connection, canonical="city", property="city", position=90)
    CrmConnection.objects.update(prepared_at=None)
    make.push(make.lead(email="b@globex.example", city="Springfield"))
    make.drain(connection)
    assert len(crm.contacts()) == 2
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_an_item_for_which_no_lead_waits_any_more_closes(crm, connection, rule):
    (lead,) = without_company(1)
    make.drain(connection)
    OutboxEntry.objects.filter(lead=lead).delete()
    read_properties()
    assert not ExceptionItem.objects.filter(status="open").exists()


def test_an_address_that_is_refused_is_its_leads_own_trouble(crm, connection, rule):
    make.lead(email="not an address")
    make.drain(connection)
    item = only(kinds.REJECTED)
    Lead.objects.update(email="gina@globex.example", company="")
    make.push(Lead.objects.get())
    make.drain(connection)
    item.refresh_from_db()
    assert item.status == "resolved"
    only(kinds.RULE_BROKEN)
