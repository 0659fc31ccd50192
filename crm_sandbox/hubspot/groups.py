"""properties/{type}/groups: the headings that properties stand under."""

from __future__ import annotations

import json
import sqlite3

from crm_sandbox.hubspot.default_properties import GROUPS
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import Json, Reply, Request


def known(db: sqlite3.Connection, *, kind: ObjectKind) -> dict[str, Json]:
    found: dict[str, Json] = {
        name: {"name": name, "label": label, "displayOrder": order, "archived": False}
        for order, (name, label) in enumerate(GROUPS[kind.name].items())
    }
    for row in db.execute("SELECT name, definition FROM property_groups WHERE kind = ?", (kind.name,)):
        found[row["name"]] = json.loads(row["definition"])
    return found


def page(portal: Portal, request: Request, object_type: str) -> Reply:
    with portal.store.reading() as db:
        found = list(known(db, kind=kind_called(object_type)).values())
    return Reply(200, {"results": found}, records=len(found))


def read(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    with portal.store.reading() as db:
        group = known(db, kind=kind_called(object_type)).get(name)
    if group is None:
        raise not_found(f"Property group {name} does not exist")
    return Reply(200, group, records=1)


def create(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    name, label = str(body.get("name") or ""), str(body.get("label") or "")
    if not name or not label:
        raise HubSpotError(400, "Invalid input JSON: a property group needs a name and a label")
    with portal.store.writing() as db:
        if name in known(db, kind=kind):
            raise HubSpotError(
                409, f"A property group named '{name}' already exists.", category="OBJECT_ALREADY_EXISTS"
            )
        made = {"name": name, "label": label, "displayOrder": body.get("displayOrder", -1), "archived": False}
        db.execute("INSERT INTO property_groups VALUES (?, ?, ?)", (kind.name, name, json.dumps(made)))
    return Reply(201, made, records=1)
