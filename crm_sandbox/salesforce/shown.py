"""Records as answers have them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.definitions import Fields
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

_PARTS = (
    "Street",
    "City",
    "State",
    "StateCode",
    "PostalCode",
    "Country",
    "CountryCode",
    "Latitude",
    "Longitude",
)


def attributes(type: str, id: str, *, version: str, named: str = "") -> Json:
    return {"type": named or type, "url": f"/services/data/v{version}/sobjects/{type}/{id}"}


def record(row: OrgRecord, *, fields: Fields, names: Sequence[str], version: str) -> Json:
    """`names` are fields that there are."""
    body: Json = {"attributes": attributes(row.type, row.id, version=version)}
    for name in names:
        body[name] = value(row, fields[name])
    return body


def value(row: OrgRecord, field: Json) -> Any:
    name = field["name"]
    if name == "Id":
        return row.id
    if name == "IsDeleted":
        return row.deleted
    if field["type"] == "address":
        return _address(row, place=name.removesuffix("Address"))
    found = row.fields.get(name)
    if field["type"] == "boolean":
        return bool(found)
    return float(found) if field["type"] in ("double", "currency", "percent") and found is not None else found


def _address(row: OrgRecord, *, place: str) -> Json | None:
    parts = {f"{each[0].lower()}{each[1:]}": row.fields.get(f"{place}{each}") for each in _PARTS}
    if not any(part is not None for part in parts.values()):
        return None
    return {"geocodeAccuracy": None} | parts


def visible(db: sqlite3.Connection, *, org: Org, caller: OrgCaller, type: str) -> Fields:
    """The fields that the user may see."""
    found = org.definitions.fields(db, type)
    return {name: made for name, made in found.items() if caller.sees(type, name)}


def asked(fields: Fields, text: Sequence[str]) -> list[str]:
    """Names as they are written. Raises OrgError INVALID_FIELD; all of them where none is asked for."""
    folded = {name.lower(): name for name in fields}
    names = []
    for each in text:
        name = folded.get(each.strip().lower())
        if name is None:
            raise OrgError(400, "INVALID_FIELD", f"No such column '{each}' on sobject")
        names.append(name)
    return names or list(fields)
