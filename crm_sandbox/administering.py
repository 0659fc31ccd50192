"""/control: what an admin of the CRM sets: properties, rules for writing, and what the token may do."""

from __future__ import annotations

import re
from collections.abc import Callable

from crm_sandbox.control_requests import BadControl, object_of
from crm_sandbox.hubspot import properties, scopes, write_rules
from crm_sandbox.hubspot.kinds import kind_called
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Reply, Request, digits


def add_rule(sandbox: Sandbox, request: Request) -> Reply:
    """{"kind": "contacts", "property": "state", "when": {"property": "country", "values": ["US"]}}"""
    body = object_of(request)
    kind, name = kind_called(str(body.get("kind") or "")), str(body.get("property") or "")
    when = body.get("when")
    if when is not None and not (isinstance(when, dict) and when.get("property") and when.get("values")):
        raise BadControl('when is {"property": its name, "values": [those that ask for the other one]}.')
    trigger = str(when["property"]) if when else ""
    values = tuple(str(value) for value in when["values"]) if when else ()
    with sandbox.store.writing() as db:
        definitions = sandbox.portal.definitions(db, kind=kind.name)
        for each in filter(None, (name, trigger)) if name else ("",):
            if each not in definitions:
                raise BadControl(f"{kind.name} have no property called {each or 'nothing'}.")
        made = write_rules.add(db, kind=kind, name=name, trigger=trigger, values=values)
    return Reply(201, made)


def rules(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.reading() as db:
        return Reply(200, write_rules.known(db))


def end_rules(sandbox: Sandbox, request: Request) -> Reply:
    asked = request.parameter("id")
    number = digits(asked)
    if asked and number is None:
        raise BadControl("id is the number of a rule.")
    with sandbox.store.writing() as db:
        write_rules.end(db, number=number)
    return Reply(204)


def set_scopes(sandbox: Sandbox, request: Request) -> Reply:
    missing = object_of(request).get("missing")
    if not isinstance(missing, list) or not set(map(str, missing)) <= set(scopes.SCOPES):
        raise BadControl(f"missing is a list of scopes: {', '.join(scopes.SCOPES)}.")
    with sandbox.store.writing() as db:
        scopes.take_away(db, missing)
    return Reply(201, {"missing": missing})


def shown_scopes(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.reading() as db:
        missing = scopes.missing(db)
    return Reply(
        200, {"granted": [name for name in scopes.SCOPES if name not in missing], "missing": missing}
    )


def grant_scopes(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.writing() as db:
        scopes.take_away(db, [])
    return Reply(204)


def redefine_property(sandbox: Sandbox, request: Request, object_type: str, name: str) -> Reply:
    """{"archived": true}, {"type": "number"}, {"options": ["a", "b"]}, {"readOnly": true}, {"label": "New name"}"""
    body, kind = object_of(request), kind_called(object_type)
    unknown = sorted(set(body) - {"archived", "label", "type", "fieldType", "options", "readOnly"})
    if unknown or not body:
        raise BadControl(
            f"archived, label, type, fieldType, options or readOnly, not {unknown or 'nothing'}."
        )
    with sandbox.store.writing() as db:
        changed = properties.redefine(db, portal=sandbox.portal, kind=kind, name=name, asked=body)
    return Reply(200, changed)


ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
    (method, re.compile(f"/control/hubspot/{pattern}"), call)
    for method, pattern, call in (
        ("GET", "rules", rules),
        ("POST", "rules", add_rule),
        ("DELETE", "rules", end_rules),
        ("GET", "scopes", shown_scopes),
        ("POST", "scopes", set_scopes),
        ("DELETE", "scopes", grant_scopes),
        ("PATCH", "properties/([a-z]+)/([^/]+)", redefine_property),
    )
]
