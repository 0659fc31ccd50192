import random

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from plumbing.locks import lock_keys
from tests.plumbing.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_refuses_without_a_transaction():
    with pytest.raises(TransactionManagementError, match="there is none"):
        lock_keys(["email:a@example.test"])


def test_it_takes_one_statement_and_gives_everything_back_at_the_end(django_assert_num_queries):
    keys = [f"email:{number}@example.test" for number in range(500)]
    with transaction.atomic():
        with django_assert_num_queries(1):
            lock_keys([*keys, *keys])
        assert _held() == 500
    assert _held() == 0


def test_it_does_nothing_for_no_keys(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(0):
        lock_keys([])


def test_it_lets_one_worker_at_a_time_through_and_never_deadlocks():
    keys = [f"phone:{number}" for number in range(12)]
    inside: list[int] = []

    def work(number):
        chance = random.Random(number)
        for _ in range(40):
            with transaction.atomic():
                # Everybody wants key 0, and some others in an order of their own.
                wanted = [*chance.sample(keys[1:], 5), keys[0]]
                chance.shuffle(wanted)
                lock_keys(wanted)
                inside.append(number)
                assert inside == [number]
                inside.remove(number)
        return True

    assert at_once(6, work) == [True] * 6


def _held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return cursor.fetchone()[0]
