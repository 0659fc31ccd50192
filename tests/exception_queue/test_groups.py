from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from exception_queue import grouping, queue
from exception_queue.models import ExceptionItem
from tests.make.exceptions import opened, problem

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 9, 12, tzinfo=UTC)


@pytest.fixture
def flood():
    opened(*(problem(id=i, cause=f"Property is gone (contact {i})") for i in range(4)), now=NOW)
    opened(problem(id=1, cause="Property is gone (contact 1)"), now=NOW + timedelta(hours=2))
    opened(problem(id=9, cause="E-mail is taken"), now=NOW)
    opened(problem("no_rule", id=5), problem("no_rule", id=6), now=NOW + timedelta(minutes=1))
    opened(problem("spam", id=7), now=NOW)


def test_it_shows_causes_the_worst_and_most_frequent_first(flood, django_assert_num_queries):
    with django_assert_num_queries(2):
        groups = grouping.groups()
    assert [(group.kind.key, group.items, group.times) for group in groups] == [
        ("test.dead_letter", 4, 5),
        ("test.dead_letter", 1, 1),
        ("test.no_rule", 2, 2),
        ("test.spam", 1, 1),
    ]
    first = groups[0]
    assert (first.first_seen_at, first.last_seen_at) == (NOW, NOW + timedelta(hours=2))
    assert first.cause == "Property is gone (contact 3)"
    assert first.sample.subject_label == "Lead 3"
    same = ExceptionItem.objects.filter(kind=first.kind.key, cause_key=first.cause_key)
    assert {item.subject_id for item in same} == {"0", "1", "2", "3"}


def test_it_groups_what_it_is_given(flood):
    queue.claim(ExceptionItem.objects.filter(kind="test.no_rule", subject_id="5"), by="alice")
    [mine] = grouping.groups(ExceptionItem.objects.filter(status="open", claimed_by="alice"))
    assert (mine.kind.key, mine.items, mine.claimed) == ("test.no_rule", 1, 1)


def test_what_is_snoozed_or_settled_is_not_in_the_open_groups(flood):
    until = timezone.now() + timedelta(hours=1)
    queue.snooze(ExceptionItem.objects.filter(kind="test.spam"), by="alice", until=until)
    queue.resolve(ExceptionItem.objects.filter(kind="test.dead_letter"), by="alice")
    assert [group.kind.key for group in grouping.groups()] == ["test.no_rule"]


def test_it_is_empty_when_nothing_is_open(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert grouping.groups() == []


def test_it_counts_the_tabs_in_one_query(flood, django_assert_num_queries):
    queue.claim(ExceptionItem.objects.filter(kind="test.no_rule"), by="alice")
    queue.claim(ExceptionItem.objects.filter(subject_id="9"), by="bob")
    until = timezone.now() + timedelta(hours=1)
    queue.snooze(ExceptionItem.objects.filter(kind="test.spam"), by="alice", until=until)
    queue.dismiss(ExceptionItem.objects.filter(subject_id="0"), by="alice")
    with django_assert_num_queries(1):
        counts = grouping.counts(ExceptionItem.objects.all(), by="alice")
    assert counts == grouping.Counts(mine=2, unclaimed=3, snoozed=1, unresolved=7)
