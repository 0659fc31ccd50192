"""Rows that are due are claimed with a token and a lease (rule 3).

A model that can be claimed has `claim_token` (uuid, null) and `claimed_until` (timestamptz, null), and an
index on `claim_token` where it is not null. Whoever holds the token owns the row until the lease ends;
after that anybody may claim it again, and the old holder finds out when it re-locks its rows by token.

Leases go by the database's clock: a machine whose clock is ahead, and that dies, keeps nothing longer than the lease.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connections, models, router
from django.db.models.functions import Now

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Claim(Generic[M]):
    """Rows that are ours until the lease ends, in the order of the query they were claimed from."""

    token: UUID
    rows: list[M]


def free() -> models.Q:
    """What nobody holds, of a model that can be claimed."""
    return models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lte=Now())


def claim(
    rows: models.QuerySet[M],
    *,
    limit: int,
    lease: timedelta,
    counting: str = "",
    token: UUID | None = None,
) -> Claim[M]:
    """Claim up to `limit` of `rows` that nobody holds, in the queryset's order; never waits for a lock.

    `counting` names an integer column that goes up by one with each claim. `token` adds them to a claim that is held
    already; the answer has the added ones.

    One statement, with or without a transaction around it. The lock is FOR NO KEY UPDATE: a row whose
    children are being inserted elsewhere can still be claimed.
    """
    model = rows.model
    database = rows.db
    connection = connections[database]
    quote = connection.ops.quote_name
    wanted = rows.filter(free()).order_by(*_order(rows)).values("pk")[:limit]
    pick_sql, pick_params = wanted.query.get_compiler(using=database).as_sql()
    table, key = quote(model._meta.db_table), quote(_key_column(model))
    columns = ", ".join(f"done.{quote(column)}" for column in _columns(model))
    counts = f", {quote(counting)} = {table}.{quote(counting)} + 1" if counting else ""
    token = token or uuid4()
    # MATERIALIZED: the pick runs exactly once. As a plain subquery the planner may run it again, and lock
    # more than `limit`.
    sql = f"""
        WITH picked AS MATERIALIZED ({pick_sql} FOR NO KEY UPDATE OF {table} SKIP LOCKED),
        numbered (id, position) AS (SELECT *, row_number() OVER () FROM picked),
        done AS (
            UPDATE {table} SET claim_token = %s, claimed_until = STATEMENT_TIMESTAMP() + %s{counts}
            FROM numbered WHERE {table}.{key} = numbered.id
            RETURNING {table}.*, numbered.position AS claim_position
        )
        SELECT {columns} FROM done ORDER BY done.claim_position
    """
    params = (*pick_params, token, lease)
    return Claim(token=token, rows=list(model._base_manager.using(database).raw(sql, params)))


def renew(
    model: type[models.Model], *, token: UUID, lease: timedelta, pks: Collection[Any] | None = None
) -> int:
    """Start the lease anew on the rows that are still ours; how many these are. Fewer than claimed: some
    were lost.
    """
    return _held(model, token, pks).update(claimed_until=Now() + lease)


def relock(model: type[models.Model], *, token: UUID, pks: Collection[Any] | None = None) -> set[Any]:
    """Lock the rows that are still ours until the transaction ends, in primary-key order; returns their keys.

    The first statement of a transaction that writes the outcome of claimed work: what is missing was lost
    to somebody else.
    """
    held = _held(model, token, pks).order_by("pk").select_for_update(no_key=True)
    return set(held.values_list("pk", flat=True))


def release(model: type[models.Model], *, token: UUID, pks: Collection[Any] | None = None) -> int:
    """Give the rows (all, or those named) back at once instead of waiting for the lease to end; how many."""
    return _held(model, token, pks).update(claim_token=None, claimed_until=None)


def _held(
    model: type[models.Model], token: UUID, pks: Collection[Any] | None
) -> models.QuerySet[models.Model]:
    held = model._base_manager.using(router.db_for_write(model)).filter(claim_token=token)
    return held if pks is None else held.filter(pk__in=list(pks))


def _order(rows: models.QuerySet[M]) -> list[Any]:
    # The key as last word: two claimers that see equal due times agree on the order.
    explicit = rows.query.order_by or (
        (rows.model._meta.ordering or ()) if rows.query.default_ordering else ()
    )
    return [*explicit, "pk"]


def _key_column(model: type[models.Model]) -> str:
    assert model._meta.pk is not None
    return str(model._meta.pk.column)


def _columns(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column is not None]
