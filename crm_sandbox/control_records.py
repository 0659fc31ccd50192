"""The records and the people that a control names."""

from __future__ import annotations

import sqlite3

from crm_sandbox.control_requests import BadControl
from crm_sandbox.hubspot import associations, linking, owners
from crm_sandbox.hubspot.authors import PERSON, ChangeAuthor
from crm_sandbox.hubspot.errors import not_found
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind
from crm_sandbox.hubspot.objects import find
from crm_sandbox.records import Record
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json

_ENDS = {"company": "companies", "contact": "contacts", "deal": "deals"}


def link_named(
    db: sqlite3.Connection,
    *,
    sandbox: Sandbox,
    kind: ObjectKind,
    record: Record,
    body: Json,
    author: ChangeAuthor,
) -> None:
    """With the `company`, `contact` and `deal` (an id or several) of the body."""
    for key, name in _ENDS.items():
        for number in numbers(body, key):
            other = found(db, sandbox=sandbox, kind=KINDS[name], number=number)
            link(db, sandbox=sandbox, ends=[(kind, record.id), (KINDS[name], other.id)], author=author)


def link(
    db: sqlite3.Connection,
    *,
    sandbox: Sandbox,
    ends: list[tuple[ObjectKind, int]],
    author: ChangeAuthor,
    type_id: int | None = None,
) -> None:
    (start, start_id), (end, end_id) = ends
    types = associations.types_between(start, end)
    if type_id is not None and type_id not in types:
        raise BadControl(f"No association type {type_id} goes from {start.singular} to {end.singular}.")
    linking.link(
        db,
        portal=sandbox.portal,
        start=start,
        start_id=start_id,
        end=end,
        end_id=end_id,
        type_id=next(iter(types)) if type_id is None else type_id,
        author=author,
    )


def owned(db: sqlite3.Connection, body: Json) -> dict[str, str]:
    email = str(body.get("owner") or "").lower()
    if not email:
        return {"hubspot_owner_id": ""} if "owner" in body else {}
    return {"hubspot_owner_id": str(owner_called(db, email)["id"])}


def author_of(db: sqlite3.Connection, body: Json) -> ChangeAuthor:
    email = str(body.get("by") or "").lower()
    return ChangeAuthor(PERSON.source, f"userId:{owner_called(db, email)['user_id']}") if email else PERSON


def owner_called(db: sqlite3.Connection, email: str) -> sqlite3.Row:
    row = owners.called(db, email)
    if row is None:
        raise BadControl(f"Nobody there is called {email}.")
    return row


def numbers(body: Json, key: str) -> list[str]:
    value = body.get(key) or []
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def found(db: sqlite3.Connection, *, sandbox: Sandbox, kind: ObjectKind, number: str) -> Record:
    record = find(db, portal=sandbox.portal, kind=kind, value=number)
    if record is None:
        raise not_found(f"There is no {kind.singular} {number}")
    return record
