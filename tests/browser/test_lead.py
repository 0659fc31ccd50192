"""The list and the page of leads, in a browser."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from exception_queue import queue
from intake.models import Lead
from routing.models import Assignment, NamedAccount, Owner, SlaClock
from tests import make

pytestmark = pytest.mark.browser


def open_lead(console: Page, name: str) -> Lead:
    lead = Lead.objects.get(full_name=name)
    console.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    return lead


def test_the_list_is_searched_and_leads_to_a_lead(console: Page, shoot):
    console.goto(reverse("admin:intake_lead_changelist"))
    expect(console.get_by_text("Jana Weiss")).to_be_visible()
    expect(console.locator("time[data-show=ago]").first).to_contain_text(re.compile("ago|just now"))
    shoot("leads")
    console.locator("[name=q]").fill("stein")
    console.keyboard.press("Enter")
    expect(console.get_by_text("Jana Weiss")).to_have_count(0)
    console.get_by_text("Pia Stein").click()
    expect(console.locator(".lo-name h2")).to_have_text("Pia Stein")


def test_the_page_answers_first_and_proves_below(console: Page, shoot):
    lead = open_lead(console, "Jana Weiss")
    owner = Assignment.objects.get(lead=lead).owner
    assert owner is not None
    head = console.locator(".lo-head")
    expect(head).to_contain_text(owner.name)
    expect(head).to_contain_text("hot")
    expect(head.locator("time[data-show=due]")).to_contain_text(re.compile("^in |late$"))
    expect(console.locator(".lo-why")).to_contain_text("Rule “DACH”")
    expect(console.locator(".lo-story > li").first).to_be_visible()
    shoot("lead")
    for tab in ("Clock and notices", "Duplicates", "Submissions", "Sync", "Consent"):
        console.get_by_role("tab", name=re.compile(tab)).click()
        expect(console.locator("[role=tabpanel]:visible")).to_have_count(1)
    console.get_by_role("tab", name=re.compile("Submissions")).click()
    expect(console.locator("[role=tabpanel]:visible")).to_contain_text('"newsletter_topic": "rotations"')


def test_a_lead_says_which_account_it_belongs_to(console: Page, shoot):
    NamedAccount.objects.create(company="Globex Europe", domains=["globex.com"])
    NamedAccount.objects.create(company="Globex, Inc.", country="JP")
    make.handed_off(
        make.american(email="ann.fox@globex.com", full_name="Ann Fox", company="Globex", employee_count=900)
    )
    open_lead(console, "Ann Fox")
    account = console.locator(".lo-why .lo-checks li", has_text="found by the domain of the address")
    expect(account).to_contain_text("Globex")
    expect(console.locator(".lo-why")).to_contain_text("Globex Europe: Globex has an owner")
    shoot("lead-account")


def test_a_lead_in_trouble_says_so_on_top(console: Page, shoot):
    lead = Lead.objects.get(full_name="Noa Vale")
    SlaClock.objects.filter(lead=lead).update(due_at=timezone.now() - timedelta(minutes=7))
    subject = queue.Subject("lead", str(lead.pk), str(lead))
    queue.open_items(
        [queue.ExceptionReport("crm.rejected", subject, "“numberofemployees” must be a number.")],
        now=timezone.now(),
    )
    open_lead(console, "Noa Vale")
    expect(console.locator(".lo-notice").first).to_contain_text("The CRM refuses a lead")
    expect(console.locator(".lo-head .lo-due")).to_have_attribute("data-late", "yes")
    expect(console.locator(".lo-head .lo-due")).to_contain_text("7 min late")
    shoot("lead-in-trouble")


def test_a_lead_is_reassigned_in_a_dialog_that_finds_people(console: Page, shoot):
    lead = open_lead(console, "Jana Weiss")
    console.get_by_role("link", name="Reassign").click()
    console.locator("#dialog .select2-selection").click()
    console.locator(".select2-search__field").fill("alice")
    shoot("lead-reassign")
    console.get_by_role("option", name="Alice Ames").click()
    console.locator("#dialog [name=reason]").fill("Knows the company")
    console.locator("#dialog").get_by_role("button", name="Reassign").click()
    expect(console.get_by_text("Alice Ames has it now.")).to_be_visible()
    expect(console.locator(".lo-head")).to_contain_text("Alice Ames")
    expect(console.locator(".lo-story")).to_contain_text("Knows the company")
    assert Assignment.objects.get(lead=lead).owner == Owner.objects.get(email="alice@acme.test")


def test_an_empty_answer_in_a_dialog_is_asked_for_again(console: Page):
    open_lead(console, "Jana Weiss")
    console.get_by_role("link", name="Disqualify").click()
    console.locator("#dialog").get_by_role("button", name="Disqualify").click()
    expect(console.locator("#dialog")).to_contain_text("This field is required")
    console.keyboard.press("Escape")
    expect(console.locator("#dialog")).to_be_hidden()


def test_editing_shows_what_was_typed(console: Page, shoot):
    lead = open_lead(console, "Tom Field")
    console.get_by_role("link", name="Edit").first.click()
    shoot("lead-edit")
    console.locator("[name=company]").fill("Fieldworks Incorporated")
    console.get_by_role("button", name="Save").click()
    expect(console.get_by_text("Forms do not overwrite what you typed")).to_be_visible()
    expect(console.locator(".lo-story")).to_contain_text("Fieldworks Incorporated")
    assert Lead.objects.get(pk=lead.pk).typed_fields == ["company"]


@pytest.mark.parametrize("width", [800, 480])
def test_it_does_not_need_a_wide_screen(console: Page, shoot, width):
    console.set_viewport_size({"width": width, "height": 900})
    open_lead(console, "Jana Weiss")
    expect(console.locator(".lo-name h2")).to_be_visible()
    assert console.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shoot(f"lead-{width}")
    console.goto(reverse("admin:intake_lead_changelist"))
    assert console.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_times_are_those_of_the_viewer(console: Page, live_server):
    context = console.context.browser.new_context(
        base_url=live_server.url, timezone_id="Asia/Tokyo", storage_state=console.context.storage_state()
    )
    page = context.new_page()
    lead = Lead.objects.get(full_name="Jana Weiss")
    page.goto(reverse("admin:intake_lead_change", args=(lead.pk,)))
    shown = page.locator(".lo-where time")
    at = lead.submissions.get().received_at + timedelta(hours=9)
    expect(shown).to_have_text(f"{at:%H:%M:%S}")
    expect(shown).to_have_attribute("title", re.compile(r"GMT\+9"))
    context.close()
