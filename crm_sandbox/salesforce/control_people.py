"""/control/salesforce: what people do in the org, each by one call. Any body may say who it is: `"by"`, a username.

A person's write may set read-only fields too; no rule, and no duplicate rule but one that blocks, stands in its way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from crm_sandbox.control_requests import BadControl, bodies_of, object_of
from crm_sandbox.salesforce import (
    callers,
    definitions,
    ids,
    moments,
    owners,
    rows,
    shown,
    staff,
    whole,
    writing,
)
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError, not_found
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, Reply, Request

# What is logged, as TaskSubtype has it.
LOGGED = {"call": "Call", "email": "Email"}
MEETING = "meeting"


def make(org: Org, request: Request, name: str) -> Reply:
    """One, or a list of them: all or none."""
    type = definitions.named(name)
    bodies, several = bodies_of(request)
    with org.writing() as db:
        made = [_made(db, org=org, type=type, body=each) for each in bodies]
    return Reply(201, {"ids": made} if several else {"id": made[0]})


def _made(db: sqlite3.Connection, *, org: Org, type: str, body: Json) -> str:
    caller = person_of(db, body)
    given = writing.parsed(db, org=org, caller=caller, type=type, given=body.get("fields") or {})
    row = writing.create(db, org=org, caller=caller, type=type, given=given | _owned(db, body))
    return row.id


def edit(org: Org, request: Request, name: str, id: str) -> Reply:
    body = object_of(request)
    return _changed(org, name=name, id=id, body=body, given=body.get("fields") or {})


def set_owner(org: Org, request: Request, name: str, id: str) -> Reply:
    body = object_of(request)
    if not body.get("owner"):
        raise BadControl("owner is a username or the name of a queue.")
    return _changed(org, name=name, id=id, body=body, given={})


def _changed(org: Org, *, name: str, id: str, body: Json, given: Any) -> Reply:
    type = definitions.named(name)
    with org.writing() as db:
        caller, row = person_of(db, body), found(db, type=type, id=id)
        parsed = writing.parsed(db, org=org, caller=caller, type=type, given=given) | _owned(db, body)
        after = writing.update(db, org=org, caller=caller, type=type, id=row.id, given=parsed)
        fields = org.definitions.fields(db, type)
        body = shown.record(after, fields=fields, names=["Id", *parsed], version=caller.version)
    return Reply(200, body)


def convert(org: Org, request: Request, id: str) -> Reply:
    """{"account"?, "contact"? (ids of those that there are), "opportunity"? (its name), "status"?, "owner"?}"""
    body = object_of(request)
    with org.writing() as db:
        ends = {name: str(body.get(name) or "") for name in ("account", "contact")}
        for name, asked in ends.items():
            ends[name] = found(db, type=name.capitalize(), id=asked).id if asked else ""
        made = whole.convert(
            db,
            org=org,
            caller=person_of(db, body),
            lead=found(db, type="Lead", id=id),
            account_id=ends["account"],
            contact_id=ends["contact"],
            opportunity=str(body.get("opportunity") or ""),
            status=str(body.get("status") or ""),
            owner_id=str(_owned(db, body).get("OwnerId", "")),
        )
    return Reply(201, made)


def merge(org: Org, request: Request, name: str) -> Reply:
    """{"master": id, "others": [one or two ids]}"""
    type, body = definitions.named(name), object_of(request)
    others = body.get("others")
    if not isinstance(others, list):
        raise BadControl("others is a list of one or two ids.")
    with org.writing() as db:
        master = found(db, type=type, id=str(body.get("master") or ""))
        losers = [found(db, type=type, id=str(each)) for each in others]
        whole.merge(db, org=org, caller=person_of(db, body), master=master, losers=losers)
    return Reply(201, {"id": master.id})


def delete(org: Org, request: Request, name: str, id: str) -> Reply:
    type = definitions.named(name)
    with org.writing() as db:
        row = found(db, type=type, id=id)
        whole.delete(db, org=org, caller=person_of(db, {"by": request.parameter("by")}), row=row)
    return Reply(204)


def undelete(org: Org, request: Request, name: str, id: str) -> Reply:
    type, body = definitions.named(name), object_of(request)
    with org.writing() as db:
        row = found(db, type=type, id=id, deleted=True)
        whole.undelete(db, org=org, caller=person_of(db, body), row=row)
    return Reply(200, {"id": row.id})


def log(org: Org, request: Request) -> Reply:
    """{"kind": "call", "email" or "meeting", "who": a lead or a contact, "owner"?, "subject"?, "text"?, "at"?}

    A closed task of a day; a meeting is an event of half an hour.
    """
    body = object_of(request)
    kind = str(body.get("kind") or "call")
    if kind not in (*LOGGED, MEETING):
        raise BadControl(f"kind is {', '.join((*LOGGED, MEETING))}.")
    type = "Event" if kind == MEETING else "Task"
    with org.writing() as db:
        # Whoever it belongs to is who has logged it, unless `by` names another.
        caller = person_of(db, {"by": body.get("owner")} | body)
        given = {
            "WhoId": body.get("who"),
            "Subject": body.get("subject") or LOGGED.get(kind, "Meeting"),
            "Description": body.get("text"),
        } | (_meeting(body) if kind == MEETING else _done(body, kind))
        parsed = writing.parsed(db, org=org, caller=caller, type=type, given=given)
        parsed = {name: value for name, value in parsed.items() if value is not None}
        row = writing.create(db, org=org, caller=caller, type=type, given=parsed | _owned(db, body))
    return Reply(201, {"id": row.id})


def _done(body: Json, kind: str) -> Json:
    return {
        "Status": "Completed",
        "ActivityDate": body.get("at") or moments.today(),
        "TaskSubtype": LOGGED[kind],
        "CallType": "Outbound" if kind == "call" else None,
    }


def _meeting(body: Json) -> Json:
    start = str(body.get("at") or moments.now())
    return {"StartDateTime": start, "ActivityDateTime": start, "DurationInMinutes": 30}


def win(org: Org, request: Request, id: str) -> Reply:
    return _closed(org, request, id=id, won=True)


def lose(org: Org, request: Request, id: str) -> Reply:
    return _closed(org, request, id=id, won=False)


def _closed(org: Org, request: Request, *, id: str, won: bool) -> Reply:
    with org.store.reading() as db:
        stages = staff.status_values(db, "OpportunityStage")
    stage = next(name for name, each in stages.items() if each["IsClosed"] and each["IsWon"] == won)
    return _changed(
        org,
        name="Opportunity",
        id=id,
        body=object_of(request),
        given={"StageName": stage, "CloseDate": moments.today()},
    )


def person_of(db: sqlite3.Connection, body: Json) -> OrgCaller:
    """Whoever `by` names; the admin without it."""
    username = str(body.get("by") or staff.ADMIN)
    user = staff.user_called(db, username)
    if user is None:
        raise BadControl(f"Nobody there is called {username}.")
    return callers.person(user)


def found(db: sqlite3.Connection, *, type: str, id: str, deleted: bool = False) -> OrgRecord:
    """Raises OrgError 404."""
    number = ids.read(id)
    row = rows.get(db, number) if number else None
    if row is None or row.type != type or row.deleted != deleted:
        raise not_found(f"There is no {type} {id}{' in the recycle bin' if deleted else ''}")
    return row


def _owned(db: sqlite3.Connection, body: Json) -> Json:
    name = str(body.get("owner") or "")
    if not name:
        return {}
    id = owners.id_of(db, name)
    if id is None:
        raise OrgError(400, "INVALID_CROSS_REFERENCE_KEY", f"No user and no queue there is called {name}.")
    return {"OwnerId": id}


_ID = r"(\w+)"
ROUTES: Sequence[tuple[str, str, Callable[..., Reply]]] = (
    ("POST", "activities", log),
    ("POST", f"Lead/{_ID}/convert", convert),
    ("POST", f"Opportunity/{_ID}/won", win),
    ("POST", f"Opportunity/{_ID}/lost", lose),
    ("POST", r"(\w+)/merge", merge),
    ("POST", rf"(\w+)/{_ID}/owner", set_owner),
    ("POST", rf"(\w+)/{_ID}/undelete", undelete),
    ("POST", r"(\w+)", make),
    ("PATCH", rf"(\w+)/{_ID}", edit),
    ("DELETE", rf"(\w+)/{_ID}", delete),
)
