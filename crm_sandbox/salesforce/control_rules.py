"""/control/salesforce: what stands in the way of writes, and what the org does after them by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from crm_sandbox.control_requests import BadControl, object_of, whole_number
from crm_sandbox.salesforce import admin_rules, automation, definitions, duplicates, outbound, owners, values
from crm_sandbox.salesforce.org import Org
from crm_sandbox.wire import Json, Reply, Request, digits, now_ms

MOMENTS = ("create", "update")


def set_assignment_rule(org: Org, request: Request) -> Reply:
    owner = str(object_of(request).get("owner") or "")
    with org.store.writing() as db:
        if owners.id_of(db, owner) is None:
            raise BadControl(f"owner is a username or the name of a queue, not {owner or 'nothing'}.")
        automation.set_assignment_rule(db, owner)
    return Reply(201, {"owner": owner})


def assignment_rule(org: Org, request: Request) -> Reply:
    with org.store.reading() as db:
        return Reply(200, {"owner": automation.assignment_rule(db)})


def end_assignment_rule(org: Org, request: Request) -> Reply:
    with org.store.writing() as db:
        automation.set_assignment_rule(db, "")
    return Reply(204)


def _rule(org: Org, body: Json) -> Json:
    when = body.get("when")
    if when is not None and not (
        isinstance(when, dict)
        and (when.get("record") or (when.get("field") and isinstance(when.get("values"), list)))
    ):
        raise BadControl('when is {"field", "values": [...]} (null for an empty one), or {"record": an id}.')
    seconds = body.get("seconds")
    times = None if body.get("times") is None else whole_number(body, "times", low=1, high=1_000_000)
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        raise BadControl("seconds is a number.")
    return {
        "object": definitions.named(str(body.get("object") or "Lead")),
        "on": _on(body),
        "when": when,
        "code": str(body.get("code") or admin_rules.VALIDATION),
        "message": str(body.get("message") or ""),
        "fields": [str(each) for each in _list(body, "fields")],
        "batch_over": whole_number(body, "batch_over", low=0, high=200, default=0),
        "times": times,
        "until": None if seconds is None else now_ms() + round(seconds * 1000),
    }


def _duplicate_rule(org: Org, body: Json) -> Json:
    type, action = definitions.named(str(body.get("object") or "Lead")), body.get("action", duplicates.ALERT)
    match = body.get("match", [{"object": type, "fields": ["Email"]}])
    if action not in (duplicates.ALERT, duplicates.BLOCK):
        raise BadControl("action is alert or block.")
    if not isinstance(match, list) or not all(
        isinstance(each, dict) and isinstance(each.get("fields"), list) and each["fields"] for each in match
    ):
        raise BadControl('match is a list of {"object", "fields": [...]}.')
    return {
        "object": type,
        "name": str(body.get("name") or f"Standard {type} Duplicate Rule"),
        "action": action,
        "on": _on(body),
        "message": str(body.get("message") or duplicates.WORDS),
        "match": [
            {
                "object": definitions.named(str(each.get("object") or type)),
                "fields": [str(n) for n in each["fields"]],
            }
            for each in match
        ],
    }


def _flow(org: Org, body: Json) -> Json:
    """Some seconds after a write it sets fields; `owner` is short for OwnerId."""
    type, asked = definitions.named(str(body.get("object") or "Lead")), body.get("set") or {}
    by = str(body.get("by") or "")
    if not isinstance(asked, dict):
        raise BadControl("set is an object of fields.")
    with org.store.reading() as db:
        fields = org.definitions.fields(db, type)
        changed = {}
        for key, value in asked.items():
            name = org.definitions.spelled(db, type, str(key))
            if not name:
                raise BadControl(f"{type} has no field {key}.")
            changed[name] = values.check(fields[name], values.read(fields[name], value))
        if body.get("owner"):
            changed["OwnerId"] = owners.id_of(db, str(body["owner"]))
        if not changed or None in (changed.get("OwnerId", ""), owners.id_of(db, by) if by else ""):
            raise BadControl("A flow sets fields, or an owner by username or queue; by is a username.")
    return {
        "object": type,
        "on": _on(body),
        "after_ms": whole_number(body, "after_ms", low=0, high=600_000, default=2000),
        "set": changed,
        "by": by,
    }


def _message(org: Org, body: Json) -> Json:
    type, url = definitions.named(str(body.get("object") or "Lead")), str(body.get("url") or "")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise BadControl("url must be an http address.")
    with org.store.reading() as db:
        names = [org.definitions.spelled(db, type, str(each)) for each in _list(body, "fields")]
    if "" in names:
        raise BadControl(f"fields has one that {type} does not have.")
    return {
        "object": type,
        "url": url,
        "fields": names,
        "own_writes": body.get("own_writes", True) is True,
        "repeats": whole_number(body, "repeats", low=0, high=5, default=0),
        "disorder": body.get("disorder") is True,
    }


def _on(body: Json) -> list[str]:
    found = body.get("on", list(MOMENTS))
    if not isinstance(found, list) or not found or not set(found) <= set(MOMENTS):
        raise BadControl("on is a list of create and update.")
    return found


def _list(body: Json, name: str) -> list[Any]:
    found = body.get(name, [])
    if not isinstance(found, list):
        raise BadControl(f"{name} is a list.")
    return found


_Kept = tuple[
    Callable[[Org, Json], Json], Callable[..., Json], Callable[..., list[Json]], Callable[..., None]
]
# What can be several: how one is understood, added, listed and ended.
_SEVERAL: Mapping[str, _Kept] = {
    "rules": (_rule, admin_rules.add, admin_rules.known, admin_rules.end),
    "duplicate_rules": (_duplicate_rule, duplicates.add, duplicates.known, duplicates.end),
    "flows": (_flow, automation.add_flow, automation.flows, automation.end_flows),
    "outbound_messages": (_message, outbound.add, outbound.known, outbound.end),
}


def add(org: Org, request: Request, what: str) -> Reply:
    understand, put, _, _ = _SEVERAL[what]
    asked = understand(org, object_of(request))
    with org.store.writing() as db:
        made = put(db, asked)
        if what == "rules":
            org.spent.pop(made["id"], None)
    return Reply(201, made)


def listed(org: Org, request: Request, what: str) -> Reply:
    with org.store.reading() as db:
        return Reply(200, _SEVERAL[what][2](db))


def end(org: Org, request: Request, what: str) -> Reply:
    """All, or the one that `id` names."""
    asked = request.parameter("id")
    number = digits(asked)
    if asked and number is None:
        raise BadControl("id is a number.")
    with org.store.writing() as db:
        _SEVERAL[what][3](db, number=number)
    return Reply(204)


_WHAT = f"({'|'.join(_SEVERAL)})"
ROUTES: Sequence[tuple[str, str, Callable[..., Reply]]] = (
    ("GET", "assignment_rule", assignment_rule),
    ("POST", "assignment_rule", set_assignment_rule),
    ("DELETE", "assignment_rule", end_assignment_rule),
    ("POST", _WHAT, add),
    ("GET", _WHAT, listed),
    ("DELETE", _WHAT, end),
)
