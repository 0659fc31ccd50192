"""The sandbox's memory: one SQLite file.

Every answered write is committed in write-ahead mode, so it survives kill -9 of the server. Writes are not
synced to the disk one by one: a power cut may take the last of them, and for a sandbox speed matters more.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_sandbox import search_index

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id INTEGER NOT NULL, properties TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, archived_at INTEGER,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
-- With archived_at in it, or SQLite reads every row to count them.
CREATE INDEX IF NOT EXISTS records_changed ON records (kind, updated_at, id, archived_at) WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS records_created ON records (kind, created_at, id, archived_at) WHERE archived_at IS NULL;
DROP INDEX IF EXISTS records_by_change;
DROP INDEX IF EXISTS records_by_creation;
CREATE INDEX IF NOT EXISTS records_archived ON records (kind, id) WHERE archived_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS search_values (
    kind TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (kind, property, value, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS search_values_by_record ON search_values (kind, id);
CREATE TABLE IF NOT EXISTS unique_values (
    kind TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (kind, property, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unique_values_by_record ON unique_values (kind, id);
CREATE TABLE IF NOT EXISTS changes (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id INTEGER NOT NULL, property TEXT NOT NULL,
    value TEXT NOT NULL, at INTEGER NOT NULL, source TEXT NOT NULL, source_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS changes_by_record ON changes (kind, id, property);
CREATE TABLE IF NOT EXISTS associations (
    from_kind TEXT NOT NULL, from_id INTEGER NOT NULL, to_kind TEXT NOT NULL, to_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL,
    PRIMARY KEY (from_kind, from_id, to_kind, to_id, type_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merged (
    kind TEXT NOT NULL, old_id INTEGER NOT NULL, new_id INTEGER NOT NULL, PRIMARY KEY (kind, old_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (
    kind TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS property_groups (
    kind TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pipelines (id TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replaced (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id INTEGER NOT NULL, properties TEXT,
    created_at INTEGER, updated_at INTEGER, archived_at INTEGER, at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS replaced_by_moment ON replaced (at);
CREATE TABLE IF NOT EXISTS owners (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, archived INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS webhooks (
    target TEXT PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, own_writes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, events TEXT NOT NULL,
    attempt INTEGER NOT NULL, due_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tickets (
    number INTEGER PRIMARY KEY, lead TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, fields TEXT NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, ticket TEXT NOT NULL, body TEXT NOT NULL,
    at INTEGER NOT NULL, times INTEGER NOT NULL, late INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS org_records (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, number INTEGER NOT NULL, fields TEXT NOT NULL, deleted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS org_numbers ON org_records (type, number);
CREATE INDEX IF NOT EXISTS org_ids ON org_records (type, id);
CREATE INDEX IF NOT EXISTS org_by_change ON org_records (type, json_extract(fields, '$.SystemModstamp'), id);
CREATE INDEX IF NOT EXISTS org_by_owner ON org_records (type, json_extract(fields, '$.OwnerId'));
CREATE INDEX IF NOT EXISTS org_by_who ON org_records (type, json_extract(fields, '$.WhoId'));
CREATE INDEX IF NOT EXISTS org_by_account ON org_records (type, json_extract(fields, '$.AccountId'));
CREATE INDEX IF NOT EXISTS org_by_Email ON org_records (type, json_extract(fields, '$.Email') COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS org_by_Username ON org_records (type, json_extract(fields, '$.Username') COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS org_by_leadops_id__c ON org_records
    (type, json_extract(fields, '$.leadops_id__c') COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS org_jobs (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, attempt INTEGER NOT NULL, due_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS org_changes (
    number INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, fields TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS org_changes_by_type ON org_changes (type, number);
"""
TABLES = (
    "records",
    "search_values",
    "unique_values",
    "changes",
    "associations",
    "merged",
    "properties",
    "property_groups",
    "pipelines",
    "settings",
    "replaced",
    "owners",
    "webhooks",
    "deliveries",
    "tickets",
    "messages",
    "org_records",
    "org_jobs",
    "org_changes",
)


class Store:
    """One connection, one lock: SQLite has one writer anyway, and every statement here takes microseconds."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._before_commit: list[Callable[[sqlite3.Connection], None]] = []
        self._after_rollback: list[Callable[[], None]] = []
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        with self.writing() as db:
            search_index.fill(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: an exception leaves the file as it was."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                for each in self._before_commit:
                    each(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                for forget in self._after_rollback:
                    forget()
                raise
            self._db.execute("COMMIT")

    def with_each_commit(
        self, write: Callable[[sqlite3.Connection], None], *, forget: Callable[[], None]
    ) -> None:
        """`write` belongs to every transaction, as its last step; `forget` is called where there is none of it."""
        self._before_commit.append(write)
        self._after_rollback.append(forget)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._db

    def close(self) -> None:
        with self._lock:
            self._db.close()
