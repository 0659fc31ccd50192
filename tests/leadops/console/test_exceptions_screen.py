"""The exceptions screen: causes, not rows, the next step beside each, and every act through its writer."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from exception_queue import kinds, queue
from exception_queue.admin import screen
from exception_queue.models import ExceptionItem
from intake import runner
from intake.models import Submission
from tests import make

pytestmark = pytest.mark.django_db

SCREEN = reverse("admin:exception_queue_exceptionitem_changelist")
ACT = reverse("admin:exception_queue_exceptionitem_act")


def lead_id(kind, cause, index):
    return str(uuid5(NAMESPACE_URL, f"{kind} {cause} {index}"))


def opened(kind="crm.rejected", number=1, cause="No such option", *, first=0, now=None, **detail):
    problems = [
        queue.ExceptionReport(
            kind,
            queue.Subject("lead", lead_id(kind, cause, index), f"Lead {index}"),
            cause,
            detail,
        )
        for index in range(first, first + number)
    ]
    return queue.open_items(problems, now=now or timezone.now())


def cards(client, **asked):
    answer = client.get(SCREEN, asked)
    assert answer.status_code == 200
    return answer.context["cards"]


def act(client, verb, **said):
    # What earlier acts have said is not shown again.
    client.cookies.pop("messages", None)
    answer = client.post(ACT, {"verb": verb, "view": "?tab=all", **said})
    return answer, [str(message) for message in get_messages(answer.wsgi_request)]


def key_of(item):
    return f"{item.kind}|{item.cause_key}"


def states(kind="crm.rejected"):
    return sorted(ExceptionItem.objects.filter(kind=kind).values_list("status", flat=True))


def test_it_shows_one_line_per_cause_the_worst_first(maria):
    opened(number=3, cause="Field 12 is read-only")
    opened(number=2, cause="No such option")
    opened("intake.ambiguous_duplicate", cause="Could be the same person")
    shown = [(card.group.kind.title, card.group.items) for card in cards(maria)]
    assert shown == [
        ("The CRM refuses a lead", 3),
        ("The CRM refuses a lead", 2),
        ("Could be the same person", 1),
    ]
    text = maria.get(SCREEN).content.decode()
    assert "high" in text
    assert "Field 12 is read-only" in text


def test_a_longer_screen_asks_the_database_nothing_more(maria):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            cards(maria)
        return len(queries)

    opened(number=2, connection="hubspot")
    asked()
    few = asked()
    for cause in ("One", "Two", "Three", "Four"):
        opened(number=20, cause=cause, connection="hubspot")
    assert asked() == few


def test_it_counts_its_tabs_and_opens_what_is_unclaimed_first(maria):
    items = opened(number=4)
    queue.claim(items[:1], by="Maria Mann")
    queue.claim(items[1:2], by="somebody")
    queue.snooze(items[2:3], by="Maria Mann", until=timezone.now() + timedelta(hours=1))
    answer = maria.get(SCREEN)
    assert [(tab["title"], tab["count"]) for tab in answer.context["tabs"]] == [
        ("Mine", 1),
        ("Unclaimed", 1),
        ("Snoozed", 1),
        ("All open", 4),
    ]
    assert answer.context["view"].tab == "unclaimed"
    assert [card.group.items for card in cards(maria, tab="mine")] == [1]
    assert [card.group.items for card in cards(maria, tab="all")] == [4]


def test_it_narrows_by_kind_age_and_words(maria):
    opened(now=timezone.now() - timedelta(days=2), cause="Old one")
    opened("crm.unknown_property", cause="HubSpot has no property “x”")
    assert [card.group.kind.key for card in cards(maria, kind="crm.unknown_property")] == [
        "crm.unknown_property"
    ]
    assert [card.group.cause for card in cards(maria, age="old")] == ["Old one"]
    assert [card.group.cause for card in cards(maria, age="hour")] == ["HubSpot has no property “x”"]
    assert [card.group.cause for card in cards(maria, q="no PROPERTY")] == ["HubSpot has no property “x”"]
    assert cards(maria, q="nothing like it") == []


def test_the_rows_of_a_cause_show_the_runbook_and_each_subject(maria):
    items = opened(number=3)
    answer = maria.get(SCREEN, {"tab": "all", "group": key_of(items[0])})
    text = answer.content.decode()
    assert escape(kinds.described("crm.rejected").what_to_do) in text
    assert text.count('name="item"') == 3
    assert reverse("admin:intake_lead_change", args=[items[2].subject_id]) in text


def test_acting_on_a_cause_takes_all_its_rows_and_only_those(maria):
    chosen = opened(number=3, cause="This")
    opened(number=2, cause="That")
    _, notified = act(maria, f"claim:{key_of(chosen[0])}")
    assert notified == ["3 exceptions are yours."]
    assert ExceptionItem.objects.filter(claimed_by="Maria Mann").count() == 3
    _, notified = act(maria, f"release:{key_of(chosen[0])}")
    assert notified == ["3 exceptions are free for others."]


def test_what_settles_asks_first_and_then_says_what_happened(maria):
    items = opened(number=2)
    answer, _ = act(maria, "resolve", group=[key_of(items[0])])
    text = answer.content.decode()
    assert "Resolve 2 exceptions?" in text
    assert states() == ["open", "open"]
    answer, notified = act(maria, "resolve", group=[key_of(items[0])], sure="1", note="Mapping corrected")
    assert answer.status_code == 302
    assert notified == ["2 exceptions resolved."]
    assert states() == ["resolved", "resolved"]
    assert set(ExceptionItem.objects.values_list("resolved_by", "resolution")) == {
        ("Maria Mann", "Mapping corrected")
    }


def test_the_question_carries_what_was_chosen(maria):
    items = opened(number=3)
    answer, _ = act(maria, "dismiss", item=[items[0].pk, items[1].pk])
    assert answer.context["chosen"] == [("item", str(items[0].pk)), ("item", str(items[1].pk))]
    act(maria, "dismiss", item=[items[0].pk, items[1].pk], sure="1")
    assert states() == ["dismissed", "dismissed", "open"]


def test_snoozing_hides_until_then(maria):
    items = opened()
    before = timezone.now()
    act(maria, f"snooze:{items[0].pk}", sure="1", **{"for": "4h"})
    item = ExceptionItem.objects.get()
    assert item.status == "snoozed"
    assert item.snoozed_until >= before + timedelta(hours=4)
    assert cards(maria, tab="unclaimed") == []
    assert len(cards(maria, tab="snoozed")) == 1


def test_retrying_really_resumes_what_was_held(maria, acme):
    submission = make.submitted({"full_name": "Nobody"}, form="typeform-quote")
    Submission.objects.filter(pk=submission.pk).update(status="held", due_at=None, stage="")
    subject = queue.Subject("submission", str(submission.pk), "Nobody")
    queue.open_items([queue.ExceptionReport("intake.unreachable", subject, "No address")], now=timezone.now())
    item = ExceptionItem.objects.get(kind="intake.unreachable")
    _, notified = act(maria, f"retry:{item.pk}")
    assert notified == ["1 exception is being tried again."]
    submission.refresh_from_db()
    assert submission.due_at is not None
    page = maria.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).content.decode()
    assert "Maria Mann has it tried again" in page
    assert "data-trying" in maria.get(SCREEN).content.decode()
    runner.drain()
    item.refresh_from_db()
    assert (item.status, item.count) == ("open", 2)
    assert "Tried by Maria Mann: " in item.notes.last().text
    assert "data-trying" not in maria.get(SCREEN).content.decode()


def test_what_cannot_be_tried_again_is_said_and_stays_open(maria):
    items = opened("intake.ambiguous_duplicate", cause="Could be the same person")
    _, notified = act(maria, f"retry:{items[0].pk}")
    assert notified == ["Could be the same person: It cannot be tried again: fix the cause, then resolve it."]
    assert states("intake.ambiguous_duplicate") == ["open"]


def test_claiming_says_what_somebody_else_has_already(maria):
    items = opened(number=2)
    queue.claim(items[:1], by="somebody")
    _, notified = act(maria, f"claim:{key_of(items[0])}")
    assert notified == ["1 exception is yours.", "1 exception belongs to somebody else."]


def test_what_was_settled_meanwhile_is_left_alone(maria):
    items = opened()
    queue.resolve(items, by="somebody")
    _, notified = act(maria, f"dismiss:{items[0].pk}", sure="1")
    assert notified == ["Nothing was chosen, or somebody else was faster."]
    assert states() == ["resolved"]


def test_it_goes_back_to_where_the_person_was_but_never_to_another_site(maria):
    items = opened()
    answer, _ = act(maria, f"claim:{items[0].pk}", next=f"{SCREEN}?tab=all&q=x")
    assert answer.headers["Location"] == f"{SCREEN}?tab=all&q=x"
    answer, _ = act(maria, f"release:{items[0].pk}", next="https://elsewhere.example/")
    assert answer.headers["Location"] == SCREEN


@pytest.mark.parametrize("said", [{"verb": "explode"}, {"verb": "snooze", "for": "ever", "sure": "1"}])
def test_it_does_not_know_what_nobody_offered(maria, said):
    opened()
    assert maria.post(ACT, said).status_code == 404


def test_an_onlooker_may_look_and_not_act(onlooker):
    items = opened()
    text = onlooker.get(SCREEN).content.decode()
    assert "The CRM refuses a lead" in text
    assert 'value="claim' not in text
    assert act(onlooker, f"claim:{items[0].pk}")[0].status_code == 403


def test_the_page_of_one_shows_what_to_do_and_what_was_done(maria):
    items = opened(property="leadops_score")
    queue.claim(items, by="eva", note="On it")
    text = maria.get(
        reverse("admin:exception_queue_exceptionitem_change", args=(items[0].pk,))
    ).content.decode()
    for said in (kinds.described("crm.rejected").what_to_do[:40], "leadops_score", "Claimed", "eva", "On it"):
        assert said in text


def test_each_kind_that_is_listed_can_be_shown(maria):
    for kind in kinds.all_kinds():
        opened(kind.key, cause=f"Cause of {kind.title}")
    shown = cards(maria)
    assert {card.group.kind.key for card in shown} == {kind.key for kind in kinds.all_kinds()}
    for item in ExceptionItem.objects.all():
        assert (
            maria.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).status_code
            == 200
        )


def test_a_duplicate_leads_to_the_comparison(maria, acme):
    make.handed_off(make.american(company="Hill Works", full_name="Bob Hill", email="bob@hill.example"))
    make.handed_off(
        make.american(company="Hill Works", full_name="Robert Hill", email="robert.hill@hill.example")
    )
    item = ExceptionItem.objects.get(kind="intake.ambiguous_duplicate")
    step = screen.next_step(item)
    assert step.label == "Compare"
    assert maria.get(step.url).status_code == 200
    (card,) = [card for card in cards(maria) if card.group.kind.key == item.kind]
    assert card.says != card.group.kind.title  # What was found, not the title again.


def test_an_empty_screen_says_so_and_who_would_hear(maria):
    text = maria.get(SCREEN).content.decode()
    assert "Nothing needs a person" in text
    assert "say who is told" in text


def test_it_offers_nobody_a_step_that_they_may_not_take(acme, maria, onlooker):
    make.handed_off(make.person(country="ES"))
    make.handed_off(
        make.person(country="PT", email="ana@lisboa.example", full_name="Ana L", company="Lisboa")
    )
    assert "Add a rule" in maria.get(SCREEN).content.decode()
    assert "Add a rule" not in onlooker.get(SCREEN).content.decode()


def test_the_badge_of_the_demo_shows_no_severity(maria, settings):
    settings.LEADOPS_DEMO = True
    (item,) = opened()
    text = maria.get(reverse("admin:exception_queue_exceptionitem_change", args=(item.pk,))).content.decode()
    before, badge, _ = text.partition("Demo<")
    assert badge
    assert "error</span>" not in before[-80:]
