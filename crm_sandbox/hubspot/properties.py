"""properties/{type}: the fields there are, and making one's own."""

from __future__ import annotations

import json
import re
import sqlite3

from crm_sandbox import records
from crm_sandbox.hubspot import groups
from crm_sandbox.hubspot.batch import inputs_of
from crm_sandbox.hubspot.default_choices import YES_NO
from crm_sandbox.hubspot.default_properties import PROPERTIES
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.property_definitions import USUAL_FIELD_TYPES, options
from crm_sandbox.hubspot.shown import batch
from crm_sandbox.wire import Json, Reply, Request, iso, now_ms

MOST_UNIQUE = 10
FIELD_TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file"},
    "number": {"number"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "bool": {"booleancheckbox"},
    "phone_number": {"phonenumber"},
}


def page(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    with portal.store.reading() as db:
        if request.flag("archived"):
            rows = db.execute("SELECT definition FROM properties WHERE kind = ?", (kind.name,))
            found = [made for row in rows if (made := json.loads(row["definition"]))["archived"]]
        else:
            found = list(portal.definitions(db, kind=kind.name).values())
    return Reply(200, {"results": found}, records=len(found))


def read(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    kind = kind_called(object_type)
    with portal.store.reading() as db:
        definition = portal.definitions(db, kind=kind.name).get(name)
    if definition is None:
        raise _no_such(kind, name)
    return Reply(200, definition, records=1)


def create(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    with portal.store.writing() as db:
        made = _create(db, portal=portal, kind=kind, body=body)
        portal.forget_definitions()
    return Reply(201, made, records=1)


def batch_create(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    started_at = now_ms()
    results, errors = [], []
    with portal.store.writing() as db:
        for each in inputs_of(request):
            try:
                results.append(_create(db, portal=portal, kind=kind, body=each))
            except HubSpotError as error:
                if not request.tells_apart:
                    portal.forget_definitions()
                    raise
                error.context = {"name": [str(each.get("name", ""))]}
                errors.append(error.item())
            portal.forget_definitions()
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else 201, body, records=len(results))


def batch_read(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    started_at = now_ms()
    results, errors = [], []
    with portal.store.reading() as db:
        known = portal.definitions(db, kind=kind.name)
        for each in inputs_of(request):
            name = str(each.get("name", ""))
            if name in known:
                results.append(known[name])
            elif request.tells_apart:
                error = _no_such(kind, name)
                error.context = {"name": [name]}
                errors.append(error.item())
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else 200, body, records=len(results))


def update(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    """What a definition says, apart from its name and its uniqueness, which stay."""
    kind = kind_called(object_type)
    body = object_body(request)
    with portal.store.writing() as db:
        definition = portal.definitions(db, kind=kind.name).get(name)
        if definition is None:
            raise _no_such(kind, name)
        _refuse_vendors(kind, name)
        asked = {
            key: body[key]
            for key in ("label", "description", "hidden", "formField", "displayOrder")
            if key in body
        }
        changed = definition | asked
        changed["groupName"] = _group(
            db, kind=kind, name=str(body.get("groupName") or definition["groupName"])
        )
        changed["type"] = body.get("type") or definition["type"]
        changed["fieldType"] = body.get("fieldType") or definition["fieldType"]
        _check_types(type=changed["type"], field_type=changed["fieldType"])
        if "options" in body:
            changed["options"] = _options(body["options"])
        changed["updatedAt"] = iso(now_ms())
        _save(db, kind=kind, definition=changed)
        portal.forget_definitions()
    return Reply(200, changed, records=1)


def archive(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    """Writes that name it are refused from now on; stored values stay but are no longer unique."""
    kind = kind_called(object_type)
    with portal.store.writing() as db:
        definition = portal.definitions(db, kind=kind.name).get(name)
        if definition is None:
            raise _no_such(kind, name)
        _refuse_vendors(kind, name)
        _save(db, kind=kind, definition=definition | {"archived": True, "archivedAt": iso(now_ms())})
        portal.forget_definitions()
    return Reply(204, records=1)


def redefine(db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, name: str, asked: Json) -> Json:
    """What an admin may do to any property, HubSpot's own too: `archived`, `label`, `type`, `fieldType`, `options`,
    `readOnly`. Values that are stored stay as they are. Raises HubSpotError: 404 no such property, 400.
    """
    definition = _any(db, portal=portal, kind=kind, name=name)
    changed: Json = definition | {"updatedAt": iso(now_ms())}
    if "label" in asked:
        changed["label"] = str(asked["label"])
    if "type" in asked:
        changed["type"] = str(asked["type"])
        changed["fieldType"] = asked.get("fieldType") or USUAL_FIELD_TYPES.get(changed["type"])
        changed["options"] = options(YES_NO) if changed["type"] == "bool" else []
    if "options" in asked:
        changed["options"] = _options(_labelled(asked["options"]))
    _check_types(type=changed["type"], field_type=changed["fieldType"])
    if "readOnly" in asked:
        changed["modificationMetadata"] = changed["modificationMetadata"] | {
            "readOnlyValue": asked["readOnly"] is True
        }
    changed |= {"archived": asked.get("archived", definition["archived"]) is True}
    if changed["archived"]:
        changed["archivedAt"] = iso(now_ms())
    else:
        changed.pop("archivedAt", None)
    _save(db, kind=kind, definition=changed)
    portal.forget_definitions()
    if definition["archived"] and not changed["archived"] and changed["hasUniqueValue"]:
        _index(db, kind=kind, name=name)
    return changed


def _any(db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, name: str) -> Json:
    """Live or archived."""
    found = portal.definitions(db, kind=kind.name).get(name)
    if found is None:
        row = db.execute(
            "SELECT definition FROM properties WHERE kind = ? AND name = ?", (kind.name, name)
        ).fetchone()
        if row is None:
            raise _no_such(kind, name)
        found = json.loads(row["definition"])
    return found


def _labelled(asked: object) -> object:
    """Options may be given by their values alone."""
    if not isinstance(asked, list):
        return asked
    return [{"label": each, "value": each} if isinstance(each, str) else each for each in asked]


def _create(db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, body: Json) -> Json:
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
    if missing:
        raise HubSpotError(
            400,
            f"Invalid input JSON: some required fields were not set: [{', '.join(missing)}]",
            errors=[
                {
                    "message": f"{key} is required",
                    "code": "REQUIRED_FIELD",
                    "context": {"propertyName": [key]},
                }
                for key in missing
            ],
        )
    name = str(body["name"])
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) or name.startswith("hs_"):
        raise HubSpotError(
            400,
            f'"{name}" is not a valid property name. Names start with a letter, have lower-case letters, '
            "digits and underscores, and do not start with hs_.",
        )
    known = portal.definitions(db, kind=kind.name)
    if name in known:
        raise HubSpotError(
            409, f"A property named '{name}' already exists.", category="OBJECT_ALREADY_EXISTS"
        )
    _check_types(type=body["type"], field_type=body["fieldType"])
    unique = body.get("hasUniqueValue") is True
    taken = sum(1 for each in known.values() if each["hasUniqueValue"] and not each["hubspotDefined"])
    if unique and taken >= MOST_UNIQUE:
        raise HubSpotError(400, f"An object type can have up to {MOST_UNIQUE} properties with unique values")
    at = iso(now_ms())
    choices = _options(body.get("options") or (options(YES_NO) if body["type"] == "bool" else []))
    made: Json = {
        "name": name,
        "label": str(body["label"]),
        "type": body["type"],
        "fieldType": body["fieldType"],
        "description": str(body.get("description") or ""),
        "groupName": _group(db, kind=kind, name=str(body["groupName"])),
        "options": choices,
        "displayOrder": body.get("displayOrder", -1),
        "calculated": False,
        "externalOptions": body.get("externalOptions") is True,
        "hasUniqueValue": unique,
        "hidden": body.get("hidden") is True,
        "hubspotDefined": False,
        "formField": body.get("formField") is True,
        "archived": False,
        "createdAt": at,
        "updatedAt": at,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyOptions": False,
            "readOnlyValue": False,
        },
    }
    _save(db, kind=kind, definition=made)
    if unique:
        _index(db, kind=kind, name=name)
    return made


def _index(db: sqlite3.Connection, *, kind: ObjectKind, name: str) -> None:
    """Values that an archived property of the same name left behind: the first holder keeps each."""
    for record in records.newest(db, kind=kind.name):
        value = record.properties.get(name, "")
        if value and records.holder(db, kind=kind.name, property=name, value=value) is None:
            records.set_unique(db, kind=kind.name, id=record.id, property=name, values=[value])


def _save(db: sqlite3.Connection, *, kind: ObjectKind, definition: Json) -> None:
    """An archived one holds no values that must be unique."""
    db.execute(
        "INSERT OR REPLACE INTO properties VALUES (?, ?, ?)",
        (kind.name, definition["name"], json.dumps(definition)),
    )
    if definition["archived"]:
        db.execute(
            "DELETE FROM unique_values WHERE kind = ? AND property = ?", (kind.name, definition["name"])
        )


def _group(db: sqlite3.Connection, *, kind: ObjectKind, name: str) -> str:
    if name not in groups.known(db, kind=kind):
        raise HubSpotError(
            400,
            f'Property group "{name}" does not exist',
            category="VALIDATION_ERROR",
            context={"groupName": [name]},
        )
    return name


def _check_types(*, type: object, field_type: object) -> None:
    if str(type) not in FIELD_TYPES:
        raise HubSpotError(400, f"{type} is not a property type: {', '.join(FIELD_TYPES)}")
    if field_type not in FIELD_TYPES[str(type)]:
        raise HubSpotError(400, f"Property type {type} cannot have the field type {field_type}")


def _options(asked: object) -> list[Json]:
    if not isinstance(asked, list) or not all(
        isinstance(each, dict) and each.get("label") and each.get("value") for each in asked
    ):
        raise HubSpotError(400, "Each option needs a label and a value")
    values = [each["value"] for each in asked]
    if len(set(values)) < len(values):
        raise HubSpotError(400, "Options must have distinct values")
    return [
        {
            "label": str(each["label"]),
            "value": str(each["value"]),
            "description": str(each.get("description") or ""),
            "displayOrder": each.get("displayOrder", place),
            "hidden": each.get("hidden") is True,
        }
        for place, each in enumerate(asked)
    ]


def _refuse_vendors(kind: ObjectKind, name: str) -> None:
    if name in PROPERTIES[kind.name]:
        raise HubSpotError(400, f"{name} is HubSpot's own property and cannot be changed")


def _no_such(kind: ObjectKind, name: str) -> HubSpotError:
    return not_found(f"Property {name} does not exist on {kind.name}")
