"""Changing and deleting whole records, with what others keep because of them."""

from __future__ import annotations

import sqlite3

from crm_sandbox import records
from crm_sandbox.hubspot import activity, telling, writes
from crm_sandbox.hubspot.authors import API, ChangeAuthor
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record


def update(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    properties: dict[str, str],
    author: ChangeAuthor = API,
) -> None:
    """Raises HubSpotError 400, as `writes.update` does."""
    writes.update(db, portal=portal, kind=kind, record=record, properties=properties, author=author)
    activity.keep_around(db, portal=portal, record=record, author=author)


def archive(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    for_privacy: bool = False,
    author: ChangeAuthor = API,
) -> None:
    """Into the recycling bin, or (for privacy) gone for good with its history."""
    writes.archive(db, record=record)
    what, more = "deletion", {"changeFlag": "DELETED"}
    if for_privacy:
        records.erase(db, kind=kind.name, id=record.id)
        what, more = "privacyDeletion", {}
    telling.of_record(portal=portal, what=what, kind=kind, record=record, author=author, more=more)
    activity.keep_around(db, portal=portal, record=record, author=author)
