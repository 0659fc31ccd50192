"""What a control has set about the account, kept in the file: each a JSON value under its name."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

# How long a change takes until a search knows of it, in milliseconds.
SEARCH_LAG = "search_lag_ms"
# What an admin asks of writes; see `hubspot.write_rules`.
WRITE_RULES = "write_rules"
# The scopes that the token was not given: a list of names.
MISSING_SCOPES = "missing_scopes"
# The subscription types that webhooks tell of: a list of names; all of them where there is none.
WEBHOOK_EVENTS = "webhook_events"


def read(db: sqlite3.Connection, name: str, default: Any = None) -> Any:
    row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row["value"])


def write(db: sqlite3.Connection, name: str, value: Any) -> None:
    """None forgets it."""
    db.execute("DELETE FROM settings WHERE name = ?", (name,))
    if value is not None:
        db.execute("INSERT INTO settings VALUES (?, ?)", (name, json.dumps(value)))
