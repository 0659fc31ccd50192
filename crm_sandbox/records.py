"""CRM records of any kind: rows of named text values, unique values, and who changed what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Record:
    """Times are milliseconds since 1970. A value that is not set has no key."""

    kind: str
    id: int
    properties: dict[str, str]
    created_at: int
    updated_at: int
    archived_at: int | None = None


def _record(row: sqlite3.Row) -> Record:
    return Record(
        row["kind"],
        row["id"],
        json.loads(row["properties"]),
        row["created_at"],
        row["updated_at"],
        row["archived_at"],
    )


def next_id(db: sqlite3.Connection, *, kind: str, first: int) -> int:
    (highest,) = db.execute("SELECT MAX(id) FROM records WHERE kind = ?", (kind,)).fetchone()
    return first if highest is None else int(highest) + 1


def save(db: sqlite3.Connection, *, record: Record) -> None:
    db.execute(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET "
        "properties = excluded.properties, updated_at = excluded.updated_at, "
        "archived_at = excluded.archived_at",
        (
            record.kind,
            record.id,
            json.dumps(record.properties, ensure_ascii=False, separators=(",", ":")),
            record.created_at,
            record.updated_at,
            record.archived_at,
        ),
    )


def now_called(db: sqlite3.Connection, *, kind: str, id: int) -> int:
    """The id of the record that this one was merged into, however often; its own where it was not."""
    while row := db.execute("SELECT new_id FROM merged WHERE kind = ? AND old_id = ?", (kind, id)).fetchone():
        id = int(row["new_id"])
    return id


def note_merge(db: sqlite3.Connection, *, kind: str, old_ids: Iterable[int], new_id: int) -> None:
    db.executemany("INSERT INTO merged VALUES (?, ?, ?)", [(kind, old, new_id) for old in old_ids])


def erase(db: sqlite3.Connection, *, kind: str, id: int) -> None:
    """The record and its history, for good; its number is not given again."""
    db.execute("UPDATE records SET properties = '{}' WHERE kind = ? AND id = ?", (kind, id))
    db.execute("DELETE FROM changes WHERE kind = ? AND id = ?", (kind, id))


def get(db: sqlite3.Connection, *, kind: str, id: int, archived: bool = False) -> Record | None:
    row = db.execute("SELECT * FROM records WHERE kind = ? AND id = ?", (kind, id)).fetchone()
    if row is None or (row["archived_at"] is not None) != archived:
        return None
    return _record(row)


def page(
    db: sqlite3.Connection, *, kind: str, after: int, limit: int, archived: bool = False
) -> list[Record]:
    """Up to `limit` records with an id above `after`, by id."""
    gone = "IS NOT NULL" if archived else "IS NULL"
    rows = db.execute(
        f"SELECT * FROM records WHERE kind = ? AND id > ? AND archived_at {gone} ORDER BY id LIMIT ?",
        (kind, after, limit),
    )
    return [_record(row) for row in rows]


def newest(db: sqlite3.Connection, *, kind: str) -> Iterator[Record]:
    """Every live record, last made first."""
    rows = db.execute(
        "SELECT * FROM records WHERE kind = ? AND archived_at IS NULL ORDER BY id DESC", (kind,)
    )
    return map(_record, rows)


def count(db: sqlite3.Connection, *, kind: str, having: tuple[str, str] | None = None) -> int:
    """Live records; with `having`, those that have this value in this property."""
    statement = "SELECT COUNT(*) FROM records WHERE kind = ? AND archived_at IS NULL"
    values = [kind]
    if having is not None:
        statement += " AND json_extract(properties, ?) = ?"
        values += [f"$.{having[0]}", having[1]]
    (number,) = db.execute(statement, values).fetchone()
    return int(number)


def holder(db: sqlite3.Connection, *, kind: str, property: str, value: str) -> int | None:
    """The id of the live record that has this value in a unique property (compared without case)."""
    row = db.execute(
        "SELECT id FROM unique_values WHERE kind = ? AND property = ? AND value = ?",
        (kind, property, value.casefold()),
    ).fetchone()
    return None if row is None else int(row["id"])


def set_unique(db: sqlite3.Connection, *, kind: str, id: int, property: str, value: str) -> None:
    db.execute("DELETE FROM unique_values WHERE kind = ? AND id = ? AND property = ?", (kind, id, property))
    if value:
        db.execute("INSERT INTO unique_values VALUES (?, ?, ?, ?)", (kind, property, value.casefold(), id))


def free_unique(db: sqlite3.Connection, *, kind: str, id: int) -> None:
    db.execute("DELETE FROM unique_values WHERE kind = ? AND id = ?", (kind, id))


def note_changes(
    db: sqlite3.Connection,
    *,
    kind: str,
    id: int,
    changed: Iterable[tuple[str, str]],
    at: int,
    source: str,
    source_id: str,
) -> None:
    db.executemany(
        "INSERT INTO changes (kind, id, property, value, at, source, source_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(kind, id, name, value, at, source, source_id) for name, value in changed],
    )


def changes(db: sqlite3.Connection, *, kind: str, id: int) -> list[sqlite3.Row]:
    """Newest first: property, value, at, source, source_id."""
    return db.execute(
        "SELECT * FROM changes WHERE kind = ? AND id = ? ORDER BY number DESC", (kind, id)
    ).fetchall()
