"""Rules that an admin of the CRM has made for writing: they stop the leads that break them, in the CRM's words, and no others."""

import pytest

from crm_sync import exception_kinds as kinds
from crm_sync.models import OutboxEntry
from exception_queue.models import ExceptionItem
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
    assert (item.kind, item.subject_id) == (kinds.REJECTED, str(lead.pk))
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
