"""The rules that an admin of the account has made for writing: what a record needs when it is made, and what one value
asks of another. They bind the API from version 2026-09 on; what they say stands in no property's definition.

https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from crm_sandbox import portal_settings
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import ObjectKind
from crm_sandbox.wire import Json


def known(db: sqlite3.Connection) -> list[Json]:
    """[{"id": 1, "kind": "contacts", "property": "state", "when": {"property": "country", "values": ["US"]}}]

    Without `when` (null) the property is required of each record that is made.
    """
    found: list[Json] = portal_settings.read(db, portal_settings.WRITE_RULES, [])
    return found


def add(
    db: sqlite3.Connection, *, kind: ObjectKind, name: str, trigger: str = "", values: tuple[str, ...] = ()
) -> Json:
    rules = known(db)
    when = {"property": trigger, "values": list(values)} if trigger else None
    number = max((rule["id"] for rule in rules), default=0) + 1
    made: Json = {"id": number, "kind": kind.name, "property": name, "when": when}
    portal_settings.write(db, portal_settings.WRITE_RULES, [*rules, made])
    return made


def end(db: sqlite3.Connection, *, number: int | None) -> None:
    """One of them, or all."""
    left = [rule for rule in known(db) if number is not None and rule["id"] != number]
    portal_settings.write(db, portal_settings.WRITE_RULES, left or None)


def check(
    db: sqlite3.Connection,
    *,
    kind: ObjectKind,
    before: Mapping[str, str],
    written: Mapping[str, str],
    is_new: bool = False,
) -> None:
    """Raises HubSpotError 400 that names everything that is missing, in HubSpot's words."""
    after = {**before, **written}
    errors = [
        _missing(rule)
        for rule in known(db)
        if rule["kind"] == kind.name
        and not after.get(rule["property"])
        and _applies(rule, after=after, written=written, is_new=is_new)
    ]
    if errors:
        raise HubSpotError(400, "The property values provided are invalid", errors=errors)


def _applies(rule: Json, *, after: Mapping[str, str], written: Mapping[str, str], is_new: bool) -> bool:
    when = rule["when"]
    if when is None:
        return is_new
    touched = when["property"] in written or rule["property"] in written
    return touched and after.get(when["property"], "") in when["values"]


def _missing(rule: Json) -> Json:
    name, when = rule["property"], rule["when"]
    if when is None:
        code, message = "MISSING_REQUIRED_PROPERTY", f"A value for {name} must be provided"
    else:
        code = "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
        message = f"{name} is required because of a conditional property rule based on [{when['property']}]"
    return {"code": code, "message": message, "context": {"propertyName": [name]}}
