"""Spam or not: two buttons at the exception and on the submission's page."""

import pytest
from django.urls import reverse

from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import BlockedSender, Submission
from tests import make

pytestmark = pytest.mark.django_db

ACT = "admin:exception_queue_exceptionitem_act"


@pytest.fixture
def held(acme) -> Submission:
    submission = make.submitted(make.person(email="a.b@mailinator.com"))
    Submission.objects.update(ip="203.0.113.7")
    runner.drain()
    submission.refresh_from_db()
    return submission


def page_of(submission: Submission) -> str:
    return reverse("admin:intake_submission_change", args=(submission.pk,))


def act_on(submission: Submission, action: str) -> str:
    return reverse(f"admin:intake_submission_{action}", args=(submission.pk,))


def test_the_exception_offers_the_two_answers_and_nothing_that_leaves_it_open(maria, held):
    item = ExceptionItem.objects.get()
    html = maria.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).text
    assert ">Spam</button>" in html
    assert ">Not spam: let it through</button>" in html
    assert ">Resolve</button>" not in html
    assert ">Dismiss</button>" not in html


def test_spam_asks_says_what_it_means_and_offers_to_block(maria, held):
    item = ExceptionItem.objects.get()
    asked = maria.post(reverse(ACT), {"verb": "dismiss", "item": item.pk}).text
    assert "It is kept as spam and never routed." in asked
    assert "Nothing has to be done" not in asked
    assert "Block the network address" in asked
    maria.post(reverse(ACT), {"verb": "dismiss", "item": item.pk, "sure": "1", "option": "ip"})
    held.refresh_from_db()
    assert held.status == Submission.Status.SPAM
    assert BlockedSender.objects.get().value == "203.0.113.7"


def test_a_question_is_not_resolved(maria, held):
    item = ExceptionItem.objects.get()
    answer = maria.post(reverse(ACT), {"verb": "resolve", "item": item.pk, "sure": "1"}, follow=True)
    item.refresh_from_db()
    assert item.status == "open"
    assert "answer “Spam” (dismiss)" in answer.text


def test_the_submissions_page_has_the_same_two_buttons_while_it_waits(maria, held):
    html = maria.get(page_of(held)).text
    assert act_on(held, "spam") in html
    assert act_on(held, "not_spam") in html
    dialog = maria.get(act_on(held, "spam")).text
    assert all(value in dialog for value in ("a.b@mailinator.com", "mailinator.com", "203.0.113.7"))
    maria.post(act_on(held, "spam"), {"block": ["email"], "_form_submitted": "True"})
    held.refresh_from_db()
    assert held.status == Submission.Status.SPAM
    assert ExceptionItem.objects.get().status == "dismissed"
    assert BlockedSender.objects.get().value == "a.b@mailinator.com"
    html = maria.get(page_of(held)).text
    assert act_on(held, "spam") not in html
    assert act_on(held, "not_spam") in html


def test_not_spam_on_the_submissions_page_routes_it_at_once(maria, held):
    maria.post(act_on(held, "not_spam"), {"_form_submitted": "True"})
    runner.drain()
    held.refresh_from_db()
    assert (held.status, held.cleared_by) == (Submission.Status.HANDED_OFF, "Maria Mann")
    assert ExceptionItem.objects.get().status == "resolved"
    assert act_on(held, "not_spam") not in maria.get(page_of(held)).text


@pytest.mark.parametrize("action", ["spam", "not_spam"])
def test_who_may_not_settle_exceptions_decides_nothing_here(onlooker, held, action):
    assert onlooker.post(act_on(held, action), {"_form_submitted": "True"}).status_code == 403
    held.refresh_from_db()
    assert held.status == Submission.Status.HELD
