"""Many rows, one statement: they travel as one JSON document, which PostgreSQL takes apart by the columns' types.

Django's `bulk_update` builds one CASE WHEN per row and field, and `bulk_create` prepares each value by itself and leaves psycopg
to escape every quote of an array of JSON; at a hundred rows this is three to ten times as quick.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connections, models, router
from django.db.models.expressions import DatabaseDefault

from plumbing.json_shapes import JsonShape

Columns = tuple["models.Field[Any, Any]", ...]


def insert_rows(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> int:
    """Insert rows of one model, and give them the keys that the database has made; returns how many were inserted.

    Like `bulk_create`: no signals, no `save`. `ignore_conflicts`: rows that break a unique constraint are left out, and keys are
    not read back.
    """
    if not rows:
        return 0
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    key = model._meta.pk
    assert key is not None
    makes_key = rows[0].pk is None
    for row in rows:
        for field in _stamped(model):
            field.pre_save(row, add=True)
    columns = tuple(
        field for field in model._meta.local_concrete_fields if not (makes_key and field.primary_key)
    )
    shape = _shape(model, columns, connection.alias)
    sql = (
        f"INSERT INTO {shape.table} ({', '.join(shape.columns)}) SELECT {shape.selected} FROM {shape.source}"
    )
    if ignore_conflicts:
        sql += " ON CONFLICT DO NOTHING"
    elif makes_key:
        sql += f" RETURNING {connection.ops.quote_name(str(key.column))}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [shape.document(rows)])
        inserted = int(cursor.rowcount)
        made = cursor.fetchall() if makes_key and not ignore_conflicts else []
    for row, (number,) in zip(rows, made, strict=False):
        setattr(row, key.attname, number)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return inserted


def update_rows(rows: Sequence[models.Model], *, fields: Sequence[str]) -> int:
    """Write `fields` of rows of one model; returns how many matched."""
    if not rows:
        return 0
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    key = model._meta.pk
    assert key is not None
    named: Columns = tuple(model._meta.get_field(name) for name in fields)  # type: ignore[misc]
    shape = _shape(model, (key, *named), connection.alias)
    sets = ", ".join(f"{column} = u.c{number}" for number, column in enumerate(shape.columns) if number)
    sql = f"UPDATE {shape.table} AS t SET {sets} FROM {shape.source} WHERE t.{shape.columns[0]} = u.c0"
    with connection.cursor() as cursor:
        cursor.execute(sql, [shape.document(rows)])
        return int(cursor.rowcount)


def upsert_rows(
    rows: Sequence[models.Model], *, unique: Sequence[str], fields: Sequence[str], dated_by: str
) -> list[tuple[Any, ...]]:
    """Insert rows of one model, or write `fields` of those that have the same `unique` values already; one statement.

    A row that is older than what stands there by `dated_by` changes nothing, and neither does one that says the same; where one
    of the two has no date, the new one counts. Returns the `unique` values of rows that were inserted or changed. No two rows may
    have the same ones. No signals, no `save`.
    """
    if not rows:
        return []
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    columns = tuple(field for field in model._meta.local_concrete_fields if not field.primary_key)
    shape = _shape(model, columns, connection.alias)
    keys, changed = (
        [quote(str(model._meta.get_field(name).column)) for name in names]  # type: ignore[union-attr]
        for names in (unique, fields)
    )
    date = quote(str(model._meta.get_field(dated_by).column))  # type: ignore[union-attr]
    sql = f"""
        INSERT INTO {shape.table} AS kept ({", ".join(shape.columns)}) SELECT {shape.selected} FROM {shape.source}
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in changed)}
        WHERE (kept.{date} IS NULL OR excluded.{date} IS NULL OR kept.{date} <= excluded.{date})
        AND ({", ".join(f"kept.{name}" for name in changed)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in changed)})
        RETURNING {", ".join(f"kept.{name}" for name in keys)}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [shape.document(rows)])
        return [tuple(row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Shape:
    """SQL names of some columns of a table, and how their values get into the document that is `source`."""

    table: str
    columns: tuple[str, ...]
    source: str
    attributes: tuple[str, ...]

    @property
    def selected(self) -> str:
        return ", ".join(f"u.c{number}" for number in range(len(self.columns)))

    def document(self, rows: Sequence[models.Model]) -> str:
        names = [f"c{number}" for number in range(len(self.attributes))]
        values = attrgetter(*self.attributes)
        if len(names) == 1:
            return json.dumps([{names[0]: values(row)} for row in rows], default=_text)
        return json.dumps([dict(zip(names, values(row), strict=True)) for row in rows], default=_text)


@cache
def _shape(model: type[models.Model], fields: Columns, alias: str) -> _Shape:
    connection = connections[alias]
    quote = connection.ops.quote_name
    types = []
    for number, field in enumerate(fields):
        # What a foreign key or a serial column holds, without its default.
        held = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
        types.append(f"c{number} {_base(held)}")
    return _Shape(
        table=quote(model._meta.db_table),
        columns=tuple(quote(str(field.column)) for field in fields),
        source=f"json_to_recordset(%s::json) AS u({', '.join(types)})",
        attributes=tuple(field.attname for field in fields),
    )


@cache
def _stamped(model: type[models.Model]) -> Columns:
    """Fields that set themselves on writing."""
    return tuple(
        field
        for field in model._meta.local_concrete_fields
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    )


def _base(db_type: str | None) -> str:
    assert db_type is not None
    # A varchar(200) would silently cut what is too long; plain text makes the table's own column refuse it.
    if db_type.startswith("varchar"):
        return "text[]" if db_type.endswith("[]") else "text"
    return db_type


def _text(value: Any) -> Any:
    """What JSON has no word for, as PostgreSQL reads it."""
    if isinstance(value, DatabaseDefault) and isinstance(expression := value.expression, models.Value):  # type: ignore[attr-defined]
        # A row that has not been saved holds the column's default as what it will be.
        return expression.value
    match value:
        case UUID() | Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(value).hex()
        case JsonShape():
            return value.plain()
    raise TypeError(f"{type(value).__name__} cannot be written in bulk: give it a case here.")
