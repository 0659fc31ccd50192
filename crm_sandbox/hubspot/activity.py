"""What contacts, companies and deals keep of the calls, e-mails, meetings and notes that belong to them."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from crm_sandbox import records
from crm_sandbox.hubspot import associations, writes
from crm_sandbox.hubspot.authors import ChangeAuthor
from crm_sandbox.hubspot.kinds import ENGAGEMENTS, KINDS, ObjectKind
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.records import Record
from crm_sandbox.wire import now_ms

_KEEPERS = ("contacts", "companies", "deals")
_REPLY = "INCOMING_EMAIL"


def keep_of_both(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    ends: tuple[tuple[ObjectKind, int], tuple[ObjectKind, int]],
    author: ChangeAuthor,
) -> None:
    """After an association came or went: where it leads to an engagement, the other end knows of it."""
    for (kind, number), (other, _) in (ends, ends[::-1]):
        if kind.name in _KEEPERS and other.name in ENGAGEMENTS:
            _keep(db, portal=portal, kind=kind, number=number, author=author)


def keep_around(db: sqlite3.Connection, *, portal: Portal, record: Record, author: ChangeAuthor) -> None:
    """After a change of `record`: where it is an engagement, those it belongs to know what became of it."""
    if record.kind not in ENGAGEMENTS:
        return
    for name in _KEEPERS:
        kind = KINDS[name]
        for number in associations.linked(db, start=KINDS[record.kind], start_id=record.id, end=kind):
            _keep(db, portal=portal, kind=kind, number=number, author=author)


def _keep(
    db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, number: int, author: ChangeAuthor
) -> None:
    record = records.get(db, kind=kind.name, id=number)
    if record is None:
        return
    now = now_ms()
    past = [each for each in _engagements(db, kind=kind, number=number) if _at(each) <= now]
    contacting = [each for each in past if each.kind != "notes"]
    replies = [each for each in past if each.properties.get("hs_email_direction") == _REPLY]
    values = {
        "notes_last_contacted": _latest(contacting),
        "notes_last_updated": _latest(past),
        "num_contacted_notes": str(len(contacting)) if past else "",
        "num_notes": str(len(past)) if past else "",
    }
    if kind.name == "contacts":
        values |= {
            "hs_sales_email_last_replied": _latest(replies),
            "hs_last_sales_activity_timestamp": _latest(replies),
        }
    made_by = author.working_out("ENGAGEMENTS")
    writes.work_out(db, portal=portal, kind=kind, record=record, values=values, author=made_by)


def _engagements(db: sqlite3.Connection, *, kind: ObjectKind, number: int) -> list[Record]:
    found = []
    for name in ENGAGEMENTS:
        for each in associations.linked(db, start=kind, start_id=number, end=KINDS[name]):
            record = records.get(db, kind=name, id=each)
            if record is not None:
                found.append(record)
    return found


def _at(engagement: Record) -> float:
    return datetime.fromisoformat(engagement.properties["hs_timestamp"]).timestamp() * 1000


def _latest(engagements: list[Record]) -> str:
    """Stored moments are of one form, so that their texts are in their order."""
    return max((each.properties["hs_timestamp"] for each in engagements), default="")
