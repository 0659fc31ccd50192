"""The exceptions screen in a browser: causes, keys, and questions before anything is settled."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm_sync.models import CrmConnection
from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Lead
from tests import make

pytestmark = pytest.mark.browser

SCREEN = reverse("admin:exception_queue_exceptionitem_changelist")


@pytest.fixture
def trouble(company) -> None:
    """A morning in which the CRM has lost a property, refuses a value, and two people look alike."""
    now = timezone.now()
    leads = list(Lead.objects.order_by("created_at"))

    def problem(kind, lead, cause, **detail):
        subject = queue.Subject("lead", str(lead.pk), str(lead))
        return queue.ExceptionReport(kind, subject, cause, {"connection": "hubspot", **detail})

    lost = [
        problem(
            "crm.unknown_property", lead, "HubSpot has no property “leadops_score”.", property="leadops_score"
        )
        for lead in leads
    ]
    queue.open_items(lost, now=now - timedelta(hours=3))
    queue.open_items(lost[:4], now=now - timedelta(hours=1))
    refused = [problem("crm.rejected", lead, "“numberofemployees” must be a number.") for lead in leads[:2]]
    queue.open_items(refused, now=now - timedelta(minutes=20))
    down = CrmConnection.objects.get()
    subject = queue.Subject("connection", down.key, down.key)
    queue.open_items([queue.ExceptionReport("crm.unavailable", subject, "503 Service Unavailable")], now=now)
    make.handed_off(make.american(company="Hill Works", full_name="Bob Hill", email="bob@hill.example"))
    make.handed_off(
        make.american(company="Hill Works", full_name="Robert Hill", email="robert.hill@hill.example")
    )
    make.submitted({"full_name": "Nobody"}, form="typeform-quote")
    runner.drain()


def test_it_shows_causes_and_acts_on_one_with_keys(console: Page, trouble, shoot):
    console.goto(SCREEN)
    expect(console.locator("[data-row]").first).to_be_visible()
    shoot("exceptions")
    rows = console.locator("[data-row]")
    first = rows.nth(0).locator(".lo-strong").first.inner_text()
    console.keyboard.press("j")
    console.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("data-current", "")
    console.keyboard.press("k")
    console.keyboard.press("a")
    expect(
        console.get_by_text("exception is yours").or_(console.get_by_text("exceptions are yours"))
    ).to_be_visible()
    claimed = ExceptionItem.objects.exclude(claimed_by="")
    assert {item.described_kind.title for item in claimed} == {first}
    assert {item.claimed_by for item in claimed} == {"Maria Mann"}


def test_resolving_asks_and_escape_leaves_everything_as_it_was(console: Page, trouble, shoot):
    console.goto(SCREEN)
    console.keyboard.press("j")
    console.keyboard.press("e")
    dialog = console.locator("#dialog")
    expect(dialog).to_contain_text("Resolve")
    shoot("exceptions-ask")
    console.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert not ExceptionItem.objects.filter(status="resolved").exists()
    console.keyboard.press("e")
    expect(dialog.locator("[name=note]")).to_be_focused()
    console.keyboard.type("Mapping corrected")
    console.keyboard.press("Enter")
    expect(console.get_by_text("resolved.")).to_be_visible()
    assert set(ExceptionItem.objects.filter(status="resolved").values_list("resolution", flat=True)) == {
        "Mapping corrected"
    }


def test_snoozing_from_the_menu(console: Page, trouble):
    console.goto(SCREEN)
    row = console.locator("[data-row]", has_text="The CRM does not have a property")
    row.get_by_label("More").click()
    row.get_by_role("button", name="Snooze").click()
    console.locator("#dialog select").select_option("1d")
    console.locator("#dialog").get_by_role("button", name="Snooze").click()
    expect(console.get_by_text("snoozed for 1 day")).to_be_visible()
    asleep = ExceptionItem.objects.filter(status="snoozed")
    assert asleep.count() == ExceptionItem.objects.filter(kind="crm.unknown_property").count()


def test_rows_of_a_cause_are_chosen_and_dismissed_together(console: Page, trouble, shoot):
    console.goto(SCREEN)
    console.get_by_role("link", name="The CRM does not have a property").click()
    expect(console.get_by_text("What to do")).to_be_visible()
    ticks = console.locator(".lo-tick")
    ticks.nth(0).check()
    ticks.nth(2).check()
    bulk = console.locator("[data-bulk]")
    expect(bulk).to_contain_text("2 chosen")
    shoot("exceptions-cause")
    bulk.get_by_role("button", name="Dismiss").click()
    console.locator("#dialog").get_by_role("button", name="Dismiss").click()
    expect(console.get_by_text("2 exceptions dismissed.")).to_be_visible()
    assert ExceptionItem.objects.filter(status="dismissed").count() == 2


def test_one_exception_has_a_page(console: Page, trouble, shoot):
    item = ExceptionItem.objects.get(kind="intake.unreachable")
    console.goto(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,)))
    expect(console.get_by_text("What was done")).to_be_visible()
    shoot("exception")
    console.keyboard.press("r")
    expect(console.get_by_text("1 exception is being tried again.")).to_be_visible()


def test_two_leads_are_compared_and_kept_apart(console: Page, trouble, shoot):
    console.goto(SCREEN)
    console.get_by_role("link", name="Compare").click()
    expect(console.locator(".lo-answer")).to_contain_text("one person?")
    expect(console.locator("tr.lo-same").first).to_contain_text("same")
    shoot("compare")
    console.get_by_role("button", name="Not the same person").click()
    expect(console.get_by_text("are two people")).to_be_visible()
    assert ExceptionItem.objects.get(kind="intake.ambiguous_duplicate").status == "dismissed"


def test_an_empty_screen_is_good_news(console: Page, shoot):
    ExceptionItem.objects.all().delete()
    console.goto(SCREEN)
    expect(console.get_by_text("Nothing needs a person")).to_be_visible()
    shoot("exceptions-none")


def test_it_does_not_need_a_wide_screen(console: Page, trouble, shoot):
    console.set_viewport_size({"width": 800, "height": 900})
    console.goto(SCREEN)
    expect(console.locator("[data-row]").first).to_be_visible()
    assert console.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shoot("exceptions-800")


def test_alert_rules_can_be_read_and_made(console: Page, shoot):
    console.goto(reverse("admin:exception_queue_alertrule_changelist"))
    expect(console.get_by_text("Nobody hears of exceptions")).to_be_visible()
    shoot("alerts-none")
    console.goto(reverse("admin:exception_queue_alertrule_add"))
    console.locator("[name=name]").fill("Ops")
    console.locator("[name=notify]").fill("mailto:ops@acme.test")
    shoot("alert-new")
    console.get_by_role("button", name="Save", exact=True).click()
    expect(console.get_by_text("Every kind").first).to_be_visible()
