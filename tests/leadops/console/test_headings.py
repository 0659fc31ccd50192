"""A page is headed by the word that led there: one word for a thing in the navigation, the heading and the form."""

import re

import pytest
from django.contrib import admin
from django.urls import resolve, reverse
from django.utils.html import strip_tags

from leadops.console.navigation import SIDEBAR, TABS

# Its list leads straight to the one row.
ONE_ROW = [reverse("admin:routing_routingsettings_changelist")]


def words_of_lists() -> dict[str, list[str]]:
    """By the address of a list: what the sidebar calls it, and its tab."""
    found: dict[str, list[str]] = {}
    for entry in (item for group in (*SIDEBAR, *TABS) for item in group["items"]):
        if str(resolve(str(entry["link"])).url_name).endswith("_changelist"):
            found.setdefault(str(entry["link"]), []).append(entry["title"])
    return {link: words for link, words in found.items() if link not in ONE_ROW}


def heading_of(page: str) -> str:
    """The words that stand at its head."""
    (head,) = re.findall(r"<h1\b.*?</h1>", page, re.DOTALL)
    return " ".join(strip_tags(head).split())


@pytest.mark.parametrize(("link", "words"), words_of_lists().items(), ids=lambda value: str(value))
def test_a_list_is_headed_by_its_word_in_the_navigation(maria, link, words):
    answer = maria.get(link)
    assert answer.context["title"] in words
    assert heading_of(answer.text) in words


def test_no_list_is_left_out_of_the_navigation():
    lists = {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    }
    assert lists - words_of_lists().keys() == set(ONE_ROW)


@pytest.mark.parametrize(
    ("model", "heading"),
    [
        ("routing_routingrule", "Add rule"),
        ("routing_slapolicy", "Add response time"),
        ("routing_workcalendar", "Add calendar"),
        ("crm_sync_crmconnection", "Add CRM connection"),
        ("intake_companyprofile", "Add company"),
        ("intake_valuealias", "Add value alias"),
    ],
)
def test_a_form_is_headed_by_the_same_word_for_one(maria, model, heading):
    assert maria.get(reverse(f"admin:{model}_add")).context["title"] == heading
