"""The buttons of the lead page: each goes through its writer, says what happened, and says why not."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from exception_queue import grouping
from exception_queue.models import ExceptionItem
from intake.models import Lead, TimelineEntry
from leadops.console.lead.dialogs import receivers
from routing.models import Assignment, Owner, Queue, RotationTurn, SlaClock
from tests import make
from tests.leadops.console.conftest import EVERYTHING

pytestmark = pytest.mark.django_db


def press(client, lead, button, **said):
    url = reverse(f"admin:intake_lead_{button}", args=(lead.pk,))
    # What earlier presses have said is not shown again.
    client.cookies.pop("messages", None)
    answer = client.post(url, {"_form_submitted": "on", **said})
    notified = [str(message) for message in get_messages(answer.wsgi_request)]
    return answer, notified


def test_reassigning_names_who_did_it_why_and_tells_so(maria, acme):
    lead = make.handed_off()
    alice = Owner.objects.get(email="alice@acme.test")
    answer, notified = press(maria, lead, "reassign", to=f"owner:{alice.pk}", reason="Knows them", lock="on")
    assert answer.status_code == 303
    assert notified == ["Alice Ames has it now."]
    row = Assignment.objects.get(lead=lead)
    assert (row.owner, row.reason, row.actor, row.source, row.locked) == (
        alice,
        "Knows them",
        "Maria Mann",
        "console",
        True,
    )
    assert Assignment.history.filter(lead_id=lead.pk).count() == 2


def test_a_lead_can_be_given_to_a_queue(maria, acme):
    lead = make.handed_off()
    nurture = Queue.objects.get(name="Nurture")
    press(maria, lead, "reassign", to=f"queue:{nurture.pk}", reason="Too early")
    assert Assignment.objects.get(lead=lead).queue == nurture


def test_a_dialog_without_an_answer_asks_again_and_changes_nothing(maria, acme):
    lead = make.handed_off()
    answer, _ = press(maria, lead, "reassign", to="", reason="")
    assert answer.status_code == 200
    assert "This field is required" in answer.content.decode()
    assert Assignment.history.filter(lead_id=lead.pk).count() == 1


def test_what_is_refused_is_said_in_words(maria, acme):
    lead = make.handed_off()
    press(maria, lead, "disqualify", reason="Student")
    answer, notified = press(maria, lead, "disqualify", reason="Again")
    assert answer.status_code == 303
    assert notified == ["The lead is disqualified already."]


def test_contacted_stops_the_clock_and_counts_as_claimed(maria, acme):
    lead = make.handed_off()
    _, notified = press(maria, lead, "contacted", by="Eva Ernst", ago="0")
    assert notified == ["Contacted by Eva Ernst. The clock has stopped."]
    clock = SlaClock.objects.get(lead=lead)
    assert (clock.status, clock.met_by, clock.evidence) == ("met", "Eva Ernst", "claimed")
    assert Lead.objects.get(pk=lead.pk).status == Lead.Status.CONTACTED


def test_the_dialog_offers_no_time_before_the_lead_came_in(maria, acme):
    lead = make.handed_off(now=timezone.now() - timedelta(minutes=30))
    page = maria.get(reverse("admin:intake_lead_contacted", args=(lead.pk,))).content.decode()
    assert "15 minutes ago" in page
    assert "An hour ago" not in page
    press(maria, lead, "contacted", by="Eva Ernst", ago="240")
    assert SlaClock.objects.get(lead=lead).status == "running"


def test_declining_gives_the_turn_back_and_the_lead_to_somebody_else(maria, acme):
    lead = make.handed_off()
    before = Assignment.objects.get(lead=lead)
    press(maria, lead, "decline", reason="wrong_territory")
    after = Assignment.objects.get(lead=lead)
    assert after.owner != before.owner
    assert RotationTurn.objects.filter(reverses=before.turn).exists()


def test_a_dialog_loaded_into_the_page_sends_the_browser_back_to_the_lead(maria, acme):
    lead = make.handed_off()
    url = reverse("admin:intake_lead_disqualify", args=(lead.pk,))
    answer = maria.post(url, {"_form_submitted": "on", "reason": "Student"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("admin:intake_lead_change", args=(lead.pk,))


def test_it_offers_only_who_can_take_the_lead_and_says_who_is_there(acme):
    lead = make.handed_off()
    row = Assignment.objects.get(lead=lead)
    (_, owners), (_, queues) = receivers(EVERYTHING, except_for=row)
    names = {label.partition(" · ")[0] for _, label in owners}
    assert "Frank Fuchs" not in names  # Not active.
    assert row.owner.name not in names
    assert "Alice Ames" in names
    assert all(label.partition(" · ")[2].startswith(("on duty", "off duty", "away")) for _, label in owners)
    assert [name for _, name in queues] == ["Nurture", "Partner desk", "Triage"]


def two_hills():
    first = make.handed_off(
        make.american(company="Hill Works", full_name="Bob Hill", email="bob@hill.example")
    )
    second = make.handed_off(
        make.american(company="Hill Works", full_name="Robert Hill", email="robert.hill@hill.example")
    )
    return first, second


def test_comparing_marks_what_agrees_and_what_differs(maria, acme):
    first, second = two_hills()
    answer = maria.get(reverse("admin:intake_lead_compare", args=(second.pk, first.pk)))
    verdicts = {row["label"]: row["verdict"] for row in answer.context["rows"]}
    assert verdicts["E-mail"] == "differs"
    assert verdicts["Company"] == verdicts["Last name"] == "same"
    assert "Why we ask" in answer.content.decode()


@pytest.mark.parametrize("from_the_first", [True, False])
def test_not_the_same_person_closes_the_question_for_both(maria, acme, from_the_first):
    first, second = two_hills()
    assert ExceptionItem.objects.get(kind="intake.ambiguous_duplicate").status == "open"
    pair = (first.pk, second.pk) if from_the_first else (second.pk, first.pk)
    maria.post(reverse("admin:intake_lead_compare", args=pair), {"verdict": "different"})
    item = ExceptionItem.objects.get(kind="intake.ambiguous_duplicate")
    assert (item.status, item.resolved_by, item.resolution) == (
        "dismissed",
        "Maria Mann",
        "Not the same person",
    )
    assert not Lead.objects.filter(possible_duplicate_of__isnull=False).exists()
    assert Lead.objects.count() == 2
    assert TimelineEntry.objects.filter(lead=second, verb="intake.edited").exists()


def test_comparing_is_not_for_those_who_may_only_look_to_decide(onlooker, acme):
    first, second = two_hills()
    url = reverse("admin:intake_lead_compare", args=(second.pk, first.pk))
    assert onlooker.get(url).status_code == 200
    assert onlooker.post(url, {"verdict": "different"}).status_code == 403
    assert grouping.counts(ExceptionItem.objects.all(), by="otto").unresolved == 1


def test_there_is_no_way_to_add_or_delete_a_lead(maria, acme):
    lead = make.handed_off()
    assert maria.get("/admin/intake/lead/add/").status_code == 403
    assert maria.post(f"/admin/intake/lead/{lead.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Lead.objects.filter(pk=lead.pk).exists()
    assert timezone.now() > lead.created_at


def test_a_lead_is_marked_as_test_and_unmarked_with_its_story(maria, acme):
    lead = make.handed_off()
    page = reverse("admin:intake_lead_change", args=(lead.pk,))
    shown = maria.get(page).content.decode()
    assert "/mark_test/" in shown and "/unmark_test/" not in shown
    _, notified = press(maria, lead, "mark_test")
    assert notified == ["It is a test lead now."]
    lead.refresh_from_db()
    assert lead.is_test
    shown = maria.get(page).content.decode()
    assert "/unmark_test/" in shown and "/mark_test/" not in shown
    assert "Marked as a test lead" in shown and "Maria Mann in the console" in shown
    _, notified = press(maria, lead, "unmark_test")
    assert notified == ["It is no test lead any more."]
    assert "No test lead any more" in maria.get(page).content.decode()
    lead.refresh_from_db()
    assert not lead.is_test
    assert (
        TimelineEntry.objects.filter(lead=lead, verb="intake.test_changed", actor="Maria Mann").count() == 2
    )
