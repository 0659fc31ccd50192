"""What a search finds without reading every record: the values of a few properties, of live records, without case."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

INDEXED: dict[str, tuple[str, ...]] = {
    "contacts": (
        "email",
        "hs_additional_emails",
        "hs_email_domain",
        "hubspot_owner_id",
        "lifecyclestage",
        "hs_lead_status",
        "hs_object_source",
        "associatedcompanyid",
    ),
    "companies": (
        "name",
        "domain",
        "hs_additional_domains",
        "hubspot_owner_id",
        "lifecyclestage",
        "hs_parent_company_id",
    ),
    "deals": ("pipeline", "dealstage", "hubspot_owner_id", "hs_is_closed"),
    "tasks": ("hs_task_status", "hubspot_owner_id"),
    "calls": ("hubspot_owner_id",),
    "emails": ("hubspot_owner_id",),
    "meetings": ("hubspot_owner_id",),
    "notes": ("hubspot_owner_id",),
}
# Several values in one property, with ";" between them: each is found.
SEVERAL = ("hs_additional_emails", "hs_additional_domains")


def parts(name: str, value: str) -> list[str]:
    """The values that stand in a property, without case."""
    if name in SEVERAL:
        return [part.strip().casefold() for part in value.split(";") if part.strip()]
    return [value.casefold()] if value else []


def keep(db: sqlite3.Connection, *, kind: str, id: int, properties: Mapping[str, str]) -> None:
    """From now on a search finds this record by these values and no others; by none where there are none."""
    wanted = {
        (name, part)
        for name in INDEXED.get(kind, ())
        if name in properties
        for part in parts(name, properties[name])
    }
    rows = db.execute("SELECT property, value FROM search_values WHERE kind = ? AND id = ?", (kind, id))
    there = {(row["property"], row["value"]) for row in rows}
    db.executemany(
        "DELETE FROM search_values WHERE kind = ? AND property = ? AND value = ? AND id = ?",
        [(kind, name, value, id) for name, value in there - wanted],
    )
    db.executemany(
        "INSERT INTO search_values VALUES (?, ?, ?, ?)",
        [(kind, name, value, id) for name, value in wanted - there],
    )


def fill(db: sqlite3.Connection) -> None:
    """For a file that was written before there was an index."""
    if db.execute("SELECT 1 FROM search_values LIMIT 1").fetchone():
        return
    rows = db.execute("SELECT kind, id, properties FROM records WHERE archived_at IS NULL").fetchall()
    for row in rows:
        keep(db, kind=row["kind"], id=row["id"], properties=json.loads(row["properties"]))
