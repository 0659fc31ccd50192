"""Records as HubSpot shows them in an answer."""

from __future__ import annotations

import sqlite3

from crm_sandbox import records
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, iso, now_ms


def as_read(
    db: sqlite3.Connection, *, kind: ObjectKind, record: Record, names: list[str], with_history: list[str]
) -> Json:
    """The named properties, or a default set; null where not set; the id and the times always."""
    wanted = dict.fromkeys([*names, *with_history, kind.created, kind.modified, "hs_object_id"])
    if not names and not with_history:
        wanted = dict.fromkeys(kind.shown)
    body = _body(record, properties={name: record.properties.get(name) for name in sorted(wanted)})
    if with_history:
        body["propertiesWithHistory"] = _history(db, record=record, names=with_history)
    return body


def as_written(record: Record, *, kind: ObjectKind, names: list[str]) -> Json:
    """What was written, beside the times and the id."""
    wanted = dict.fromkeys([*names, kind.created, kind.modified, "hs_object_id"])
    return _body(
        record,
        properties={name: record.properties[name] for name in sorted(wanted) if name in record.properties},
    )


def _body(record: Record, *, properties: dict[str, str | None]) -> Json:
    body: Json = {
        "id": str(record.id),
        "properties": properties,
        "createdAt": iso(record.created_at),
        "updatedAt": iso(record.updated_at),
        "archived": record.archived_at is not None,
    }
    if record.archived_at is not None:
        body["archivedAt"] = iso(record.archived_at)
    return body


def _history(db: sqlite3.Connection, *, record: Record, names: list[str]) -> dict[str, list[Json]]:
    history: dict[str, list[Json]] = {name: [] for name in names}
    for row in records.changes(db, kind=record.kind, id=record.id):
        if row["property"] in history:
            history[row["property"]].append(
                {
                    "value": row["value"],
                    "timestamp": iso(row["at"]),
                    "sourceType": row["source"],
                    "sourceId": row["source_id"],
                }
            )
    return history


def batch(results: list[Json], *, started_at: int, errors: list[Json] | None = None) -> Json:
    """The envelope of every batch answer; with `errors` it is the body of a 207."""
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(started_at),
        "completedAt": iso(now_ms()),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return body


def paging(*, link: str, after: str | int) -> Json:
    return {"next": {"after": str(after), "link": link}}
