"""What a person says about possible spam stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import runner, spam_decisions
from intake.form_settings import VelocityLimits
from intake.models import BlockedSender, IntakeForm, Lead, Submission
from routing.models import OwnerNotice
from tests import make
from tests.leadops.api.calling import refused, staff
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db

THROW_AWAY = make.person(email="a.b@mailinator.com")


def held(**values) -> Submission:
    submission = make.submitted({**THROW_AWAY, **values})
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HELD
    return submission


def suspect_who_comes_twice() -> None:
    """Whoever posts next is the second from their address within the hour."""
    form = IntakeForm.objects.get(key="demo-request")
    form.velocity = VelocityLimits(per_ip=1)
    form.save()
    make.handed_off()


def item_of(submission: Submission) -> ExceptionItem:
    return ExceptionItem.objects.get(subject_id=str(submission.pk))


def drain_after(**span: int) -> None:
    runner.drain(now=timezone.now() + timedelta(**span))


@pytest.mark.parametrize("span", [{"minutes": 15, "seconds": 1}, {"hours": 2}, {"days": 30}])
def test_dismissed_spam_stays_out_for_ever(acme, span):
    submission = held()
    queue.dismiss([item_of(submission)], by="olga", note="real spam")
    drain_after(**span)
    submission.refresh_from_db()
    assert (submission.status, submission.due_at) == (Submission.Status.SPAM, None)
    assert submission.reason == "olga said that it is spam."
    assert not Lead.objects.exists()
    assert not OwnerNotice.objects.exists()
    assert not ExceptionItem.objects.filter(status__in=ExceptionItem.UNRESOLVED).exists()


def test_the_same_spam_is_routed_once_its_time_has_come_if_nobody_says_anything(acme):
    submission = held()
    drain_after(minutes=14, seconds=50)
    assert not Lead.objects.exists()
    drain_after(minutes=15, seconds=1)
    submission.refresh_from_db()
    assert (submission.status, submission.unchecked) == (Submission.Status.HANDED_OFF, True)
    assert submission.lead.timeline_entries.get(verb="intake.submitted").data["unchecked"] is True


def test_what_is_no_spam_goes_on_at_once_as_checked_and_its_story_says_who_said_so(acme):
    submission = held()
    assert queue.retry([item_of(submission)], by="olga").refusals == []
    runner.drain()
    submission.refresh_from_db()
    assert (submission.status, submission.unchecked) == (Submission.Status.HANDED_OFF, False)
    data = submission.lead.timeline_entries.get(verb="intake.submitted").data
    assert (data["unchecked"], data["cleared_by"]) == (False, "olga")


def test_spam_of_the_same_sender_is_blocked_as_the_person_says(acme):
    suspect_who_comes_twice()
    submission = held(email="peddler@cheap-links.example")
    Submission.objects.update(ip="203.0.113.7")
    queue.dismiss([item_of(submission)], by="olga", options=["email", "domain", "ip"])
    assert list(BlockedSender.objects.order_by("kind").values_list("kind", "value")) == [
        ("domain", "cheap-links.example"),
        ("email", "peddler@cheap-links.example"),
        ("ip", "203.0.113.7"),
    ]
    IntakeForm.objects.update(velocity=VelocityLimits())
    again = make.submitted(make.person(email="other@cheap-links.example"))
    runner.drain()
    again.refresh_from_db()
    assert (again.status, again.reason) == ("spam", "cheap-links.example is on the blocklist.")


def test_a_public_mail_service_and_an_address_inside_are_never_blocked_whole(acme):
    suspect_who_comes_twice()
    submission = held(email="peddler@gmail.com")  # make.submitted posts from 127.0.0.1
    queue.dismiss([item_of(submission)], by="olga", options=["email", "domain", "ip"])
    assert list(BlockedSender.objects.values_list("kind", "value")) == [("email", "peddler@gmail.com")]


def test_a_person_can_change_their_mind_about_spam(acme):
    submission = held()
    queue.dismiss([item_of(submission)], by="olga")
    assert spam_decisions.let_through([str(submission.pk)], by="olga", now=timezone.now()).pending == [
        str(submission.pk)
    ]
    runner.drain()
    submission.refresh_from_db()
    assert (submission.status, submission.cleared_by) == (Submission.Status.HANDED_OFF, "olga")


def test_who_is_let_through_passes_the_honeypot_and_the_blocklist_too(acme):
    BlockedSender.objects.create(kind="domain", value="beispiel-werke.example")
    submission = make.submitted(make.person(company_fax="1"))
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.SPAM
    spam_decisions.let_through([str(submission.pk)], by="olga", now=timezone.now())
    runner.drain()
    submission.refresh_from_db()
    assert submission.status == Submission.Status.HANDED_OFF


def test_trying_something_else_again_lets_nothing_past_the_spam_checks(acme):
    IntakeForm.objects.filter(key="demo-request").update(required=["job_title"], on_invalid="hold")
    submission = held()
    assert item_of(submission).kind == "intake.required_missing"
    IntakeForm.objects.filter(key="demo-request").update(required=[])
    queue.retry([item_of(submission)], by="olga")
    runner.drain()
    submission.refresh_from_db()
    assert (submission.status, submission.retried_by) == (Submission.Status.HELD, "olga")
    assert ExceptionItem.objects.filter(kind="intake.spam_uncertain", status="open").exists()


def test_unchecked_is_not_forgotten_when_a_later_stage_holds_it(acme, monkeypatch):
    from routing.rules import publishing

    submission = held()
    Submission.objects.update(due_at=timezone.now())

    def nothing(*args, **kwargs):
        raise publishing.NothingPublished("Nothing is published.")

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "compiled_with_row", nothing)
        runner.drain()
    submission.refresh_from_db()
    assert (submission.status, submission.stage, submission.unchecked) == ("held", "deduplicate", True)
    runner.drain(now=submission.due_at)
    submission.refresh_from_db()
    assert submission.lead.timeline_entries.get(verb="intake.submitted").data["unchecked"] is True


@pytest.mark.django_db(transaction=True)
def test_spam_that_is_dismissed_while_it_goes_on_is_either_spam_or_a_lead_and_never_both(committed_acme):
    submissions = [held(email=f"a{number}@mailinator.com", full_name=f"Ann {number}") for number in range(6)]
    Submission.objects.update(due_at=timezone.now())

    def work(number: int) -> list[int]:
        if number:
            runner.drain()
            return []
        return [item.pk for item in queue.dismiss(ExceptionItem.objects.all(), by="olga")]

    dismissed, *_ = at_once(2, work)
    for submission in submissions:
        submission.refresh_from_db()
        is_spam = item_of(submission).pk in dismissed
        assert submission.status == ("spam" if is_spam else "handed_off")
        assert (submission.lead is None) == is_spam
    assert Lead.objects.count() == len(submissions) - len(dismissed)


def test_the_api_settles_possible_spam_and_says_how_to_answer_instead_of_resolving(acme):
    submission = held()
    item = item_of(submission)
    ops = staff("ops", superuser=True)
    refusal = refused(ops.post(f"exceptions/{item.pk}/resolve"), 409)
    assert "“Spam” (dismiss) or “Not spam: let it through” (retry)" in refusal["detail"]
    assert ops.post(f"exceptions/{item.pk}/dismiss", {"note": "real spam"}).json()["status"] == "dismissed"
    drain_after(days=1)
    assert ops.get(f"submissions/{submission.pk}").json()["status"] == "spam"
