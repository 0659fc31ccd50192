"""Locks on names that may have no row yet."""

from collections.abc import Iterable
from hashlib import blake2b

from django.db import connection
from django.db.transaction import TransactionManagementError


def lock_keys(keys: Iterable[str]) -> None:
    """Hold each key until the transaction ends; waits for whoever holds one of them.

    All callers take hashes in ascending order, so two of them cannot wait for each other. Two keys with one
    hash only wait more than they had to. One statement, whatever the number of keys.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Keys are locked until the end of a transaction, and there is none.")
    hashes = sorted({_hashed(key) for key in keys})
    if not hashes:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_advisory_xact_lock(k)) FROM unnest(%s::bigint[]) AS k", [hashes])


def _hashed(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
