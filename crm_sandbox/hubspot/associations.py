"""Associations, and the `associations` of objects: which records belong together.

Association types are HubSpot's own; each has a twin for the way back, and setting one sets both.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from crm_sandbox import records
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind, kind_called
from crm_sandbox.wire import Json, digits

# (from, to): {type id: label}; the first is the default
_ONE_WAY: dict[tuple[str, str], dict[int, str | None]] = {
    ("contacts", "companies"): {279: None, 1: "Primary"},
    ("companies", "contacts"): {280: None, 2: "Primary"},
    ("contacts", "deals"): {4: None},
    ("deals", "contacts"): {3: None},
    ("companies", "deals"): {342: None, 6: "Primary"},
    ("deals", "companies"): {341: None, 5: "Primary"},
    ("contacts", "tasks"): {203: None},
    ("tasks", "contacts"): {204: None},
    ("companies", "tasks"): {191: None},
    ("tasks", "companies"): {192: None},
    ("deals", "tasks"): {215: None},
    ("tasks", "deals"): {216: None},
    ("contacts", "contacts"): {449: None},
    ("companies", "companies"): {450: None, 13: "Parent", 14: "Child"},
}
# From a contact, a company and a deal to what was done with them; the way back is the number after it.
_ENGAGED = {
    "contacts": {"calls": 193, "emails": 197, "meetings": 199, "notes": 201},
    "companies": {"calls": 181, "emails": 185, "meetings": 187, "notes": 189},
    "deals": {"calls": 205, "emails": 209, "meetings": 211, "notes": 213},
}
CHILD_TO_PARENT = 14
# Of these types a record has one at most.
ONLY_ONE = (1, 5, CHILD_TO_PARENT)
TWINS = {279: 280, 280: 279, 1: 2, 2: 1, 4: 3, 3: 4, 342: 341, 341: 342, 6: 5, 5: 6, 203: 204, 204: 203}
TWINS |= {13: 14, 14: 13}
TWINS |= {191: 192, 192: 191, 215: 216, 216: 215, 449: 449, 450: 450}
for _start, _types in _ENGAGED.items():
    for _end, _type_id in _types.items():
        _ONE_WAY |= {(_start, _end): {_type_id: None}, (_end, _start): {_type_id + 1: None}}
        TWINS |= {_type_id: _type_id + 1, _type_id + 1: _type_id}

_NAMED = {13: "parent_to_child_company", 14: "child_to_parent_company"}

Link = tuple[ObjectKind, int, int]


def can_be(start: ObjectKind, end: ObjectKind) -> bool:
    return (start.name, end.name) in _ONE_WAY


def types_between(start: ObjectKind, end: ObjectKind) -> dict[int, str | None]:
    """Type ids and labels, the default first. Raises HubSpotError 400 for kinds that cannot be associated."""
    types = _ONE_WAY.get((start.name, end.name))
    if types is None:
        raise HubSpotError(400, f"No association type exists from {start.singular} to {end.singular}")
    return types


def link(
    db: sqlite3.Connection, *, start: ObjectKind, start_id: int, end: ObjectKind, end_id: int, type_id: int
) -> None:
    """Both ways. A labelled association has the unlabelled one beside it, but for a parent and its child."""
    default = type_id if type_id in _NAMED else next(iter(types_between(start, end)))
    db.executemany(
        "INSERT OR IGNORE INTO associations VALUES (?, ?, ?, ?, ?)",
        [
            row
            for each in {default, type_id}
            for row in (
                (start.name, start_id, end.name, end_id, each),
                (end.name, end_id, start.name, start_id, TWINS[each]),
            )
        ],
    )


def unlink(db: sqlite3.Connection, *, start: ObjectKind, start_id: int, end: ObjectKind, end_id: int) -> None:
    db.executemany(
        "DELETE FROM associations WHERE from_kind = ? AND from_id = ? AND to_kind = ? AND to_id = ?",
        [(start.name, start_id, end.name, end_id), (end.name, end_id, start.name, start_id)],
    )


def unlabel(
    db: sqlite3.Connection, *, start: ObjectKind, start_id: int, end: ObjectKind, end_id: int, type_id: int
) -> None:
    """Takes one type away, both ways."""
    db.executemany(
        "DELETE FROM associations WHERE from_kind = ? AND from_id = ? AND to_kind = ? AND to_id = ? "
        "AND type_id = ?",
        [
            (start.name, start_id, end.name, end_id, type_id),
            (end.name, end_id, start.name, start_id, TWINS[type_id]),
        ],
    )


def types_of(
    db: sqlite3.Connection, *, start: ObjectKind, start_id: int, end: ObjectKind, end_id: int
) -> set[int]:
    """The types by which two records are associated, from the first to the second."""
    rows = db.execute(
        "SELECT type_id FROM associations WHERE from_kind = ? AND from_id = ? AND to_kind = ? AND to_id = ?",
        (start.name, start_id, end.name, end_id),
    )
    return {int(row["type_id"]) for row in rows}


def linked(
    db: sqlite3.Connection,
    *,
    start: ObjectKind,
    start_id: int,
    end: ObjectKind,
    after: int = 0,
    limit: int = 500,
) -> dict[int, list[int]]:
    """Live records at the other end, by id, with the association types."""
    rows = db.execute(
        "SELECT to_id, type_id FROM associations JOIN records ON kind = to_kind AND id = to_id "
        "WHERE from_kind = ? AND from_id = ? AND to_kind = ? AND to_id > ? AND archived_at IS NULL "
        "ORDER BY to_id, type_id DESC",
        (start.name, start_id, end.name, after),
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        if row["to_id"] not in found and len(found) == limit:
            break
        found.setdefault(row["to_id"], []).append(row["type_id"])
    return found


def short(db: sqlite3.Connection, *, kind: ObjectKind, record_id: int, to: ObjectKind) -> list[Json]:
    """As an object's own answer lists them: [{"id": "7", "type": "contact_to_company_unlabeled"}]"""
    found = linked(db, start=kind, start_id=record_id, end=to)
    return [
        {"id": str(end_id), "type": type_name(kind, to, each)}
        for end_id, type_ids in found.items()
        for each in type_ids
    ]


def type_name(start: ObjectKind, end: ObjectKind, type_id: int) -> str:
    """contact_to_deal, child_to_parent_company; contact_to_company is the primary one, ..._unlabeled is plain."""
    if type_id in _NAMED:
        return _NAMED[type_id]
    types = types_between(start, end)
    plain = "_unlabeled" if types[type_id] is None and "Primary" in types.values() else ""
    return f"{start.singular}_to_{end.singular}{plain}"


def type_called(start: ObjectKind, end: ObjectKind, name: str) -> int:
    """Version 3 names types, or says their number. Raises HubSpotError 400."""
    for type_id in types_between(start, end):
        if name in (str(type_id), type_name(start, end, type_id)):
            return type_id
    raise HubSpotError(
        400, f"{name} is not a valid association type between {start.singular} and {end.singular}"
    )


def full(start: ObjectKind, end: ObjectKind, *, end_id: int, type_ids: list[int]) -> Json:
    types = types_between(start, end)
    return {
        "toObjectId": end_id,
        "associationTypes": [
            {"category": "HUBSPOT_DEFINED", "typeId": each, "label": types[each]} for each in type_ids
        ],
    }


def asked_for(db: sqlite3.Connection, *, kind: ObjectKind, wanted: Any) -> list[Link]:
    """The `associations` of an object that is about to be made: [{"to": {"id"}, "types": [{...TypeId}]}].

    Raises HubSpotError 400: an unknown type, or nobody at the other end.
    """
    if not wanted:
        return []
    if not isinstance(wanted, list):
        raise HubSpotError(400, "Invalid input JSON: `associations` must be a list")
    links: list[Link] = []
    for each in wanted:
        to_id, types = _target(each)
        for type_id in types:
            end = _end_of(kind, type_id)
            if records.get(db, kind=end.name, id=to_id) is None:
                raise HubSpotError(400, f"The {end.singular} {to_id} to associate with does not exist")
            links.append((end, to_id, type_id))
    return links


def type_ids(specs: Any) -> list[int]:
    """From [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]; else HubSpotError 400."""
    try:
        found = [int(spec["associationTypeId"]) for spec in specs]
        categories = {spec["associationCategory"] for spec in specs}
    except (TypeError, KeyError, ValueError):
        raise HubSpotError(
            400, "Association types need an associationCategory and an associationTypeId"
        ) from None
    if categories - {"HUBSPOT_DEFINED"} or not found:
        raise HubSpotError(
            400, f"No such association category here: {', '.join(sorted(map(str, categories)))}"
        )
    return found


def _target(each: Any) -> tuple[int, list[int]]:
    try:
        to_id = str(each["to"]["id"])
        types = each["types"]
    except (TypeError, KeyError):
        raise HubSpotError(400, "Each association needs `to` with an `id`, and `types`") from None
    return digits(to_id) or 0, type_ids(types)


def _end_of(kind: ObjectKind, type_id: int) -> ObjectKind:
    for (start, end), types in _ONE_WAY.items():
        if start == kind.name and type_id in types:
            return KINDS[end]
    raise HubSpotError(400, f"Association type {type_id} does not start at a {kind.singular}")


def ends(
    db: sqlite3.Connection, *, start: str, start_id: str, end: str, end_id: str
) -> tuple[ObjectKind, int, ObjectKind, int]:
    """Both records of a path. Raises HubSpotError 404 when one of them does not exist."""
    start_kind, end_kind = kind_called(start), kind_called(end)
    for kind, number in ((start_kind, start_id), (end_kind, end_id)):
        id = digits(number)
        if id is None or records.get(db, kind=kind.name, id=id) is None:
            raise not_found(f"The {kind.singular} {number} does not exist")
    return start_kind, int(start_id), end_kind, int(end_id)
