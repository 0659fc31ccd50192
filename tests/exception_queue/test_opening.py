import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from exception_queue import kinds, queue
from exception_queue.models import ExceptionItem, ExceptionNote
from tests.make.exceptions import opened, problem, verbs
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_it_opens_one_item_with_all_that_a_person_needs():
    [item] = opened(problem(id="7", detail={"field": "leadops_score"}, owner_hint="alice@acme.test"), now=NOW)
    item.refresh_from_db()
    assert (item.kind, item.subject_type, item.subject_id) == ("test.dead_letter", "lead", "7")
    assert (item.subject_label, item.subject_url) == ("Lead 7", "/leads/7/")
    assert (item.cause, item.detail) == ("The CRM refuses the field", {"field": "leadops_score"})
    assert (item.status, item.count, item.owner_hint) == ("open", 1, "alice@acme.test")
    assert (item.first_seen_at, item.last_seen_at) == (NOW, NOW)
    assert item.action_url == "/leads/7/"
    assert str(item) == "Dead letter: Lead 7"
    assert verbs(item) == ["opened"]


def test_what_happens_again_counts_up_and_shows_its_newest_cause():
    [first] = opened(problem(cause="It timed out", detail={"try": 1}), now=NOW)
    queue.claim([first], by="alice")
    later = NOW + timedelta(minutes=5)
    [again] = opened(problem(cause="It was refused", detail={"try": 2}), now=later)
    assert again.pk == first.pk
    again.refresh_from_db()
    assert (again.count, again.cause, again.detail) == (2, "It was refused", {"try": 2})
    assert (again.first_seen_at, again.last_seen_at) == (NOW, later)
    assert again.claimed_by == "alice"
    assert verbs(again) == ["opened", "claimed"]


def test_time_does_not_run_backwards():
    opened(now=NOW)
    [again] = opened(now=NOW - timedelta(hours=1))
    assert (again.first_seen_at, again.last_seen_at) == (NOW, NOW)


def test_the_same_problem_twice_in_one_call_is_one_item_counted_twice():
    items = opened(problem(cause="first"), problem(id="2"), problem(cause="second"))
    assert [(item.subject_id, item.count, item.cause) for item in items] == [
        ("1", 2, "second"),
        ("2", 1, "The CRM refuses the field"),
    ]


def test_kind_subject_type_and_subject_id_tell_items_apart():
    items = opened(problem(), problem("spam"), problem(type="submission"), problem(id="2"))
    assert len({item.pk for item in items}) == 4
    keys = [(item.kind, item.subject_type, item.subject_id) for item in items]
    assert keys == sorted(keys)


@pytest.mark.parametrize("settle", [queue.resolve, queue.dismiss])
def test_what_happens_again_after_it_was_settled_is_a_new_item(settle):
    [first] = opened()
    settle([first], by="alice")
    [second] = opened()
    assert second.pk != first.pk
    assert second.count == 1
    assert ExceptionItem.objects.filter(status="open").count() == 1


def test_the_database_itself_refuses_a_second_open_item():
    [item] = opened()
    item.pk = None
    with pytest.raises(IntegrityError, match="exception_one_open_per_subject"), transaction.atomic():
        item.save(force_insert=True)


def test_a_hundred_problems_take_as_many_statements_as_one(django_assert_num_queries):
    problems = [problem(id=number) for number in range(100)]
    with django_assert_num_queries(2):
        assert len(opened(*problems)) == 100
    with django_assert_num_queries(1):
        assert {item.count for item in opened(*problems)} == {2}
    assert ExceptionNote.objects.count() == 100


def test_nothing_to_open_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert queue.open_items([], now=NOW) == []


def test_an_unknown_kind_is_refused_before_anything_is_written():
    with pytest.raises(kinds.UnknownKind, match=r"test\.no_such_kind"):
        opened(problem(), problem("no_such_kind"))
    assert not ExceptionItem.objects.exists()


def test_nothing_that_a_form_or_crm_sends_keeps_an_item_from_being_opened():
    subject = queue.Subject(type="lead", id="nul\x00", label="L" * 999 + "\x00")
    detail = {
        "nul\x00": "a\x00b",
        "half": "\ud83d",
        "nan": float("nan"),
        "inf": [float("inf"), 1.5],
        "when": NOW,
        "uuid": uuid.UUID(int=1),
        "money": Decimal("1.10"),
        1: {"set"},
        "big": 10**30,
    }
    nasty = queue.ExceptionReport(
        kind="test.spam",
        subject=subject,
        cause="bad \x00 \ud83d" + "c" * 100_000,
        detail=detail,
        owner_hint="o" * 999,
    )
    [item] = opened(nasty)
    item.refresh_from_db()
    assert item.subject_id == "nul\ufffd"
    assert item.subject_label == "L" * 254 + "…"
    assert item.detail["nul\ufffd"] == "a\ufffdb"
    assert (item.detail["nan"], item.detail["inf"]) == ("nan", ["inf", 1.5])
    assert (item.detail["money"], item.detail["1"], item.detail["big"]) == ("1.10", ["set"], 10**30)
    [again] = opened(nasty)
    assert again.pk == item.pk


def test_a_cause_that_differs_in_particulars_is_one_cause():
    causes = [
        "HubSpot: contact 51 of jana.weiss@example.test was refused (a3f90c11de)",
        "HubSpot: contact 1,204 of  bob@example.test was REFUSED (b3f90c11de99)",
        "HubSpot: contact 9 of x+y@sub.example.test was refused (0e984725-c51c-4bf4-9960-e1c80e27aba0)",
    ]
    keys = {item.cause_key for item in opened(*(problem(id=i, cause=c) for i, c in enumerate(causes)))}
    assert len(keys) == 1


def test_causes_that_differ_in_a_name_are_two_causes():
    causes = ["Property address1 is gone", "Property address2 is gone"]
    keys = {item.cause_key for item in opened(*(problem(id=c, cause=c) for c in causes))}
    assert len(keys) == 2


def test_a_problem_can_name_its_cause_where_the_words_cannot():
    items = opened(problem(id=1, cause="One", cause_key="gone"), problem(id=2, cause="Two", cause_key="gone"))
    assert len({item.cause_key for item in items}) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_leave_exactly_one_open_item_with_the_right_count():
    def work(number):
        for _ in range(25):
            opened()
        return True

    assert at_once(8, work) == [True] * 8
    [item] = ExceptionItem.objects.all()
    assert (item.status, item.count) == ("open", 200)
    assert verbs(item) == ["opened"]


@pytest.mark.django_db(transaction=True)
def test_workers_that_bring_the_same_problems_in_other_orders_never_deadlock():
    # “a” and “B” are where a database's collation and Python's sorting disagree.
    ids = ["a", "B", "c", "D", "é", "Z", "_", "10", "9"]

    def work(number):
        for turn in range(20):
            shift = (number * 7 + turn) % len(ids)
            items = opened(*(problem(id=name) for name in [*ids[shift:], *ids[:shift]]))
            if number == 0:
                queue.snooze(items, by="alice", until=timezone.now() + timedelta(hours=1))
            if number == 1:
                queue.close_items(
                    kind="test.dead_letter", subject_type="lead", subject_ids=ids, reason="It works again."
                )
        return True

    assert at_once(6, work) == [True] * 6
    for name in ids:
        rows = ExceptionItem.objects.filter(subject_id=name)
        assert sum(rows.values_list("count", flat=True)) == 120
        assert rows.filter(status__in=["open", "snoozed"]).count() <= 1


@pytest.mark.django_db(transaction=True)
def test_opening_while_somebody_resolves_waits_and_then_opens_anew():
    [item] = opened()

    def open_it(_):
        return opened()[0].pk

    with transaction.atomic():
        queue.resolve([item], by="alice")
        # In a thread of its own: it can only finish after our commit.
        pool = ThreadPoolExecutor(1)
        waiting = pool.submit(at_once, 1, open_it)
        assert not waiting.done()
    [new] = waiting.result(30)
    pool.shutdown()
    assert new != item.pk
    assert list(ExceptionItem.objects.order_by("pk").values_list("status", "count")) == [
        ("resolved", 1),
        ("open", 1),
    ]
