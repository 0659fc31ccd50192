"""What stands in a property that every record needs, where the lead has no value for it."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from crm_sync import exception_kinds as kinds
from crm_sync.models import CrmLink, FieldMapping, OutboxEntry
from crm_sync.polling import filling
from exception_queue.models import ExceptionItem
from intake.models import Lead
from tests.crm_sync.salesforce.test_changes import poll
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)

NONE = "[not provided]"


@pytest.fixture
def org(crm, connection):
    return Org(crm, connection)


def say(default, mode="overwrite"):
    FieldMapping.objects.filter(canonical="company").update(default=default, mode=mode)


def company(org):
    (there,) = org.leads("Company")
    return there["Company"]


def test_a_lead_without_a_company_has_the_text_that_the_line_says_and_nothing_else(org, connection):
    say(NONE)
    make.lead(email="gina@globex.example", company="")
    make.drain(connection)
    assert company(org) == NONE


@pytest.mark.parametrize("mode", ["overwrite", "if_empty"])
def test_a_company_that_comes_later_takes_its_place_and_gives_it_back(org, connection, mode):
    say(NONE, mode)
    lead = make.lead(company="")
    make.drain(connection)
    make.edit(lead, company="Globex")
    make.drain(connection)
    assert company(org) == "Globex"
    make.edit(lead, company="")
    make.drain(connection)
    assert company(org) == {"overwrite": NONE, "if_empty": "Globex"}[mode]


@pytest.mark.parametrize("mode", ["overwrite", "if_empty"])
def test_it_goes_over_nothing_that_stands_in_somebodys_record(org, connection, mode):
    say(NONE, mode)
    org.control("duplicate_rules", {"object": "Lead", "action": "alert"})
    fields = {"Email": "gina@globex.example", "LastName": "Green", "Company": "Initech"}
    org.control("Lead", {"fields": fields})
    make.lead(email="gina@globex.example", company="")
    make.drain(connection)
    assert company(org) == "Initech"


def test_it_is_no_value_of_the_lead_when_it_comes_back(org, connection):
    say(NONE)
    make.queue(fallback=True)
    lead = make.lead(company="")
    make.drain(connection)
    filling.fill_all()
    poll()
    number = CrmLink.objects.get().remote_id
    org.control(f"Lead/{number}", {"fields": {"Company": "Globex"}, "by": "bob@acme.test"}, method="PATCH")
    poll()
    assert Lead.objects.get(pk=lead.pk).company == "Globex"
    org.control(f"Lead/{number}", {"fields": {"Company": NONE}, "by": "bob@acme.test"}, method="PATCH")
    poll()
    assert Lead.objects.get(pk=lead.pk).company == "Globex"


def test_without_a_choice_such_leads_wait_and_the_item_asks_for_it(org, connection, client):
    for number in range(2):
        make.lead(email=f"p{number}@globex.example", company="")
    make.drain(connection)
    assert org.leads() == []
    item = ExceptionItem.objects.get(kind=kinds.RULE_BROKEN)
    client.force_login(User.objects.create_superuser("ops"))
    page = client.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).content.decode()
    assert "What stands in Company for leads without Company?" in page
    url = reverse("admin:crm_sync_crmconnection_default", args=(connection.pk,))
    line = FieldMapping.objects.get(canonical="company")
    client.post(url, {"mapping": line.pk, "default": "x" * 256})
    assert not FieldMapping.objects.exclude(default="").exists()
    client.post(url, {"mapping": line.pk, "default": NONE})
    assert (
        FieldMapping.objects.get(pk=line.pk).default,
        FieldMapping.history.filter(id=line.pk).count(),
    ) == (NONE, 2)
    make.drain(connection)
    assert [each["Company"] for each in org.leads("Company")] == [NONE, NONE]
    assert not OutboxEntry.objects.exists()


def test_an_org_with_individuals_takes_a_lead_without_one(org, connection):
    org.control("fields/Lead/Company", {"nillable": True})
    make.lead(company="")
    make.drain(connection)
    assert company(org) is None
