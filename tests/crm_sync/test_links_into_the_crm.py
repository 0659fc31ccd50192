"""From a lead to its record in the CRM is one click."""

import pytest
import requests
from django.urls import reverse

from crm_sync import crm_state
from crm_sync.models import CrmConnection, CrmLink
from crm_sync.schema import reading
from routing.models import Assignment
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(lead):
    row = Assignment.objects.select_related("owner", "queue__crm_owner").get(lead=lead)
    (found,) = crm_state.of_leads([lead.pk], assignments={lead.pk: row})[lead.pk]
    return found


def test_the_page_of_a_lead_links_to_its_record_in_the_account_of_the_token(crm, connection, admin_client):
    lead = make.lead()
    make.drain(connection)
    number = make.link_of(lead).remote_id
    page = state_of(lead).page
    assert page == f"{crm.url}/contacts/90210042/record/0-1/{number}"
    shown = requests.get(page, timeout=5)
    assert (shown.status_code, f"Contact #{number}" in shown.text) == (200, True)
    text = admin_client.get(reverse("admin:intake_lead_change", args=(lead.pk,))).content.decode()
    assert text.count(f'href="{page}"') == 2


def test_what_is_gone_there_has_no_page(crm, connection):
    lead = make.lead()
    make.drain(connection)
    CrmLink.objects.update(gone_at="2026-01-01T00:00Z", gone_how="deleted")
    assert state_of(lead).page == ""


def test_a_crm_that_does_not_say_costs_nothing_else(crm, connection):
    crm.call(
        "POST",
        "/control/faults",
        {"target": "hubspot", "kind": "status", "status": 403, "path": "/account-info"},
    )
    lead = make.lead()
    make.drain(connection)
    assert state_of(lead).state == "in_sync"
    assert state_of(lead).page == ""
    crm.call("DELETE", "/control/faults")
    connection.refresh_from_db()
    reading.read_now(connection)
    assert state_of(lead).page.startswith(crm.url)


@pytest.mark.parametrize("number", ["a/../b", "x?y=1"])
def test_a_number_is_no_part_of_an_address(number):
    row = CrmConnection(record_address="https://crm.example/people/{id}")
    assert row.page_of(number).startswith("https://crm.example/people/")
    assert not set(row.page_of(number).removeprefix("https://crm.example/people/")) & set("/?")
