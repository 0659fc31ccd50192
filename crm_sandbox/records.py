"""CRM records of any kind: rows of named text values, unique values, and who changed what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crm_sandbox import search_index, search_lag


@dataclass(slots=True)
class Record:
    """Times are milliseconds since 1970. A value that is not set has no key."""

    kind: str
    id: int
    properties: dict[str, str]
    created_at: int
    updated_at: int
    archived_at: int | None = None


def from_row(row: sqlite3.Row) -> Record:
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
    search_lag.note_change(db, kind=record.kind, id=record.id)
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
    live = record.archived_at is None
    search_index.keep(db, kind=record.kind, id=record.id, properties=record.properties if live else {})


def now_called(db: sqlite3.Connection, *, kind: str, id: int) -> int:
    """The id of the record that this one was merged into, however often; its own where it was not."""
    while row := db.execute("SELECT new_id FROM merged WHERE kind = ? AND old_id = ?", (kind, id)).fetchone():
        id = int(row["new_id"])
    return id


def is_merged(db: sqlite3.Connection, *, kind: str, id: int) -> bool:
    """Whether it was merged into another."""
    return now_called(db, kind=kind, id=id) != id


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
    return from_row(row)


def page(
    db: sqlite3.Connection, *, kind: str, after: int, limit: int, archived: bool = False
) -> list[Record]:
    """Up to `limit` records with an id above `after`, by id."""
    gone = "IS NOT NULL" if archived else "IS NULL"
    rows = db.execute(
        f"SELECT * FROM records WHERE kind = ? AND id > ? AND archived_at {gone} ORDER BY id LIMIT ?",
        (kind, after, limit),
    )
    return [from_row(row) for row in rows]


def newest(db: sqlite3.Connection, *, kind: str, words: Sequence[str] = ()) -> Iterator[Record]:
    """Live records, last made first; with `words`, at least those that have each of them in one of their values."""
    statement, values = "SELECT * FROM records WHERE kind = ? AND archived_at IS NULL", [kind]
    for word in words:
        # SQLite knows of ASCII letters only that they have two cases.
        spellings = {word} if word.isascii() else {word, word.casefold(), word.upper(), word.capitalize()}
        statement += f" AND ({' OR '.join(['properties LIKE ? ESCAPE ?'] * len(spellings))})"
        values += [part for each in spellings for part in (_containing(each), "!")]
    return map(from_row, db.execute(f"{statement} ORDER BY id DESC", values))


def _containing(text: str) -> str:
    """A pattern for values as the file has them, in JSON."""
    stored = json.dumps(text, ensure_ascii=False)[1:-1]
    for special in "!%_":
        stored = stored.replace(special, f"!{special}")
    return f"%{stored}%"


def selected(db: sqlite3.Connection, statement: str, values: Sequence[object]) -> Iterator[Record]:
    """`statement` gives all columns of records."""
    return map(from_row, db.execute(statement, values))


def count(db: sqlite3.Connection, *, kind: str, having: tuple[str, str] | None = None) -> int:
    """Live records; with `having`, those that have this value in this property, one that is indexed."""
    statement, values = "SELECT COUNT(*) FROM records WHERE kind = ? AND archived_at IS NULL", [kind]
    if having is not None:
        statement = "SELECT COUNT(*) FROM search_values WHERE kind = ? AND property = ? AND value = ?"
        values += [having[0], having[1].casefold()]
    (number,) = db.execute(statement, values).fetchone()
    return int(number)


def holder(db: sqlite3.Connection, *, kind: str, property: str, value: str) -> int | None:
    """The id of the live record that has this value in a unique property (compared without case)."""
    row = db.execute(
        "SELECT id FROM unique_values WHERE kind = ? AND property = ? AND value = ?",
        (kind, property, value.casefold()),
    ).fetchone()
    return None if row is None else int(row["id"])


def set_unique(db: sqlite3.Connection, *, kind: str, id: int, property: str, values: Iterable[str]) -> None:
    """Several values for a contact that has more than one e-mail address."""
    db.execute("DELETE FROM unique_values WHERE kind = ? AND id = ? AND property = ?", (kind, id, property))
    db.executemany(
        "INSERT INTO unique_values VALUES (?, ?, ?, ?)",
        [(kind, property, value, id) for value in {each.casefold() for each in values if each}],
    )


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
