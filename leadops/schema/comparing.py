"""The tables as they are, against the models as they should be.

Compared are tables, columns (type, whether they may be empty, whether the database has a default), keys, foreign keys, unique and
check constraints and indexes. Constraints and indexes are known by name, and those that Django names by their columns; what a
condition or an expression says is not compared. More than the models need is no difference unless it is in the way of writing: a
newer version may have added it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection, models

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> ''
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
"""
_CONSTRAINTS = """
    SELECT c.relname, k.conname, k.contype, ARRAY(
        SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS n (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number ORDER BY n.place
    ), coalesce(f.relname, '')
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND k.convalidated
"""
_INDEXES = """
    SELECT c.relname, x.relname, i.indisunique
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND i.indisvalid
"""
# How PostgreSQL spells the types that Django asks for in short.
_SPELLED = (("varchar", "character varying"), ("char(", "character("), (", ", ","))


@dataclass(frozen=True, slots=True)
class _Column:
    type: str
    required: bool
    filled: bool
    """Whether the database fills it itself."""


@dataclass(slots=True)
class _Table:
    columns: dict[str, _Column] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    """name -> kind, as PostgreSQL's letter: p, u, f, c."""
    keys: set[tuple[str, ...]] = field(default_factory=set)
    """Columns of its primary key and unique constraints."""
    references: set[tuple[str, str]] = field(default_factory=set)
    """(column, other table) of its foreign keys."""
    indexes: dict[str, bool] = field(default_factory=dict)
    """name -> whether it is unique."""


def differences(wanted: Iterable[type[models.Model]]) -> list[str]:
    """One phrase for each, in the order of tables: "routing_owner has no column leads_leave_at". Three queries."""
    tables = _tables()
    found: list[str] = []
    for model in sorted(wanted, key=lambda model: str(model._meta.db_table)):
        meta = model._meta
        if not meta.managed or meta.proxy or meta.swapped:
            continue
        name = str(meta.db_table)
        if name in tables:
            found += _differences(model, name, tables[name])
        else:
            found.append(f"the table {name} is missing")
    return list(dict.fromkeys(found))


def _differences(model: type[models.Model], name: str, table: _Table) -> Iterator[str]:
    fields = {str(each.column): each for each in model._meta.local_concrete_fields}
    for column, each in fields.items():
        live = table.columns.get(column)
        if live is None:
            yield f"{name} has no column {column}"
            continue
        # Of a serial or identity column the bare type.
        asked = _spelled(each.rel_db_type(connection) if each.primary_key else each.db_type(connection))
        if live.type != asked:
            yield f"{name}.{column} is {live.type} instead of {asked}"
        if live.required != (not each.null):
            yield f"{name}.{column} {'may not be' if live.required else 'can be'} null"
        if each.has_db_default() and not live.filled:
            yield f"{name}.{column} has no default"
        if (each.primary_key or each.unique) and (column,) not in table.keys:
            yield f"{name}.{column} is not unique"
        if isinstance(each, models.ForeignKey) and getattr(each, "db_constraint", True):
            other = str(each.target_field.model._meta.db_table)
            if (column, other) not in table.references:
                yield f"{name}.{column} is no foreign key of {other}"
    for column, live in table.columns.items():
        if column not in fields and live.required and not live.filled:
            yield f"{name} has a column {column} that must be filled and is not known"
    for columns in model._meta.unique_together:
        if tuple(str(model._meta.get_field(each).column) for each in columns) not in table.keys:  # type: ignore[union-attr]
            yield f"{name} is not unique by {', '.join(columns)}"
    for constraint in model._meta.constraints:
        yield from _constraint(constraint, name, table)
    for index in model._meta.indexes:
        if index.name not in table.indexes:
            yield f"{name} has no index {index.name}"


def _constraint(constraint: models.BaseConstraint, name: str, table: _Table) -> Iterator[str]:
    unique = isinstance(constraint, models.UniqueConstraint)
    # A unique constraint with a condition or an expression is an index.
    there = constraint.name in table.constraints or (unique and table.indexes.get(constraint.name, False))
    if not there:
        yield f"{name} has no constraint {constraint.name}"


def _tables() -> dict[str, _Table]:
    tables: dict[str, _Table] = defaultdict(_Table)
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for name, column, type_, required, filled in cursor.fetchall():
            tables[name].columns[column] = _Column(type_, required, filled)
        cursor.execute(_CONSTRAINTS)
        for name, constraint, kind, columns, other in cursor.fetchall():
            tables[name].constraints[constraint] = kind
            if kind in "pu":
                tables[name].keys.add(tuple(columns))
            elif kind == "f" and len(columns) == 1:
                tables[name].references.add((columns[0], other))
        cursor.execute(_INDEXES)
        for name, index, unique in cursor.fetchall():
            tables[name].indexes[index] = unique
    return dict(tables)


def _spelled(db_type: str | None) -> str:
    text = str(db_type)
    if text.startswith(("character", "timestamp", "double", "time ")):
        return text
    for short, long in _SPELLED:
        text = text.replace(short, long)
    return {"bool": "boolean", "int": "integer"}.get(text, text)
