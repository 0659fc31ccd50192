"""/control/salesforce: what an admin of the org sets, and what befalls it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from crm_sandbox.control_requests import BadControl, object_of, whole_number
from crm_sandbox.salesforce import (
    definitions,
    describe_shapes,
    login,
    settings,
    staff,
)
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.wire import Json, Reply, Request

_USER_FIELDS = {
    "email": "Email",
    "name": "Name",
    "active": "IsActive",
    "federation": "FederationIdentifier",
    "user_type": "UserType",
}


def shown_settings(org: Org, request: Request) -> Reply:
    with org.store.reading() as db:
        return Reply(200, settings.all_of(db))


def change_settings(org: Org, request: Request) -> Reply:
    """Any of `settings.DEFAULTS`. Another instance is a move of the org: every session ends."""
    asked = object_of(request)
    for name, value in asked.items():
        usual = settings.DEFAULTS.get(name)
        if usual is None:
            raise BadControl(f"There is no {name}; there are {', '.join(settings.DEFAULTS)}.")
        if type(value) is not type(usual) or (isinstance(value, int) and value < 0):
            raise BadControl(f"{name} is of the form of {usual!r}.")
    if asked.get("certificate"):
        try:
            login.check_certificate(asked["certificate"])
        except ValueError as error:
            raise BadControl(f"certificate is no PEM of an RSA key: {error}") from None
    if not re.fullmatch(r"\w+", asked.get("instance", "EU42")):
        raise BadControl("instance is a word of letters and digits.")
    with org.store.writing() as db:
        before = settings.all_of(db)
        known = settings.change(db, asked)
        if known["state_country_picklists"] != before["state_country_picklists"]:
            definitions.note_change(db)
        org.definitions.forget()
    if known["instance"] != before["instance"]:
        org.sessions.end_all()
    return Reply(201, known)


def end_sessions(org: Org, request: Request) -> Reply:
    return Reply(200, {"ended": org.sessions.end_all()})


def spend(org: Org, request: Request) -> Reply:
    """{"calls": 80000}: as if others had made them now."""
    org.usage.spend(whole_number(object_of(request), "calls", low=0, high=10_000_000))
    return Reply(201, {"used": org.usage.used()})


def put_user(org: Org, request: Request) -> Reply:
    body = object_of(request)
    username = str(body.get("username") or body.get("email") or "").strip()
    unknown = sorted(set(body) - set(_USER_FIELDS) - {"username"})
    if "@" not in username or unknown:
        raise BadControl(f"A user has a username and {', '.join(_USER_FIELDS)}, not {unknown or 'nothing'}.")
    asked = {_USER_FIELDS[name]: value for name, value in body.items() if name != "username"}
    with org.store.writing() as db:
        user = staff.put_user(db, username=username, asked=asked)
    return Reply(201, {"id": user.id})


def put_queue(org: Org, request: Request) -> Reply:
    """{"name", "objects": ["Lead"], "members": [usernames]}"""
    body = object_of(request)
    name, objects, members = (
        str(body.get("name") or ""),
        body.get("objects", ["Lead"]),
        body.get("members", []),
    )
    if not name or not isinstance(objects, list) or not isinstance(members, list):
        raise BadControl("A queue has a name, objects and members: two lists.")
    with org.store.writing() as db:
        found = {each: staff.user_called(db, str(each)) for each in members}
        numbers = [user.id for user in found.values() if user]
        if len(numbers) != len(found):
            raise BadControl(
                f"Nobody there is called {', '.join(key for key, user in found.items() if not user)}."
            )
        queue = staff.put_queue(db, name=name, objects=[str(each) for each in objects], members=numbers)
    return Reply(201, {"id": queue.id})


def permit(org: Org, request: Request) -> Reply:
    """{"user"?, "hidden": {"Lead": ["Phone"]}, "denied": {"Task": ["create"]}, "transfer": false, ...}"""
    body = object_of(request)
    username = str(body.pop("user", "") or settings.INTEGRATION_USER)
    unknown = sorted(set(body) - set(settings.USUAL_PERMISSIONS))
    if unknown:
        raise BadControl(
            f"There is no {', '.join(unknown)}; there are {', '.join(settings.USUAL_PERMISSIONS)}."
        )
    for name in ("hidden", "denied"):
        for type, several in _by_object(body, name).items():
            if name == "denied" and not set(several) <= set(settings.RIGHTS):
                raise BadControl(f"denied has {', '.join(settings.RIGHTS)} by object.")
            definitions.named(type)
    with org.store.writing() as db:
        if staff.user_called(db, username) is None:
            raise BadControl(f"Nobody there is called {username}.")
        made = settings.permit(db, username, body)
        definitions.note_change(db)
    return Reply(201, made)


def _by_object(body: Json, name: str) -> dict[str, list[Any]]:
    found = body.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(each, list) for each in found.values()):
        raise BadControl(f"{name} is an object of lists.")
    return found


def permissions(org: Org, request: Request) -> Reply:
    with org.store.reading() as db:
        return Reply(200, settings.permissions(db, request.parameter("user", settings.INTEGRATION_USER)))


def permit_again(org: Org, request: Request) -> Reply:
    with org.store.writing() as db:
        settings.permit(db, request.parameter("user", settings.INTEGRATION_USER), None)
        definitions.note_change(db)
    return Reply(204)


def put_field(org: Org, request: Request, name: str, field: str) -> Reply:
    """Makes or changes a field, by the names that a describe has; `picklistValues` may be a list of texts."""
    body, type = object_of(request), definitions.named(name)
    with org.store.writing() as db:
        there = org.definitions.fields(db, type).get(org.definitions.spelled(db, type, field))
        if there is None:
            if not re.fullmatch(r"[A-Za-z]\w*__c", field) or body.get("type") not in describe_shapes.TYPES:
                raise BadControl("A new field has a type, and a name that ends with __c.")
            usual: Json = {
                "custom": True,
                "length": 255 if body["type"] not in describe_shapes.SOAP_TYPE else 0,
            }
            if body["type"] == "reference" or body["type"] == "boolean":
                usual = {"custom": True}
            body = usual | body
            there = describe_shapes.field({"name": field, "type": body["type"]})
        unknown = sorted(set(body) - set(there))
        if unknown:
            raise BadControl(f"A field has no {', '.join(unknown)}.")
        if not isinstance(body.get("picklistValues", []), list):
            raise BadControl("picklistValues is a list.")
        if body.get("unique") or body.get("externalId"):
            body = {"idLookup": True} | body
            definitions.index_key(db, there["name"])
        definitions.redefine(db, type=type, name=there["name"], asked=body)
        org.definitions.forget()
        made = org.definitions.fields(db, type)[there["name"]]
    return Reply(201, made)


def drop_field(org: Org, request: Request, name: str, field: str) -> Reply:
    """Gone, its values too as far as anybody can see."""
    type = definitions.named(name)
    with org.store.writing() as db:
        found = org.definitions.spelled(db, type, field)
        if not found:
            raise BadControl(f"{type} has no field {field}.")
        definitions.redefine(db, type=type, name=found, asked=None)
        org.definitions.forget()
    return Reply(204)


def refused(error: OrgError) -> Reply:
    return Reply(404 if error.status == 404 else 400, {"error": f"{error.code}: {error.message}"})


ROUTES: Sequence[tuple[str, str, Callable[..., Reply]]] = (
    ("GET", "org", shown_settings),
    ("POST", "org", change_settings),
    ("DELETE", "sessions", end_sessions),
    ("POST", "usage", spend),
    ("POST", "users", put_user),
    ("POST", "queues", put_queue),
    ("GET", "permissions", permissions),
    ("POST", "permissions", permit),
    ("DELETE", "permissions", permit_again),
    ("POST", r"fields/(\w+)/(\w+)", put_field),
    ("DELETE", r"fields/(\w+)/(\w+)", drop_field),
)
