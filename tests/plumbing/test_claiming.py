from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from exception_queue.models import AlertNotice, AlertRule
from plumbing import claiming
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


@pytest.fixture
def rule():
    return AlertRule.objects.create(name="Everything", notify=["mailto:ops@acme.test"])


def rows(rule, number):
    now = timezone.now()
    return AlertNotice.objects.bulk_create(
        [
            # The last one made is the first one due.
            AlertNotice(
                rule=rule, created_at=now, due_at=now - timedelta(seconds=i), title=str(i), body="", to=[]
            )
            for i in range(number)
        ]
    )


def end_lease(held):
    AlertNotice.objects.filter(pk__in=[row.pk for row in held]).update(claimed_until=Now())


def due():
    return AlertNotice.objects.filter(status="pending").order_by("due_at")


def test_it_claims_in_the_order_of_the_query_up_to_the_limit(rule, django_assert_num_queries):
    rows(rule, 10)
    with django_assert_num_queries(1):
        claim = claiming.claim(due(), limit=4, lease=LEASE)
    assert [row.title for row in claim.rows] == ["9", "8", "7", "6"]
    assert all(isinstance(row, AlertNotice) for row in claim.rows)
    for row in claim.rows:
        assert row.claim_token == claim.token
        assert timedelta(0) < row.claimed_until - row.due_at < LEASE + timedelta(minutes=1)
        before = row.claimed_until
        row.refresh_from_db()
        assert (row.claim_token, row.claimed_until) == (claim.token, before)
    assert AlertNotice.objects.filter(claim_token=None).count() == 6


def test_it_claims_nothing_where_nothing_is_due():
    assert claiming.claim(due(), limit=10, lease=LEASE).rows == []


def test_it_takes_a_query_that_looks_at_other_tables(rule):
    rows(rule, 3)
    other = AlertRule.objects.create(name="Other", notify=["mailto:ops@acme.test"])
    rows(other, 3)
    of_rule = AlertNotice.objects.filter(rule__name="Other").order_by("rule__name", F("due_at").desc())
    claim = claiming.claim(of_rule, limit=10, lease=LEASE)
    assert [(row.rule_id, row.title) for row in claim.rows] == [(other.pk, t) for t in "012"]


def test_it_skips_what_somebody_holds_until_the_lease_ends(rule):
    rows(rule, 3)
    first = claiming.claim(due(), limit=10, lease=LEASE)
    assert claiming.claim(due(), limit=10, lease=LEASE).rows == []
    end_lease(first.rows)
    second = claiming.claim(due(), limit=10, lease=LEASE)
    assert {row.pk for row in second.rows} == {row.pk for row in first.rows}
    assert second.token != first.token


def test_a_machine_whose_clock_is_ahead_claims_no_longer_than_the_others(rule, monkeypatch):
    rows(rule, 1)
    ahead = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    (row,) = claiming.claim(due(), limit=10, lease=LEASE).rows
    claiming.renew(AlertNotice, token=row.claim_token, lease=LEASE)
    row.refresh_from_db()
    assert row.claimed_until < ahead - timedelta(minutes=4)


def test_it_skips_what_is_locked_instead_of_waiting(rule):
    made = rows(rule, 5)
    with transaction.atomic():
        AlertNotice.objects.select_for_update().get(pk=made[4].pk)

        def work(_):
            return [row.pk for row in claiming.claim(due(), limit=2, lease=LEASE).rows]

        assert at_once(1, work) == [[made[3].pk, made[2].pk]]


def test_it_claims_a_row_whose_children_are_being_inserted(rule):
    rows(rule, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM exception_queue_alertnotice FOR KEY SHARE")

        def work(_):
            return len(claiming.claim(due(), limit=2, lease=LEASE).rows)

        assert at_once(1, work) == [1]


def test_it_gives_each_row_to_exactly_one_of_many_workers(rule):
    made = rows(rule, 400)

    def work(_):
        mine = []
        while claim := claiming.claim(due(), limit=7, lease=LEASE).rows:
            assert len(claim) <= 7
            mine += [row.pk for row in claim]
        return mine

    taken = Counter(pk for mine in at_once(8, work) for pk in mine)
    assert taken == Counter({row.pk: 1 for row in made})


def test_relocking_drops_what_was_lost(rule):
    made = rows(rule, 3)
    mine = claiming.claim(due(), limit=10, lease=LEASE)
    end_lease([made[1]])
    theirs = claiming.claim(due(), limit=10, lease=LEASE)
    with transaction.atomic():
        assert claiming.relock(AlertNotice, token=mine.token) == {made[0].pk, made[2].pk}
        assert claiming.relock(AlertNotice, token=mine.token, pks=[made[0].pk, made[1].pk]) == {made[0].pk}
        assert claiming.relock(AlertNotice, token=theirs.token) == {made[1].pk}
        assert claiming.relock(AlertNotice, token=uuid4()) == set()


def test_a_relocked_row_cannot_be_claimed_though_its_lease_has_ended(rule):
    made = rows(rule, 2)
    mine = claiming.claim(due(), limit=10, lease=LEASE)
    end_lease(made)
    with transaction.atomic():
        assert len(claiming.relock(AlertNotice, token=mine.token)) == 2

        def work(_):
            return len(claiming.claim(due(), limit=10, lease=LEASE).rows)

        assert at_once(1, work) == [0]


def test_renewing_keeps_the_rows_that_are_still_ours(rule):
    made = rows(rule, 3)
    mine = claiming.claim(due(), limit=10, lease=LEASE)
    end_lease(made)
    claiming.claim(due().filter(pk=made[0].pk), limit=1, lease=LEASE)
    assert claiming.renew(AlertNotice, token=mine.token, lease=LEASE) == 2
    assert claiming.claim(due(), limit=10, lease=LEASE).rows == []


def test_releasing_gives_rows_back_at_once(rule):
    made = rows(rule, 3)
    mine = claiming.claim(due(), limit=10, lease=LEASE)
    assert claiming.release(AlertNotice, token=mine.token, pks=[made[1].pk]) == 1
    again = claiming.claim(due(), limit=10, lease=LEASE)
    assert [row.pk for row in again.rows] == [made[1].pk]
    assert claiming.release(AlertNotice, token=mine.token) == 2
    assert claiming.release(AlertNotice, token=mine.token) == 0
