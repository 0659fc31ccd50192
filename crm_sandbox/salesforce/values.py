"""One value of a record: what JSON may be given for it, and whether the org takes it."""

from __future__ import annotations

import re
from typing import Any

from crm_sandbox.salesforce import ids, moments
from crm_sandbox.salesforce.describe_shapes import NUMBERS
from crm_sandbox.salesforce.errors import OrgError, bad_json, refused
from crm_sandbox.wire import Json

_TEXTS = ("string", "textarea", "phone", "url", "email", "picklist", "multipicklist", "id", "reference")
_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\\\"]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_INT = 2**31
# Salesforce shows it cut.
_SHOWN = 255


def read(field: Json, given: Any) -> Any:
    """As it is stored; None for nothing. Raises OrgError JSON_PARSER_ERROR, which fails the whole call."""
    kind = field["type"]
    if given is None:
        return None
    if kind in _TEXTS:
        if not isinstance(given, str):
            raise _cannot(given, to="string")
        return given.strip() or None
    if kind == "boolean":
        if isinstance(given, bool):
            return given
        if isinstance(given, str) and given.lower() in ("true", "false"):
            return given.lower() == "true"
        raise _cannot(given, to="boolean")
    if kind in ("date", "datetime"):
        return _moment(kind, given)
    return _number(kind, given)


def _moment(kind: str, given: Any) -> str | None:
    if given == "":
        return None
    if isinstance(given, str):
        stored = moments.read_date(given) if kind == "date" else moments.read(given)
        if stored is not None:
            return stored
    raise _cannot(given, to="date" if kind == "date" else "datetime")


def _number(kind: str, given: Any) -> float | int | None:
    if given == "":
        return None
    if isinstance(given, str):
        try:
            given = float(given)
        except ValueError:
            raise _cannot(given, to="double") from None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _cannot(given, to="int" if kind == "int" else "double")
    return round(given) if kind == "int" else given


def _cannot(given: Any, *, to: str) -> OrgError:
    tokens: dict[type, str] = {
        str: "VALUE_STRING",
        bool: "VALUE_TRUE" if given is True else "VALUE_FALSE",
        int: "VALUE_NUMBER_INT",
        float: "VALUE_NUMBER_FLOAT",
        dict: "START_OBJECT",
        list: "START_ARRAY",
    }
    token = tokens.get(type(given), "VALUE_STRING")
    shown = {"START_OBJECT": "{", "START_ARRAY": "["}.get(token, str(given))
    return bad_json(
        f"Cannot deserialize instance of {to} from {token} value {shown} or request may be missing a required field"
    )


def check(field: Json, value: Any) -> Any:
    """As it is kept. Raises OrgError for a value that the org does not take; None is a matter of the record."""
    if value is None:
        return None
    name, label, kind = field["name"], field["label"], field["type"]
    if kind == "reference" or kind == "id":
        id = ids.read(value)
        if id is None or (field["referenceTo"] and ids.type_of(id) not in field["referenceTo"]):
            raise refused("MALFORMED_ID", f"{label}: id value of incorrect type: {value}", fields=[name])
        return id
    if kind == "multipicklist":
        parts = [part.strip() for part in value.split(";") if part.strip()]
        for part in parts:
            _on_list(field, part)
        return ";".join(parts) or None
    if kind == "picklist":
        _on_list(field, value)
    if kind in NUMBERS and abs(value) >= 10 ** max(1, field["precision"] - field["scale"]):
        raise refused(
            "NUMBER_OUTSIDE_VALID_RANGE", f"{label}: value outside of valid range: {value}", fields=[name]
        )
    if kind == "int" and not -_INT <= value < _INT:
        raise refused(
            "NUMBER_OUTSIDE_VALID_RANGE", f"{label}: value outside of valid range: {value}", fields=[name]
        )
    if isinstance(value, str) and field["length"] and len(value) > field["length"]:
        shown = value[:_SHOWN]
        raise refused(
            "STRING_TOO_LONG",
            f"{label}: data value too large: {shown} (max length={field['length']})",
            fields=[name],
        )
    if kind == "email" and not _EMAIL.fullmatch(value):
        raise refused("INVALID_EMAIL_ADDRESS", f"{label}: invalid email address: {value}", fields=[name])
    return value


def _on_list(field: Json, value: str) -> None:
    """An unrestricted picklist takes any text, off its list too."""
    if field["restrictedPicklist"] and value not in [
        each["value"] for each in field["picklistValues"] if each["active"]
    ]:
        raise refused(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field['label']}: bad value for restricted picklist field: {value}",
            fields=[field["name"]],
        )
