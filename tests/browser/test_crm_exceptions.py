"""Exceptions about what the CRM does not take, on their own pages: which leads wait, and what can be done right there."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, CrmLink, FieldMapping
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake.models import Lead
from plumbing import secrets
from tests.crm_sync.test_values_that_do_not_fit import make_choice
from tests.make import salesforce
from tests.make.crm_sync import push
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def crm(company, tmp_path):
    with SandboxServer(data_dir=tmp_path) as server:
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        yield Crm(server.url)


def item_page(kind: str) -> str:
    item = ExceptionItem.objects.get(kind=kind, status="open")
    return reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))


def test_a_rule_that_leads_break_names_them(console: Page, crm: Crm, shoot):
    crm.call("POST", "/control/hubspot/rules", {"kind": "contacts", "property": "state"})
    push(*Lead.objects.all())
    sending.drain_all()
    console.goto(item_page("crm.rule_broken"))
    expect(console.get_by_text("A value for state must be provided").first).to_be_visible()
    lead = Lead.objects.order_by("created_at").first()
    expect(console.get_by_role("link", name=str(lead))).to_be_visible()
    shoot("exception-rule")
    console.get_by_text("in the outbox").click()
    expect(console.get_by_text(lead.email).or_(console.get_by_text(str(lead))).first).to_be_visible()


def test_a_value_that_is_no_option_is_translated_where_it_is_told(console: Page, crm: Crm, shoot):
    make_choice(crm, options=[("MACHINERY", "Machinery"), ("FINANCE", "Banks & finance"), ("IT", "Software")])
    connection = CrmConnection.objects.get()
    FieldMapping.objects.create(connection=connection, canonical="industry", property="branch", position=90)
    leads = list(Lead.objects.order_by("created_at"))
    for lead, industry in zip(
        leads, ["Maschinenbau", "Maschinenbau", '<b>R&D</b>; "labs"', "software"], strict=False
    ):
        Lead.objects.filter(pk=lead.pk).update(industry=industry)
    push(*leads)
    sending.drain_all()
    console.goto(item_page("crm.value_left_out"))
    choose = console.get_by_label("Translate Maschinenbau to")
    expect(choose.locator("option")).to_have_text(
        ["Not now", "Leave it empty", "Machinery", "Banks & finance", "Software"]
    )
    expect(console.get_by_label("Translate software to")).to_have_value("=IT")
    choose.select_option("Machinery")
    console.get_by_label('Translate <b>R&D</b>; "labs" to').select_option("Leave it empty")
    shoot("exception-translate")
    console.get_by_role("button", name="Save translations").click()
    expect(console.get_by_text("“Maschinenbau” is written as “MACHINERY”").first).to_be_visible()
    expect(console.get_by_text("trying", exact=True)).to_be_visible()
    sending.drain_all()
    console.reload()
    expect(console.get_by_text("Resolved").first).to_be_visible()
    shoot("exception-translated")
    assert FieldMapping.objects.get(canonical="industry").values == {
        "Maschinenbau": "MACHINERY",
        '<b>R&D</b>; "labs"': "",
        "software": "IT",
    }


@pytest.fixture
def asking(crm) -> CrmConnection:
    """The only one that is written to."""
    CrmConnection.objects.update(active=False, primary=False)
    return salesforce.connection(crm.url, on_duplicate="ask")


def test_a_duplicate_shows_both_sides_and_is_linked_where_it_is_told(
    console: Page, crm: Crm, asking: CrmConnection, shoot
):
    lead = Lead.objects.exclude(company="").exclude(email="").order_by("created_at").first()
    made = "/control/salesforce"
    match = [{"object": each, "fields": ["Email"]} for each in ("Lead", "Contact")]
    crm.call("POST", f"{made}/duplicate_rules", {"object": "Lead", "action": "alert", "match": match})
    for kind, more in (("Lead", {"Company": "Globex"}), ("Contact", {"Title": "Head of Sales"})):
        fields = {"Email": lead.email, "LastName": lead.last_name or "Green", **more}
        crm.call("POST", f"{made}/{kind}", {"fields": fields, "owner": "bob@acme.test"})
    push(lead)
    sending.drain_all()
    console.goto(item_page("crm.duplicate"))
    expect(console.get_by_role("heading", name="Is it the same person?")).to_be_visible()
    expect(console.get_by_text("It is a Contact, and no Lead")).to_be_visible()
    shoot("exception-duplicate")
    console.get_by_role("button", name="It is this one").first.click()
    expect(console.get_by_text("The lead is linked to this record")).to_be_visible()
    sending.drain_all()
    assert CrmLink.objects.filter(connection=asking, lead=lead).exists()
    assert not ExceptionItem.objects.filter(kind="crm.duplicate", status="open").exists()


def test_what_stands_there_for_leads_without_a_value_is_said_where_they_wait(
    console: Page, crm: Crm, asking: CrmConnection, shoot
):
    lead = Lead.objects.order_by("created_at").first()
    Lead.objects.filter(pk=lead.pk).update(company="")
    push(lead)
    sending.drain_all()
    console.goto(item_page("crm.rule_broken"))
    console.get_by_label("Text for leads without Company").fill("[not provided]")
    shoot("exception-default")
    console.get_by_role("button", name="Write it for these leads").click()
    expect(console.get_by_text("stands in Company for leads without one")).to_be_visible()
    sending.drain_all()
    assert CrmLink.objects.filter(connection=asking, lead=lead).exists()
    console.goto(f"{reverse('admin:crm_sync_crmconnection_change', args=(asking.pk,))}#mappings")
    shoot("mapping-default")
