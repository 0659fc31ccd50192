"""Upserts by an external id: looked up first and written then, so that two calls at once can meet."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from crm_sandbox.salesforce import rows, settings, writing
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import not_found, refused
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json


@dataclass(slots=True)
class WantedRecord:
    """One record to be: its parsed fields, its key, and the ids of those that had the key when it was looked up."""

    fields: Json
    key: str
    holders: list[str] = field(default_factory=list)


def key_field(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, name: str) -> str:
    """Raises OrgError 404 for a field that is no key."""
    found = org.definitions.spelled(db, type, name)
    made = org.definitions.fields(db, type).get(found)
    if made is None or not caller.sees(type, found) or not (made["externalId"] or made["idLookup"]):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return found


def holders(db: sqlite3.Connection, *, org: Org, type: str, name: str, value: str) -> list[OrgRecord]:
    """Live records with this key."""
    if name == "Id":
        row = rows.get(db, writing.id_given(value))
        return [row] if row is not None and row.type == type and not row.deleted else []
    exact = org.definitions.fields(db, type)[name]["caseSensitive"]
    return rows.holding(db, type=type, name=name, value=value, exact=exact)


def look_up(org: Org, *, type: str, column: str, several: Sequence[WantedRecord]) -> None:
    """The first half of an upsert; between it and the second others may write."""
    with org.store.reading() as db:
        for each in several:
            each.holders = [row.id for row in holders(db, org=org, type=type, name=column, value=each.key)]
        pause_ms = settings.one(db, "write_ms")
    pause(org, pause_ms)


def pause(org: Org, milliseconds: int) -> None:
    """How long the org takes for a write. Within another transaction it takes no time: all others would wait."""
    if milliseconds and not org.is_writing():
        time.sleep(milliseconds / 1000)


def written(
    db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str, column: str, wanted: WantedRecord
) -> tuple[OrgRecord, bool]:
    """The record, and whether it was made. Raises OrgError.

    One that was to be made and is there by now is a lost race: DUPLICATE_VALUE, where the key is unique.
    """
    if len(wanted.holders) > 1:
        raise refused(
            "DUPLICATE_EXTERNAL_ID",
            f"{column}: more than one record found for external id field: [{', '.join(wanted.holders)}]",
        )
    if wanted.holders:
        id = wanted.holders[0]
        changed = {name: value for name, value in wanted.fields.items() if name != column}
        return writing.update(db, org=org, caller=caller, type=type, id=id, given=changed), False
    if column == "Id":
        raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return writing.create(db, org=org, caller=caller, type=type, given=wanted.fields), True
