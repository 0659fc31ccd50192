"""Property values: always text, and what HubSpot makes of it for each property type."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

from crm_sandbox.hubspot.errors import BadValue, HubSpotError, bad_values
from crm_sandbox.wire import Json, iso

LONGEST_TEXT = 65_536
_EMAIL = re.compile(r"[^@\s\"<>(),;:]+@[^@\s.\"<>(),;:]+(\.[^@\s.\"<>(),;:]+)+")
_DAY_MS = 86_400_000
# The years 1 to 9999, which `datetime` has.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def texts(properties: Any) -> dict[str, str]:
    """The `properties` of a request's body; HubSpotError 400 where a value is not text."""
    if not isinstance(properties, dict):
        raise HubSpotError(400, "Invalid input JSON: `properties` must be an object of text values")
    for name, value in properties.items():
        if not isinstance(value, str):
            found = {bool: "boolean", int: "number", float: "number", type(None): "null"}.get(
                type(value), "object"
            )
            raise HubSpotError(
                400,
                f'Invalid input JSON: the value of property "{name}" must be a string, not a {found}',
                errors=[
                    {
                        "message": f"Cannot read a {found} as a string",
                        "code": "INVALID_TYPE",
                        "context": {"propertyName": [name]},
                    }
                ],
            )
    return properties


def checked(
    db: sqlite3.Connection,
    *,
    definitions: dict[str, Json],
    properties: dict[str, str],
    current: dict[str, str],
    read_only_too: bool = False,
) -> dict[str, str]:
    """The values as they will be stored ("" clears one). Raises HubSpotError 400 that names every bad one."""
    kept: dict[str, str] = {}
    problems: list[BadValue] = []
    for name, value in properties.items():
        definition = definitions.get(name)
        if definition is None:
            problems.append(BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif definition["modificationMetadata"]["readOnlyValue"] and not read_only_too:
            problems.append(BadValue(name, "READ_ONLY_VALUE", f'"{name}" is a read only property'))
        else:
            try:
                kept[name] = _read(db, definition=definition, value=value, current=current.get(name, ""))
            except _Refused as refused:
                problems.append(BadValue(name, refused.code, refused.message))
    if problems:
        raise bad_values(problems)
    return kept


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _read(db: sqlite3.Connection, *, definition: Json, value: str, current: str) -> str:
    if value == "":
        return ""
    type = definition["type"]
    if type == "number":
        return _number(value)
    if type == "datetime":
        return iso(_moment(value))
    if type == "date":
        return _date(value)
    if type in ("enumeration", "bool"):
        if definition.get("referencedObjectType") == "OWNER":
            return _owner(db, value=value, current=current)
        return _option(definition, value=value)
    if len(value) > LONGEST_TEXT:
        raise _Refused(
            "PROPERTY_VALUE_TOO_LONG", f"{len(value)} characters are more than the {LONGEST_TEXT} allowed"
        )
    if definition["name"] == "email":
        value = value.strip().lower()
        if not _EMAIL.fullmatch(value):
            raise _Refused("INVALID_EMAIL", f"Email address {value} is invalid")
    return value


def _number(value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not value.isascii() or value != value.strip() or "_" in value or number - number != 0:
        raise _Refused("INVALID_NUMBER", f"{value} was not a valid number.")
    return value


def _moment(value: str) -> int:
    """Milliseconds, from milliseconds or ISO 8601 (UTC where no zone is given)."""
    if re.fullmatch(r"-?[0-9]{1,15}", value):
        milliseconds = int(value)
        if not _FIRST_MS <= milliseconds <= _LAST_MS:
            raise _Refused("INVALID_LONG", f"{value} was not a valid moment.")
        return milliseconds
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _Refused("INVALID_DATE", f"{value} was not a valid long.") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _date(value: str) -> str:
    """A day, from YYYY-MM-DD or from milliseconds of its midnight in UTC."""
    milliseconds = _moment(value)
    if milliseconds % _DAY_MS:
        at = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
        raise _Refused("INVALID_DATE", f"{value} is at {at:%H:%M:%S} UTC, not midnight!")
    return iso(milliseconds)[:10]


def _option(definition: Json, *, value: str) -> str:
    allowed = [option["value"] for option in definition["options"]]
    if definition["externalOptions"]:
        return value
    chosen = [part for part in value.split(";") if part] if definition["fieldType"] == "checkbox" else [value]
    for choice in chosen:
        if choice not in allowed:
            listed = ", ".join(option["label"] for option in definition["options"])
            raise _Refused("INVALID_OPTION", f"{choice} was not one of the allowed options: [{listed}]")
    return ";".join(chosen)


def _owner(db: sqlite3.Connection, *, value: str, current: str) -> str:
    """An owner's `id`. The same person's `userId` is refused; so is setting an archived owner anew."""
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise _Refused("INVALID_INTEGER", f"{value} was not a valid integer (for owner ID).")
    row = db.execute("SELECT archived FROM owners WHERE id = ?", (int(value),)).fetchone()
    if row is None:
        raise _Refused("INVALID_OWNER_ID", f"Owner {value} does not exist")
    if row["archived"] and value != current:
        raise _Refused("INVALID_OWNER_ID", f"Owner {value} is deactivated")
    return value
