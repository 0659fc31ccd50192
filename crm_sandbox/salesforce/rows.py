"""The records of the org as they are kept: JSON of the fields that have a value, by id."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from crm_sandbox.salesforce import ids
from crm_sandbox.wire import Json

# Objects whose writes are kept, one by one.
TOLD = ("Lead", "Contact", "Task")
_STAMPS = {
    *("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"),
    "LastActivityDate",
}


@dataclass(slots=True)
class OrgRecord:
    """`id` has 18 characters. A field that is empty has no key."""

    id: str
    type: str
    fields: Json
    deleted: bool = False

    def get(self, name: str) -> str:
        """A text, "" where there is none."""
        return str(self.fields.get(name) or "")


def of(row: sqlite3.Row) -> OrgRecord:
    return OrgRecord(row["id"], row["type"], json.loads(row["fields"]), bool(row["deleted"]))


def get(db: sqlite3.Connection, id: str) -> OrgRecord | None:
    """Deleted ones too."""
    row = db.execute("SELECT * FROM org_records WHERE id = ?", (id,)).fetchone()
    return None if row is None else of(row)


def several(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, OrgRecord]:
    """Those that there are, by id, deleted ones too."""
    found: dict[str, OrgRecord] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ",".join("?" * len(part))
        for row in db.execute(f"SELECT * FROM org_records WHERE id IN ({marks})", part):
            found[row["id"]] = of(row)
    return found


def add(db: sqlite3.Connection, *, type: str, fields: Json) -> OrgRecord:
    (last,) = db.execute("SELECT MAX(number) FROM org_records WHERE type = ?", (type,)).fetchone()
    number = int(last or 0) + 1
    row = OrgRecord(ids.made(type, number), type, fields)
    db.execute("INSERT INTO org_records VALUES (?, ?, ?, ?, 0)", (row.id, type, number, _written(fields)))
    _note(db, row, before=OrgRecord(row.id, type, {}))
    return row


def save(db: sqlite3.Connection, row: OrgRecord) -> None:
    before = get(db, row.id)
    if before is not None:
        _note(db, row, before=before)
    db.execute(
        "UPDATE org_records SET fields = ?, deleted = ? WHERE id = ?",
        (_written(row.fields), row.deleted, row.id),
    )


def holding(
    db: sqlite3.Connection, *, type: str, name: str, value: str, exact: bool = False
) -> list[OrgRecord]:
    """Live ones with this value in this field, without regard to case, in the order in which they were made."""
    collation = "" if exact else " COLLATE NOCASE"
    found = db.execute(
        f"SELECT * FROM org_records WHERE type = ? AND json_extract(fields, '$.{name}') = ?{collation} AND NOT deleted "
        "ORDER BY +number",
        (type, value),
    )
    return [of(row) for row in found]


def all_of(db: sqlite3.Connection, type: str) -> list[OrgRecord]:
    """Live ones, in the order in which they were made."""
    found = db.execute("SELECT * FROM org_records WHERE type = ? AND NOT deleted ORDER BY number", (type,))
    return [of(row) for row in found]


def listed(db: sqlite3.Connection, type: str, *, after: str, limit: int) -> list[OrgRecord]:
    """By id, beyond `after`; deleted ones too."""
    found = db.execute(
        "SELECT * FROM org_records WHERE type = ? AND id > ? ORDER BY id LIMIT ?", (type, after, limit)
    )
    return [of(row) for row in found]


def count(db: sqlite3.Connection, type: str) -> int:
    (found,) = db.execute(
        "SELECT COUNT(*) FROM org_records WHERE type = ? AND NOT deleted", (type,)
    ).fetchone()
    return int(found)


def changes(db: sqlite3.Connection, type: str, *, after: int, limit: int) -> list[sqlite3.Row]:
    """What was written to records of one type, beyond the number `after`: number, id, at, by (a user's id), fields (JSON)."""
    found = db.execute(
        "SELECT * FROM org_changes WHERE type = ? AND number > ? ORDER BY number LIMIT ?",
        (type, after, limit),
    )
    return list(found)


def _note(db: sqlite3.Connection, row: OrgRecord, *, before: OrgRecord) -> None:
    """Every write to what people work with, and which values are others since; not what follows of activities."""
    if row.type not in TOLD:
        return
    changed: Json = {
        name: row.fields.get(name)
        for name in {*before.fields, *row.fields} - _STAMPS
        if row.fields.get(name) != before.fields.get(name)
    }
    if row.deleted != before.deleted:
        changed["IsDeleted"] = row.deleted
    if changed or row.fields.get("SystemModstamp") != before.fields.get("SystemModstamp"):
        db.execute(
            "INSERT INTO org_changes (type, id, at, by, fields) VALUES (?, ?, ?, ?, ?)",
            (
                row.type,
                row.id,
                row.get("SystemModstamp"),
                row.get("LastModifiedById"),
                json.dumps(changed, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            ),
        )


def _written(fields: Json) -> str:
    kept = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
