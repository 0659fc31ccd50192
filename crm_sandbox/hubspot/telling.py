"""Telling by webhook what has become of a record."""

from __future__ import annotations

import sqlite3

from crm_sandbox.hubspot.authors import APP_ID, ChangeAuthor
from crm_sandbox.hubspot.errors import PORTAL_ID
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record
from crm_sandbox.webhooks import change_event, record_event
from crm_sandbox.wire import Json

TARGET = "hubspot"


def of_values(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record: Record,
    values: dict[str, str],
    at: int,
    author: ChangeAuthor,
) -> None:
    if not portal.webhooks.listens(target=TARGET, own_write=author.is_client):
        return
    events = [
        change_event(
            kind=kind.singular,
            record_id=record.id,
            name=name,
            value=value,
            at=at,
            source=author.source,
            source_id=author.source_id,
            portal_id=PORTAL_ID,
            app_id=APP_ID,
        )
        for name, value in values.items()
    ]
    portal.webhooks.notify(db, target=TARGET, own_write=author.is_client, events=events)


def of_record(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    what: str,
    kind: ObjectKind,
    record: Record,
    author: ChangeAuthor,
    more: Json,
) -> None:
    """`what` is deletion, privacyDeletion, restore or merge."""
    event = record_event(
        what,
        kind=kind.singular,
        record_id=record.id,
        at=max(record.archived_at or 0, record.updated_at),
        source=author.source,
        source_id=author.source_id,
        portal_id=PORTAL_ID,
        app_id=APP_ID,
        more=more,
    )
    portal.webhooks.notify(db, target=TARGET, own_write=author.is_client, events=[event])
