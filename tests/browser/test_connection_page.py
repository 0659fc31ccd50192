"""The page of a connection, what it has read, and what a comparison has found."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_sandbox.server import SandboxServer
from crm_sync.born_there import taking
from crm_sync.models import (
    CrmConnection,
    CrmDifference,
    CrmLink,
    FieldMapping,
    MirrorProgress,
    Reconciliation,
)
from crm_sync.outbound import sending
from crm_sync.polling import filling
from crm_sync.reconcile import running
from intake import runner
from intake.models import IntakeForm, Lead
from plumbing import secrets
from routing.models import LeadScore
from tests.browser.axe import faults
from tests.make.crm_sync import push
from tests.make.sandbox import TOKEN, Crm

pytestmark = pytest.mark.browser


@pytest.fixture
def crm(company, tmp_path):
    """The demo's leads are in the CRM, which has a company with a deal besides, and was read whole."""
    with SandboxServer(data_dir=tmp_path) as server:
        found = Crm(server.url)
        CrmConnection.objects.update(
            base_url=f"{server.url}/hubspot", token=secrets.encrypt(TOKEN), token_env="", active=True
        )
        push(*Lead.objects.all())
        sending.drain_all()
        firm = found.call(
            "POST",
            "/control/hubspot/companies",
            {
                "properties": {"name": "Beispiel Werke GmbH", "domain": "beispiel.example"},
                "owner": "eva@acme.test",
            },
        )["id"]
        person = CrmLink.objects.get(lead__full_name="Jana Weiss").remote_id
        found.call(
            "POST",
            "/control/hubspot/deals",
            {
                "properties": {"dealname": "Beispiel 2027", "dealstage": "contractsent"},
                "contact": person,
                "company": firm,
            },
        )
        filling.fill_all()
        yield found


def cut(page: Page) -> bool:
    """Whether a word of the title bar is shown in part."""
    parts = page.locator("#header-inner .truncate")
    return bool(parts.evaluate_all("them => them.some(one => one.scrollWidth > one.clientWidth)"))


def test_the_page_says_what_comes_in_and_a_comparison_what_differs(console: Page, crm: Crm, shoot):
    lead = Lead.objects.get(full_name="Tom Field")
    crm.person_changes(CrmLink.objects.get(lead=lead).remote_id, leadops_segment="lukewarm")
    crm.call(
        "DELETE",
        f"/control/hubspot/contacts/{CrmLink.objects.get(lead__full_name='Lea Roth').remote_id}",
    )
    row = CrmConnection.objects.get()
    for days, equal in ((3, 8), (2, 11), (1, 10)):
        at = timezone.now() - timedelta(days=days)
        Reconciliation.objects.create(
            connection=row, started_at=at, finished_at=at, total=11, checked=11, equal=equal
        )
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(row.pk,)))
    expect(console.get_by_role("heading", name="What comes in")).to_be_visible()
    expect(console.get_by_role("row", name=re.compile("Contacts"))).to_contain_text("whole")
    shoot("connection")
    assert not cut(console), "the title has no room beside the buttons"
    console.get_by_role("button", name="More").click()
    expect(console.get_by_role("link", name="Read properties now")).to_be_visible()
    console.mouse.move(0, 0)
    assert faults(console, within="#header-inner") == ""
    shoot("connection-more")
    console.keyboard.press("Escape")
    expect(console.get_by_role("link", name="Read properties now")).to_be_hidden()
    console.get_by_text("Who decides", exact=True).click()
    expect(console.get_by_label("Company")).to_be_visible()
    shoot("connection-who-decides")
    console.get_by_text("Which leads", exact=True).click()
    shoot("connection-which-leads")
    console.get_by_role("link", name="Compare now").first.click()
    console.get_by_role("button", name="Compare", exact=True).click()
    expect(console.locator(".lo-answer")).to_contain_text("Comparing")
    running.work_all()
    expect(console.locator("#round")).to_contain_text("of 11 leads are equal there")
    shoot("comparison")
    console.get_by_role("link", name="All that is open").click()
    shoot("differences")
    expect(console.get_by_text("lukewarm")).to_be_visible()
    assert CrmDifference.objects.filter(settled_at=None).count() == 2


def test_contacts_made_there_become_leads_from_the_page_on(console: Page, crm: Crm, shoot):
    row = CrmConnection.objects.get()
    address = reverse("admin:crm_sync_crmconnection_change", args=(row.pk,))
    console.goto(address)
    console.get_by_text("Made there", exact=True).first.click()
    console.get_by_label("Contacts made there become leads").check()
    console.get_by_label("Made there since").fill("yesterday")
    shoot("connection-made-there")
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.get_by_text("“yesterday” is no date")).to_be_visible()
    shoot("connection-made-there-wrong")
    console.get_by_label("Made there since").fill("2026-01-01")
    console.get_by_label("At most a minute").fill("2")
    console.get_by_role("button", name="Save", exact=True).click()
    people = [
        {"email": f"new{n}@bigcorp.example", "firstname": "New", "lastname": f"Person {n}"} for n in range(5)
    ]
    crm.call("POST", "/control/hubspot/imports", {"contacts": people})
    crm.call("POST", "/control/hubspot/contacts", {"properties": {"firstname": "Nobody"}})
    MirrorProgress.objects.update(polled_at=timezone.now() - timedelta(minutes=5))
    filling.fill_all()
    taking.take_all(now=timezone.now() - timedelta(minutes=2))
    taking.take_all(now=timezone.now() - timedelta(seconds=50))
    taking.take_all(now=timezone.now() + timedelta(minutes=1))
    runner.drain(now=timezone.now() + timedelta(minutes=1))
    console.goto(address)
    expect(console.get_by_text("made there became leads in 24 hours")).to_be_visible()
    shoot("connection-made-there-count")
    console.get_by_text("made there became leads in 24 hours").click()
    expect(console.get_by_text("Became a lead").first).to_be_visible()
    shoot("made-there")
    console.goto(reverse("admin:intake_intakeform_change", args=(IntakeForm.objects.get(key=row.key).pk,)))
    expect(console.get_by_text("Nobody posts here")).to_be_visible()
    shoot("form-of-a-crm")


@pytest.mark.parametrize(
    ("name", "type_id"), [("knowncontact", "0-1"), ("account", "0-2"), ("opendeal", "0-3")]
)
def test_what_the_crm_knows_is_listed_with_its_age(console: Page, crm: Crm, shoot, name, type_id):
    console.goto(reverse(f"admin:crm_sync_{name}_changelist"))
    expect(console.locator(".lo-answer").first).to_contain_text("asked for changes")
    there = console.locator("#result_list a[target=_blank]").first
    expect(there).to_have_attribute("href", re.compile(f"/record/{type_id}/"))
    with console.context.expect_page() as opened:
        there.click()
    expect(opened.value.locator("body")).to_contain_text("Properties")
    opened.value.close()
    shoot(f"mirror-{name}")


def test_the_last_tries_of_a_lead_say_what_was_sent_and_what_the_crm_said(console: Page, crm: Crm, shoot):
    lead = Lead.objects.get(full_name="Jana Weiss")
    crm.call(
        "POST",
        "/control/hubspot/rules",
        {
            "kind": "contacts",
            "property": "jobtitle",
            "when": {"property": "leadops_segment", "values": ["cold"]},
        },
    )
    crm_field = FieldMapping.objects.get(canonical="segment")
    assert crm_field.property == "leadops_segment"
    LeadScore.objects.filter(lead=lead).update(segment="cold")
    push(lead)
    sending.drain_all()
    console.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    console.get_by_role("tab", name=re.compile("Sync")).click()
    panel = console.locator("[role=tabpanel]:visible")
    expect(panel).to_contain_text("Last tries to write it into HubSpot")
    panel.locator("details summary").last.click()
    panel.scroll_into_view_if_needed()
    shoot("lead-tries")
    expect(panel.get_by_role("link", name=re.compile("#"))).to_have_attribute(
        "href", re.compile("/record/0-1/")
    )
    expect(panel).to_contain_text("leadops_score")
    expect(panel).not_to_contain_text(lead.email)


def test_going_live_shows_first_what_would_be_written(console: Page, crm: Crm, shoot):
    CrmConnection.objects.update(mode="observe")
    CrmLink.objects.filter(lead__full_name="Jana Weiss").delete()
    console.goto(reverse("admin:crm_sync_crmconnection_change", args=(CrmConnection.objects.get().pk,)))
    console.get_by_role("button", name="Mode").click()
    console.get_by_role("link", name="Go live").click()
    dialog = console.locator("#dialog")
    expect(dialog).to_contain_text("What would be written for the newest of them")
    expect(dialog).to_contain_text("hs_lead_status")
    shoot("going-live")


def test_only_test_leads_are_written_after_a_look_at_what_that_would_be(console: Page, crm: Crm, shoot):
    CrmConnection.objects.update(mode="observe")
    lead = Lead.objects.get(full_name="Jana Weiss")
    CrmLink.objects.filter(lead=lead).delete()
    connection_page = reverse("admin:crm_sync_crmconnection_change", args=(CrmConnection.objects.get().pk,))
    console.goto(connection_page)
    console.get_by_role("button", name="Mode").click()
    console.get_by_role("link", name="Test leads only…").click()
    expect(console.locator("#dialog")).to_contain_text("There is no test lead yet")
    shoot("trying-without-tests")

    console.goto(reverse("admin:intake_testaddress_add"))
    console.locator("[name=pattern]").fill("@gmail.com")
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.get_by_text("Anybody can have an address at gmail.com")).to_be_visible()
    shoot("test-address-wrong")
    console.locator("[name=pattern]").fill("*+test@acme.test")
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.locator("#result_list")).to_contain_text("*+test@acme.test")
    shoot("test-addresses")

    console.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    console.get_by_role("button", name="More").click()
    shoot("lead-more")
    console.get_by_role("button", name="Mark as test").click()
    console.locator("#dialog").get_by_role("button", name="Mark as test").click()
    expect(console.locator(".lo-name h2")).to_contain_text("Test")
    expect(console.get_by_text("Marked as a test lead")).to_be_visible()
    shoot("lead-test")
    console.goto(f"{reverse('admin:intake_lead_changelist')}?is_test__exact=1")
    expect(console.get_by_role("row", name=re.compile("Jana Weiss"))).to_contain_text("Test")
    shoot("leads-with-a-test")

    console.goto(connection_page)
    console.get_by_role("button", name="Mode").click()
    console.get_by_role("link", name="Test leads only…").click()
    dialog = console.locator("#dialog")
    expect(dialog).to_contain_text("Also write 1 test lead that has no record there yet")
    expect(dialog).to_contain_text("hs_lead_status")
    shoot("trying")
    dialog.get_by_label("Also write 1 test lead").check()
    dialog.get_by_role("button", name="Only test leads").click()
    expect(console.locator(".lo-answer")).to_contain_text("Only test leads are written there")
    sending.drain_all()
    console.goto(connection_page)
    expect(console.locator(".lo-answer")).to_contain_text("1 so far")
    shoot("connection-test")
    console.goto(reverse("admin:crm_sync_crmconnection_changelist"))
    expect(console.locator("#result_list")).to_contain_text("test leads only")
    shoot("connections-test")
    assert CrmLink.objects.filter(lead=lead).exists()
