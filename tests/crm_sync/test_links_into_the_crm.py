"""From a lead to its record in the CRM is one click."""

import pytest
import requests
from django.urls import reverse
from django.utils import timezone

from crm_sync import crm_state
from crm_sync.models import (
    Account,
    BornContact,
    CrmConnection,
    CrmDifference,
    CrmLink,
    InboundEvent,
    KnownContact,
    OpenDeal,
)
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


LINKED = [
    (KnownContact, "0-1", {}),
    (Account, "0-2", {"name": "Globex"}),
    (OpenDeal, "0-3", {"name": "Globex 2027"}),
]


@pytest.mark.parametrize(("model", "type_id", "more"), LINKED, ids=["contact", "account", "deal"])
def test_what_the_crm_knows_links_to_its_record_of_that_kind(
    crm, connection, admin_client, model, type_id, more
):
    reading.read_now(connection)
    row = model.objects.create(connection=connection, remote_id="4711", **more)
    name = model._meta.model_name
    pages = [
        reverse(f"admin:crm_sync_{name}_changelist"),
        reverse(f"admin:crm_sync_{name}_change", args=(row.pk,)),
    ]
    address = (
        f'href="{crm.url}/contacts/90210042/record/{type_id}/4711" target="_blank" rel="noopener noreferrer"'
    )
    for page in pages:
        assert admin_client.get(page).text.count(address) == 1, page
    model.objects.update(gone=True)
    assert address not in admin_client.get(pages[0]).text


def test_a_company_and_a_deal_have_a_page_there(crm, connection):
    reading.read_now(connection)
    connection.refresh_from_db()
    firm = crm.call("POST", "/control/hubspot/companies", {"properties": {"name": "Globex"}})["id"]
    deal = crm.call(
        "POST",
        "/control/hubspot/deals",
        {"properties": {"dealname": "Globex 2027", "dealstage": "contractsent"}},
    )["id"]
    for number, kind, said in ((firm, "companies", f"Company #{firm}"), (deal, "deals", f"Deal #{deal}")):
        shown = requests.get(connection.page_of(number, kind), timeout=5)
        assert (shown.status_code, said in shown.text) == (200, True)
    assert requests.get(connection.page_of("99", "deals"), timeout=5).status_code == 404


def test_what_goes_out_comes_in_and_differs_links_to_the_lead_s_record(crm, connection, admin_client):
    lead = make.lead()
    make.drain(connection)
    link, now = make.link_of(lead), timezone.now()
    make.push(lead)
    InboundEvent.objects.create(
        connection=connection,
        remote_id=link.remote_id,
        dedupe_key="one",
        received_at=now,
        due_at=now,
        payload={},
    )
    found = {"connection": connection, "lead": lead, "found_at": now, "seen_at": now}
    CrmDifference.objects.create(kind="changed", remote_id=link.remote_id, **found)
    CrmDifference.objects.create(kind="deleted", remote_id="99", **found)
    BornContact.objects.create(connection=connection, remote_id=link.remote_id, begun_at=now, due_at=now)
    address = f'href="{crm.url}/contacts/90210042/record/0-1/{link.remote_id}" target="_blank"'
    for name in ("outboxentry", "inboundevent", "crmdifference", "borncontact"):
        text = admin_client.get(reverse(f"admin:crm_sync_{name}_changelist")).text
        assert text.count(address) == 1, name
        assert "/record/0-1/99" not in text


def test_only_addresses_of_the_web_are_links():
    row = CrmConnection(record_address="javascript:alert(1)//record/0-1/{id}")
    assert [row.page_of("1", kind) for kind in ("contacts", "companies")] == ["", ""]


def test_a_kind_without_a_connector_has_no_links():
    assert CrmConnection(kind="gone", record_address="https://crm.example/{id}").page_of("1") == ""


@pytest.mark.parametrize("number", ["a/../b", "x?y=1"])
def test_a_number_is_no_part_of_an_address(number):
    row = CrmConnection(record_address="https://crm.example/record/0-1/{id}")
    assert row.page_of(number).startswith("https://crm.example/record/0-1/")
    assert not set(row.page_of(number).removeprefix("https://crm.example/record/0-1/")) & set("/?")
