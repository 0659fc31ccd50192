"""The objects and fields of the org: as delivered, and as its admin has changed them."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

from crm_sandbox import portal_settings
from crm_sandbox.salesforce import describe_shapes, settings
from crm_sandbox.salesforce.errors import no_type
from crm_sandbox.salesforce.ids import PREFIXES
from crm_sandbox.wire import Json, now_ms

_DATA = Path(__file__).parent / "data"
_FIELDS, _CHANGED_AT = "org_fields", "org_described_at"
_WRITTEN: dict[str, Json] = {
    name: json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8")) for name in PREFIXES
}
_PLACES: Json = json.loads((_DATA / "countries.json").read_text(encoding="utf-8"))
COUNTRIES: dict[str, str] = _PLACES["countries"]
STATES: dict[str, dict[str, str]] = _PLACES["states"]
# Where addresses stand, for picklists of countries and states.
ADDRESSES = {"Lead": ("",), "Contact": ("Mailing",), "Account": ("Billing", "Shipping")}
# The field that leadops' setup asks an admin to make.
LEADOPS_ID = "leadops_id__c"
_LEADOPS_ID: Json = {
    "name": LEADOPS_ID,
    "type": "string",
    "label": "leadops ID",
    "length": 64,
    "custom": True,
    "externalId": True,
    "unique": True,
    "idLookup": True,
}
Fields = dict[str, Json]


class OrgDefinitions:
    """Read under the store's lock, and forgotten whenever an admin changes anything."""

    def __init__(self) -> None:
        self._known: dict[str, Fields] = {}
        self._folded: dict[str, dict[str, str]] = {}

    def forget(self) -> None:
        self._known, self._folded = {}, {}

    def fields(self, db: sqlite3.Connection, type: str) -> Fields:
        """By name. Raises OrgError INVALID_TYPE for an object that does not exist."""
        if type not in _WRITTEN:
            raise no_type(type)
        if type not in self._known:
            self._known[type] = _fields(db, type)
            self._folded[type] = {name.lower(): name for name in self._known[type]}
        return self._known[type]

    def spelled(self, db: sqlite3.Connection, type: str, name: str) -> str:
        """A field as it is written: names are asked for without regard to case. "" where there is none."""
        self.fields(db, type)
        return self._folded[type].get(name.lower(), "")


def _fields(db: sqlite3.Connection, type: str) -> Fields:
    written: dict[str, Json | None] = {each["name"]: each for each in _WRITTEN[type]["fields"]}
    if type == "Lead":
        written[LEADOPS_ID] = _LEADOPS_ID
    if settings.one(db, "state_country_picklists"):
        for place in ADDRESSES.get(type, ()):
            written |= _places(place)
    for name, change in changes(db).get(type, {}).items():
        written[name] = None if change is None else (written.get(name) or {"name": name}) | change
    return {name: describe_shapes.field(each) for name, each in written.items() if each is not None}


def _places(place: str) -> dict[str, Json | None]:
    countries = [[code, name] for code, name in COUNTRIES.items()]
    states = [[code, name] for each in STATES.values() for code, name in each.items()]
    return {
        f"{place}{name}Code": {
            "name": f"{place}{name}Code",
            "type": "picklist",
            "label": f"{place} {name} Code".strip(),
            "length": 10,
            "compoundFieldName": f"{place}Address",
            "restrictedPicklist": True,
            "picklistValues": choices,
        }
        for name, choices in (("State", states), ("Country", countries))
    }


def named(type: str) -> str:
    """An object as it is written, whatever the case. Raises OrgError."""
    for name in _WRITTEN:
        if name.lower() == type.lower():
            return name
    raise no_type(type)


def sobject(type: str) -> Json:
    return describe_shapes.sobject(_WRITTEN[type])


def changes(db: sqlite3.Connection) -> dict[str, dict[str, Json | None]]:
    """What the admin made of fields: by object and name what differs, None for one that is gone."""
    return dict(portal_settings.read(db, _FIELDS, {}))


def redefine(db: sqlite3.Connection, *, type: str, name: str, asked: Json | None) -> None:
    """None takes the field away. The caller forgets what is known."""
    known = changes(db)
    before = known.setdefault(type, {}).get(name)
    known[type][name] = None if asked is None else (before or {}) | asked
    portal_settings.write(db, _FIELDS, known)
    note_change(db)


def note_change(db: sqlite3.Connection) -> None:
    """Fields, labels or permissions are others from now on: each time a later second, which a client can tell."""
    portal_settings.write(db, _CHANGED_AT, max(now_ms() // 1000, changed_at(db) + 1))


def changed_at(db: sqlite3.Connection) -> int:
    """Seconds since 1970."""
    return int(portal_settings.read(db, _CHANGED_AT, 1_767_225_600))


def index_key(db: sqlite3.Connection, name: str) -> None:
    """So that records are found by a field without reading all of them."""
    if re.fullmatch(r"\w+", name):
        db.execute(
            f"CREATE INDEX IF NOT EXISTS org_by_{name} ON org_records "
            f"(type, json_extract(fields, '$.{name}') COLLATE NOCASE)"
        )
