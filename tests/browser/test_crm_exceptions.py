"""Exceptions about what the CRM does not take, on their own pages: which leads wait, and what can be done right there."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.models import CrmConnection, FieldMapping
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from intake.models import Lead
from plumbing import secrets
from tests.crm_sync.test_values_that_do_not_fit import make_choice
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
