from datetime import timedelta

import pytest
from django.utils import timezone

from exception_queue import grouping, queue
from exception_queue.models import AlertRule, ExceptionItem
from tests.exception_queue import kinds_for_tests
from tests.make.exceptions import opened, problem, verbs
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db


def later(**span):
    return timezone.now() + timedelta(**span)


def test_claiming_sets_the_name_and_leaves_it_open():
    [item] = opened()
    [mine] = queue.claim([item], by="alice", note="On it")
    mine.refresh_from_db()
    assert (mine.status, mine.claimed_by) == ("open", "alice")
    assert mine.claimed_at is not None
    assert list(mine.notes.values_list("verb", "actor", "text"))[1:] == [("claimed", "alice", "On it")]


def test_claiming_leaves_what_somebody_else_has():
    items = opened(problem(id=1), problem(id=2))
    queue.claim(items[:1], by="bob")
    assert [item.subject_id for item in queue.claim(items, by="alice")] == ["2"]
    assert list(ExceptionItem.objects.order_by("subject_id").values_list("claimed_by", flat=True)) == [
        "bob",
        "alice",
    ]


def test_claiming_twice_is_claiming_once():
    [item] = opened()
    queue.claim([item], by="alice")
    assert len(queue.claim([item], by="alice")) == 1
    assert verbs(item) == ["opened", "claimed"]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_exactly_one_gets_it():
    [item] = opened()
    won = at_once(8, lambda number: len(queue.claim([item], by=f"person {number}")))
    assert sorted(won) == [0] * 7 + [1]
    item.refresh_from_db()
    assert item.claimed_by == f"person {won.index(1)}"
    assert verbs(item) == ["opened", "claimed"]


def test_releasing_gives_it_back():
    [item] = opened()
    queue.claim([item], by="alice")
    queue.release([item], by="bob", note="Alice is on vacation")
    item.refresh_from_db()
    assert (item.claimed_by, item.claimed_at) == ("", None)
    assert verbs(item) == ["opened", "claimed", "released"]
    assert queue.release([item], by="bob") == []


@pytest.mark.parametrize(
    ("settle", "status", "verb"),
    [(queue.resolve, "resolved", "resolved"), (queue.dismiss, "dismissed", "dismissed")],
)
def test_settling_says_who_when_and_why(settle, status, verb):
    [item] = opened()
    [settled] = settle([item], by="alice", note="The property is back")
    settled.refresh_from_db()
    assert (settled.status, settled.resolved_by, settled.resolution) == (
        status,
        "alice",
        "The property is back",
    )
    assert settled.resolved_at is not None
    assert verbs(settled) == ["opened", verb]


def test_dismissing_does_what_the_kind_says_with_all_its_subjects_and_only_the_options_it_offers():
    kinds_for_tests.dismissed.clear()
    items = opened(problem("suspect", id=1), problem("suspect", id=2), problem("no_rule", id=3))
    closed = queue.dismiss(items, by="alice", options=["block", "shout"])
    assert {item.status for item in closed} == {"dismissed"}
    assert kinds_for_tests.dismissed == [(["1", "2"], "alice", ["block"])]


def test_what_is_settled_is_not_dismissed_a_second_time():
    kinds_for_tests.dismissed.clear()
    [item] = opened(problem("suspect"))
    queue.resolve([item], by="alice")
    assert queue.dismiss([item], by="bob") == []
    assert kinds_for_tests.dismissed == []


@pytest.mark.django_db(transaction=True)
def test_an_item_stays_open_when_dismissing_fails_and_nothing_is_half_done():
    [item] = opened(problem("suspect"))
    with pytest.raises(ZeroDivisionError):
        queue.dismiss([item], by="alice", options=["break"])
    item.refresh_from_db()
    assert item.status == "open"
    assert not AlertRule.objects.exists()


@pytest.mark.parametrize("writer", [queue.claim, queue.release, queue.resolve, queue.dismiss])
def test_what_is_resolved_is_left_alone(writer):
    [item] = opened()
    queue.resolve([item], by="alice")
    assert writer([item], by="bob") == []
    assert queue.retry([item], by="bob") == queue.Retried()
    assert queue.snooze([item], by="bob", until=later(hours=1)) == []
    assert verbs(item) == ["opened", "resolved"]


def test_every_door_takes_a_query_and_a_fixed_number_of_statements(django_assert_num_queries):
    opened(*(problem("spam", id=number) for number in range(50)))
    spam = ExceptionItem.objects.filter(kind="test.spam", status__in=["open", "snoozed"])
    with django_assert_num_queries(3):
        assert len(queue.claim(spam, by="alice")) == 50
    with django_assert_num_queries(3):
        assert len(queue.snooze(spam[:20], by="alice", until=later(hours=1))) == 20
    with django_assert_num_queries(3):
        assert len(queue.resolve(spam, by="alice")) == 50


def test_a_snoozed_item_wakes_when_its_time_has_come():
    items = opened(problem(id=1), problem(id=2))
    queue.snooze(items[:1], by="alice", until=later(hours=1))
    queue.snooze(items[1:], by="alice", until=later(hours=3))
    assert queue.wake_snoozed(now=timezone.now()) == 0
    assert queue.wake_snoozed(now=later(hours=2)) == 1
    assert list(ExceptionItem.objects.order_by("subject_id").values_list("status", flat=True)) == [
        "open",
        "snoozed",
    ]
    assert verbs(items[0]) == ["opened", "snoozed", "woken"]


def test_a_snooze_that_ends_in_the_past_is_refused():
    [item] = opened()
    with pytest.raises(ValueError, match="still to come"):
        queue.snooze([item], by="alice", until=timezone.now() - timedelta(seconds=1))
    assert verbs(item) == ["opened"]


def test_a_snoozed_item_sleeps_through_a_few_more_and_wakes_at_ten_times_as_many():
    [item] = opened(problem(), problem())
    queue.snooze([item], by="alice", until=later(days=1))
    for _ in range(17):
        [item] = opened()
        assert (item.status, item.snoozed_until is None) == ("snoozed", False)
    [item] = opened()
    item.refresh_from_db()
    assert (item.status, item.count, item.snoozed_until, item.snoozed_at_count) == ("open", 20, None, None)
    assert verbs(item) == ["opened", "snoozed", "woken"]


def test_what_works_again_closes_by_itself(django_assert_num_queries):
    opened(problem(id=1), problem(id=2), problem(id=3), problem("spam", id=1), problem(id=1, type="form"))
    queue.snooze(ExceptionItem.objects.filter(subject_id="2"), by="alice", until=later(days=1))
    with django_assert_num_queries(3):
        closed = queue.close_items(
            kind="test.dead_letter",
            subject_type="lead",
            subject_ids=["1", "2", "9"],
            reason="It was accepted.",
        )
    assert closed == 2
    item = ExceptionItem.objects.get(kind="test.dead_letter", subject_type="lead", subject_id="2")
    assert (item.status, item.resolved_by, item.resolution) == ("resolved", "leadops", "It was accepted.")
    assert verbs(item)[-1] == "closed"
    assert ExceptionItem.objects.filter(status="open").count() == 3


def test_closing_what_is_not_open_is_one_question(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert queue.close_items(kind="test.spam", subject_type="lead", subject_ids=["1"], reason="-") == 0
    with django_assert_num_queries(0):
        assert queue.close_items(kind="test.spam", subject_type="lead", subject_ids=[], reason="-") == 0


def test_retrying_asks_the_handler_once_per_kind_and_keeps_the_items_until_the_answer_is_there(kinds):
    items = opened(problem(id=1), problem(id=2), problem(id=1, type="form"), problem("spam", id=9))
    result = queue.retry(ExceptionItem.objects.all(), by="alice", note="Mapping is fixed")
    assert result.refusals == []
    assert {item.pk for item in result.trying} == {item.pk for item in items}
    assert kinds.asked == [(["1", "2"], "alice"), (["9"], "alice")]
    assert set(ExceptionItem.objects.values_list("status", "retried_by")) == {("open", "alice")}
    assert list(items[0].notes.values_list("verb", "actor", "text")) == [
        ("opened", "leadops", ""),
        ("retried", "alice", "Mapping is fixed"),
    ]


@pytest.mark.parametrize(
    ("cause", "came"),
    [
        ("The CRM refuses the field", "Tried by alice: the same answer"),
        ("It has no such owner", "Tried by alice: It has no such owner"),
    ],
)
def test_a_retry_that_fails_keeps_the_item_its_age_and_its_count(cause, came):
    [item] = opened(now=later(hours=-2))
    queue.claim([item], by="alice")
    queue.retry([item], by="alice")
    [again] = opened(problem(cause=cause))
    again.refresh_from_db()
    assert again.pk == item.pk
    assert (again.first_seen_at, again.count, again.claimed_by) == (item.first_seen_at, 2, "alice")
    assert (again.retried_at, again.retried_by) == (None, "")
    assert verbs(again) == ["opened", "claimed", "retried", "failed_again"]
    assert again.notes.last().text == came


def test_a_retry_that_works_closes_the_item_in_the_name_of_who_tried():
    tried, other = opened(problem(id=1), problem(id=2))
    queue.retry([tried], by="alice")
    queue.close_items(kind=None, subject_type="lead", subject_ids=["1", "2"], reason="It arrived.")
    tried.refresh_from_db()
    other.refresh_from_db()
    assert (tried.status, tried.resolved_by, tried.resolution) == (
        "resolved",
        "alice",
        "Tried again: It arrived.",
    )
    assert (other.resolved_by, other.resolution) == ("leadops", "It arrived.")
    assert (verbs(tried)[-1], verbs(other)[-1]) == ("resolved", "closed")
    assert tried.retried_at is None


def test_what_waits_for_nothing_any_more_is_done_when_it_is_tried_again(kinds):
    items = opened(problem("at_once", id="gone"), problem("at_once", id="stuck"))
    result = queue.retry(items, by="alice")
    assert [item.subject_id for item in result.done] == ["gone"]
    assert [item.subject_id for item in result.failed] == ["stuck"]
    assert result.refusals == ["At once: Still no place for it."]
    gone, stuck = items
    gone.refresh_from_db()
    stuck.refresh_from_db()
    assert (gone.status, gone.resolved_by) == ("resolved", "alice")
    assert (stuck.status, stuck.count, stuck.retried_at) == ("open", 2, None)
    assert list(stuck.notes.values_list("verb", "actor", "text"))[1:] == [
        ("retried", "alice", ""),
        ("failed_again", "alice", "Still no place for it."),
    ]


def test_what_is_held_for_another_reason_now_closes_for_the_first():
    opened(problem(id=1), problem("spam", id=1))
    queue.close_items(
        kind=None, subject_type="lead", subject_ids=["1"], reason="It went on.", other_than="test.spam"
    )
    assert set(ExceptionItem.objects.values_list("kind", "status")) == {
        ("test.dead_letter", "resolved"),
        ("test.spam", "open"),
    }


def test_a_door_that_refuses_leaves_its_items_open_and_nothing_half_done(kinds):
    items = opened(problem("paused"), problem("spam"))
    result = queue.retry(items, by="alice")
    assert result.refusals == ["Paused: The connection is paused."]
    assert [item.kind for item in result.trying] == ["test.spam"]
    assert not AlertRule.objects.filter(name="half done").exists()
    paused = ExceptionItem.objects.get(kind="test.paused")
    assert paused.status == "open"
    assert list(paused.notes.values_list("verb", "text")) == [
        ("opened", ""),
        ("refused", "The connection is paused."),
    ]


def test_what_cannot_be_tried_again_says_so():
    [item] = opened(problem("no_rule"))
    result = queue.retry([item], by="alice")
    assert result.taken == []
    assert result.refusals == ["No rule: It cannot be tried again: fix the cause, then resolve it."]
    item.refresh_from_db()
    assert item.status == "open"


def test_a_door_with_a_bug_is_heard_of_and_resolves_nothing():
    [item] = opened(problem("buggy"))
    with pytest.raises(ZeroDivisionError):
        queue.retry([item], by="alice")
    item.refresh_from_db()
    assert item.status == "open"
    assert not AlertRule.objects.filter(name="half done").exists()


def test_an_item_that_outlived_its_kind_can_still_be_settled(settings):
    [item] = opened(problem("spam"))
    settings.LEADOPS_EXCEPTION_KINDS = ["exception_queue.exception_kinds"]
    assert item.described_kind.title == "test.spam"
    assert grouping.groups()[0].kind.severity == "medium"
    assert len(queue.resolve([item], by="alice")) == 1


def test_a_verb_is_dated_by_the_time_it_is_told_and_so_is_its_handler():
    [item] = opened()
    then = later(hours=2)
    queue.claim([item], by="alice", now=then)
    queue.retry([item], by="alice", now=then)
    queue.snooze([item], by="alice", until=later(hours=3), now=then)
    queue.release([item], by="alice", now=then)
    queue.resolve([item], by="alice", now=then)
    item.refresh_from_db()
    assert item.resolved_at == then
    assert set(item.notes.exclude(verb="opened").values_list("at", flat=True)) == {then}
    assert AlertRule.objects.filter(name__endswith=str(then)).exists()
    with pytest.raises(ValueError, match="still to come"):
        queue.snooze([item], by="alice", until=later(hours=1), now=then)
