"""Conditions are put together by hand, read as sentences, and corrected where they are wrong."""

import json

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from routing.engine import operator_words
from routing.engine.wording import sentence
from routing.models import RoutingRule
from routing.rules.vocabulary import LABELS

pytestmark = pytest.mark.browser

CONDITIONS = [
    {},
    {"all": [{"field": "country", "in": ["DE", "AT", "CH"]}]},
    {"any": [{"field": "extra.partner_id", "is": "present"}, {"field": "utm_source", "eq": "partner"}]},
    {"all": [{"field": "employee_count", "between": [50, 500]}, {"field": "email_is_free", "eq": False}]},
    {"none": [{"field": "job_title", "has_word": ["student", "intern"]}, {"field": "score", "lt": 10}]},
    {
        "all": [
            {"field": "segment", "in": ["hot", "warm"]},
            {"any": [{"field": "account", "is": "named"}, {"none": [{"field": "purpose", "ne": "sales"}]}]},
        ]
    },
    {
        "all": [
            {"field": "marketing_consent", "eq": True},
            {"field": "postal_code", "starts_with": ["90", "91"]},
        ]
    },
]


def page_of(rule: RoutingRule) -> str:
    return reverse("admin:routing_routingrule_change", args=(rule.pk,))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_it_says_each_condition_in_the_words_of_the_engine(console: Page):
    console.goto(page_of(RoutingRule.objects.get(name="DACH")))
    for condition in CONDITIONS:
        said = console.evaluate(
            "([condition, labels, words]) => window.leadopsConditions.sentence(condition, labels, words)",
            [condition, dict(LABELS), operator_words.table()],
        )
        assert said == sentence(condition, LABELS)


def test_it_leaves_a_condition_as_it_was_when_nothing_is_touched(console: Page):
    rule = RoutingRule.objects.get(name="DACH")
    for condition in CONDITIONS[1:]:
        RoutingRule.objects.filter(pk=rule.pk).update(when=condition)
        console.goto(page_of(rule))
        expect(console.locator(".lo-cond-words")).to_have_text(sentence(condition, LABELS))
        save(console)
        expect(console.get_by_text("was changed successfully")).to_be_visible()
        rule.refresh_from_db()
        assert rule.when == condition


def test_it_is_built_with_the_keyboard_alone(console: Page, shoot):
    console.goto(reverse("admin:routing_routingrule_add"))
    console.get_by_label("Name").fill("Big and German")
    console.get_by_role("button", name="Comparison", exact=True).focus()
    console.keyboard.press("Enter")
    expect(console.get_by_label("Field", exact=True)).to_be_focused()
    console.keyboard.type("Country")
    console.get_by_label("Field", exact=True).select_option("country")
    expect(console.get_by_label("Comparison", exact=True)).to_be_focused()
    console.keyboard.press("Tab")
    for typed in ("Germany", "at", "Switz"):
        console.keyboard.type(typed)
        console.keyboard.press("Enter")
    expect(console.locator(".lo-cond-words")).to_have_text("country is DE, AT or CH")
    console.keyboard.press("Backspace")
    expect(console.locator(".lo-cond-words")).to_have_text("country is DE or AT")

    console.get_by_role("button", name="Group", exact=True).click()
    console.get_by_label("Field", exact=True).nth(1).select_option("employee_count")
    console.get_by_label("Value", exact=True).last.fill("500")
    console.locator(".lo-cond-depth-2").get_by_role("button", name="Comparison", exact=True).click()
    console.get_by_label("Field", exact=True).nth(2).select_option("segment")
    console.get_by_role("button", name="hot", exact=True).click()
    expect(console.locator(".lo-cond-words")).to_have_text(
        "country is DE or AT and (employees is at least 500 or segment is hot)"
    )
    shoot("condition-nested")
    console.get_by_label("Then send to").select_option("account_owner")
    save(console)
    expect(console.get_by_text("was added successfully")).to_be_visible()
    assert RoutingRule.objects.get(name="Big and German").when == {
        "all": [
            {"field": "country", "in": ["DE", "AT"]},
            {"any": [{"field": "employee_count", "gte": 500}, {"field": "segment", "eq": "hot"}]},
        ]
    }


def test_it_shows_what_is_wrong_at_the_line(console: Page, shoot):
    console.goto(page_of(RoutingRule.objects.get(name="DACH")))
    console.get_by_role("button", name="Comparison", exact=True).click()
    console.get_by_label("Field", exact=True).nth(1).select_option("employee_count")
    console.get_by_label("Comparison", exact=True).nth(1).select_option("between")
    console.get_by_label("From", exact=True).fill("500")
    console.get_by_label("To", exact=True).fill("50")
    save(console)
    wrong = console.locator(".lo-cond-wrong")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("employees is never between 500 and 50")
    expect(console.locator(".field-when .errorlist")).to_contain_text("Line 2:")
    shoot("condition-wrong")
    console.get_by_label("To", exact=True).fill("900")
    save(console)
    expect(console.get_by_text("was changed successfully")).to_be_visible()


def test_it_takes_lines_away_and_puts_the_focus_where_work_goes_on(console: Page):
    console.goto(page_of(RoutingRule.objects.get(name="Hot North America")))
    console.get_by_role("button", name="Remove this comparison").first.click()
    expect(console.get_by_label("Field", exact=True)).to_be_focused()
    console.get_by_role("button", name="Remove this comparison").click()
    expect(console.get_by_role("button", name="Comparison", exact=True)).to_be_focused()
    expect(console.locator(".lo-cond-words")).to_have_text("Every lead that no rule above has taken.")


def test_it_is_text_where_the_script_does_not_load(console: Page):
    rule = RoutingRule.objects.get(name="DACH")
    page = console.context.new_page()
    page.route("**/condition_builder.js", lambda route: route.abort())
    page.goto(page_of(rule))
    area = page.locator("textarea[name=when]")
    expect(area).to_be_visible()
    assert json.loads(area.input_value()) == rule.when
    area.fill('{"all": [{"field": "country", "eq": "DE"}]}')
    save(page)
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    rule.refresh_from_db()
    assert rule.when == {"all": [{"field": "country", "eq": "DE"}]}
