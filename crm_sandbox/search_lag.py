"""A search that is behind, as HubSpot's is by moments: it sees each record as it was a while ago.

While there is a lag, what a record was before a change is kept for as long as searches go on seeing it.
"""

from __future__ import annotations

import sqlite3

from crm_sandbox import portal_settings
from crm_sandbox.wire import now_ms


def set_to(db: sqlite3.Connection, *, milliseconds: int) -> None:
    portal_settings.write(db, portal_settings.SEARCH_LAG, milliseconds or None)
    if not milliseconds:
        db.execute("DELETE FROM replaced")


def milliseconds(db: sqlite3.Connection) -> int:
    return int(portal_settings.read(db, portal_settings.SEARCH_LAG, 0))


def note_change(db: sqlite3.Connection, *, kind: str, id: int) -> None:
    """Before the row of a record is written: what it is now, or that it is not there yet."""
    lag = milliseconds(db)
    if not lag:
        return
    at = now_ms()
    db.execute("DELETE FROM replaced WHERE at <= ?", (at - lag,))
    row = db.execute("SELECT * FROM records WHERE kind = ? AND id = ?", (kind, id)).fetchone()
    before = (None,) * 4 if row is None else tuple(row)[2:]
    db.execute(
        "INSERT INTO replaced (kind, id, properties, created_at, updated_at, archived_at, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, id, *before, at),
    )


def seen(db: sqlite3.Connection, *, kind: str) -> dict[int, sqlite3.Row]:
    """By id, as searches see them now, the records that have changed since; `properties` is None of one that was not there."""
    lag = milliseconds(db)
    if not lag:
        return {}
    rows = db.execute(
        "SELECT * FROM replaced WHERE kind = ? AND at > ? ORDER BY number DESC", (kind, now_ms() - lag)
    )
    # The oldest of several is what was there at the moment that searches see.
    return {int(row["id"]): row for row in rows}
