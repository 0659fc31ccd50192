"""Spam or not, clicked through in a browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from intake import runner
from intake.models import BlockedSender, Submission
from tests import make

pytestmark = pytest.mark.browser


@pytest.fixture
def held(company) -> Submission:
    submission = make.submitted(
        make.person(email="links@mailinator.com", full_name="Lena Links", message="Buy our links")
    )
    Submission.objects.filter(pk=submission.pk).update(ip="203.0.113.7")
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    return submission


def test_spam_is_dismissed_with_its_sender_blocked(console: Page, held, shoot):
    console.goto(reverse("admin:exception_queue_exceptionitem_changelist"))
    console.get_by_role("link", name="Looks like spam").click()
    shoot("spam-group")
    console.get_by_role("link", name="Lena Links").first.click()
    shoot("spam-item")
    console.get_by_role("button", name="Spam", exact=True).click()
    dialog = console.locator("#dialog")
    expect(dialog.get_by_text("It is kept as spam and never routed.")).to_be_visible()
    dialog.get_by_label("Block the e-mail address").check()
    shoot("spam-dialog")
    dialog.get_by_role("button", name="Spam", exact=True).click()
    expect(console.get_by_text("1 exception dismissed.")).to_be_visible()
    held.refresh_from_db()
    assert held.status == Submission.Status.SPAM
    assert BlockedSender.objects.get().value == "links@mailinator.com"


def test_what_is_no_spam_is_let_through_from_the_submissions_page(console: Page, held, shoot):
    console.goto(reverse("admin:intake_submission_change", args=(held.pk,)))
    expect(console.get_by_text("Not spam: let it through").first).to_be_visible()
    shoot("spam-submission")
    console.locator("a:has-text('Spam'):not(:has-text('Not spam')):not(:has-text('Submissions'))").locator(
        "visible=true"
    ).first.click()
    expect(console.get_by_text("What comes from there is spam from now on.")).to_be_visible()
    shoot("spam-submission-dialog")
    console.keyboard.press("Escape")
    console.goto(reverse("admin:intake_submission_change", args=(held.pk,)))
    console.get_by_text("Not spam: let it through").locator("visible=true").first.click()
    expect(console.get_by_text("No spam check stops it again")).to_be_visible()
    console.get_by_role("button", name="Not spam: let it through").last.click()
    expect(console.get_by_text("It is on its way.")).to_be_visible()
    held.refresh_from_db()
    assert (held.status, held.cleared_by) == (Submission.Status.RETRYING, "Maria Mann")
