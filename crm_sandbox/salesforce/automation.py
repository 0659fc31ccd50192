"""What the org does by itself: an assignment rule at a write, flows some seconds after it."""

from __future__ import annotations

import itertools
import json
import sqlite3

from crm_sandbox import portal_settings
from crm_sandbox.salesforce import owners
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, now_ms

_ASSIGNMENT, _FLOWS = "org_assignment_rule", "org_flows"
FLOW = "flow"


def assignment_rule(db: sqlite3.Connection) -> str:
    """The username or queue that leads go to; "" while no rule is active."""
    return str(portal_settings.read(db, _ASSIGNMENT, ""))


def set_assignment_rule(db: sqlite3.Connection, owner: str) -> None:
    portal_settings.write(db, _ASSIGNMENT, owner or None)


def assigned(db: sqlite3.Connection, *, caller: OrgCaller, type: str) -> str | None:
    """The owner that the active rule has for this write; None where it is not run."""
    if type != "Lead" or not caller.auto_assign or not (rule := assignment_rule(db)):
        return None
    return owners.id_of(db, rule)


def flows(db: sqlite3.Connection) -> list[Json]:
    found: list[Json] = portal_settings.read(db, _FLOWS, [])
    return found


def add_flow(db: sqlite3.Connection, flow: Json) -> Json:
    """`object`, `on`, `after_ms`, `set` (fields), `by` (a username; "" is whoever has written)."""
    there = flows(db)
    used = {each["id"] for each in there}
    made = {"id": next(number for number in itertools.count(1) if number not in used)} | flow
    portal_settings.write(db, _FLOWS, [*there, made])
    return made


def end_flows(db: sqlite3.Connection, *, number: int | None) -> None:
    kept = [each for each in flows(db) if number is not None and each["id"] != number]
    portal_settings.write(db, _FLOWS, kept or None)


def start_flows(db: sqlite3.Connection, *, row: OrgRecord, is_new: bool, user_id: str) -> bool:
    """Books those that this write starts. A flow's own write starts none. Whether there was one."""
    started = False
    for flow in flows(db):
        if flow["object"] == row.type and ("create" if is_new else "update") in flow["on"]:
            by = owners.id_of(db, flow["by"]) if flow["by"] else None
            book(
                db,
                kind=FLOW,
                body={"id": row.id, "set": flow["set"], "by": by or user_id},
                after_ms=flow["after_ms"],
            )
            started = True
    return started


def book(db: sqlite3.Connection, *, kind: str, body: Json, after_ms: int) -> None:
    """Something to be done later, together with the write that it follows."""
    db.execute(
        "INSERT INTO org_jobs (kind, body, attempt, due_at) VALUES (?, ?, 0, ?)",
        (kind, json.dumps(body), now_ms() + after_ms),
    )
