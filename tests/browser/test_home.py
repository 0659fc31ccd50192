"""Home in a browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from exception_queue.models import ExceptionItem
from intake.models import ConsentRecord, Lead, Submission

pytestmark = pytest.mark.browser

HOME = reverse("admin:index")


def test_it_says_in_one_line_whether_everything_flows(console: Page, shoot):
    console.goto(HOME)
    expect(console.locator(".lo-home-answer")).to_contain_text(
        f"{Submission.objects.filter(lead__isnull=False).values('lead').distinct().count()} leads in the last hour"
    )
    # Chart.js draws on a canvas: it is there once it has a size.
    chart = console.locator("canvas.chart").first
    expect(chart).to_be_visible()
    assert console.evaluate("Chart.getChart(document.querySelector('canvas.chart')).data.labels.length") == 24
    assert re.fullmatch(
        r"\d\d:\d\d",
        console.evaluate("Chart.getChart(document.querySelector('canvas.chart')).data.labels[0]"),
    )
    shoot("home")


def test_numbers_lead_to_the_rows_behind_them(console: Page):
    console.goto(HOME)
    console.get_by_text("Waiting for the CRM").click()
    expect(console).to_have_url(re.compile("crm=waiting"))
    expect(console.get_by_text(f"{Lead.objects.count()} leads")).to_be_visible()
    console.goto(HOME)
    console.locator(".lo-top a").first.click()
    expect(console.get_by_text("What to do")).to_be_visible()
    assert ExceptionItem.objects.filter(status="open").exists()


def test_a_fresh_installation_leads_the_way(console: Page, shoot):
    ConsentRecord.objects.all().delete()
    Submission.objects.all().delete()
    console.goto(HOME)
    expect(console.get_by_text("No lead has come in yet")).to_be_visible()
    expect(console.get_by_text("/api/v1/forms/demo-request/submissions")).to_be_visible()
    shoot("home-first-steps")


@pytest.mark.parametrize("width", [800, 480])
def test_it_does_not_need_a_wide_screen(console: Page, shoot, width):
    console.set_viewport_size({"width": width, "height": 900})
    console.goto(HOME)
    expect(console.locator(".lo-home-answer")).to_be_visible()
    assert console.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shoot(f"home-{width}")
