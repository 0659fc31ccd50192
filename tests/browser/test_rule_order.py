"""The order of rules: dragged with the mouse or moved by its buttons, it is saved at once and published as seen."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from routing.models import RoutingRule
from routing.rules import publishing

pytestmark = pytest.mark.browser

RULES = reverse("admin:routing_routingrule_changelist")


def in_force():
    return [rule["name"] for rule in publishing.current().snapshot["rules"]]


def drafts():
    return list(RoutingRule.objects.order_by("position", "pk").values_list("name", flat=True))


def rows(console):
    return console.locator("#result_list tbody:has(.lo-move)")


def test_a_dragged_order_is_there_when_publishing_follows_at_once(console: Page, company, shoot):
    console.goto(RULES)
    before = drafts()
    last = rows(console).last
    last.scroll_into_view_if_needed()
    handle = last.locator(".cursor-move").first
    handle.drag_to(rows(console).nth(2), target_position={"x": 60, "y": 5})
    expect(console.locator(".lo-toast")).to_contain_text("Order saved as a draft")
    after = drafts()
    assert after != before
    assert sorted(after) == sorted(before)
    shoot("rules_order_saved")
    console.get_by_role("link", name="Check and publish").click()
    shoot("publish")
    console.get_by_role("button", name="Publish version").click()
    expect(console.get_by_text("is in force").first).to_be_visible()
    assert drafts() == after
    assert [name for name in after if name in in_force()] == in_force()


def test_a_rule_moves_by_its_buttons_and_undo_puts_it_back(console: Page, company):
    console.goto(RULES)
    before = drafts()
    rows(console).nth(2).get_by_role("button", name="Move up").click()
    status = console.locator(".lo-toast")
    expect(status).to_contain_text("Order saved as a draft")
    assert drafts() != before
    status.get_by_role("button", name="Undo").click()
    expect(console.locator("#result_list")).to_be_visible()
    console.wait_for_load_state("networkidle")
    assert drafts() == before
