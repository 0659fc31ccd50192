"""Setting and taking associations, with what records keep because of them: their primary company, their parent."""

from __future__ import annotations

import sqlite3

from crm_sandbox import records
from crm_sandbox.hubspot import activity, associations, telling, writes
from crm_sandbox.hubspot.associations import CHILD_TO_PARENT, Link
from crm_sandbox.hubspot.authors import API, ChangeAuthor
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind
from crm_sandbox.hubspot.portal import Portal

_COMPANIES = KINDS["companies"]
# Type of the primary company, from here to the company.
_PRIMARY = {"contacts": 1, "deals": 5}
_PRIMARY_TYPES = frozenset(_PRIMARY.values()) | {associations.TWINS[each] for each in _PRIMARY.values()}


def link(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    start: ObjectKind,
    start_id: int,
    end: ObjectKind,
    end_id: int,
    type_id: int,
    author: ChangeAuthor = API,
) -> None:
    """Both ways. The first company of a contact or a deal becomes its primary one; there is one only, and one parent."""
    types = [type_id]
    for one, one_id, other in ((start, start_id, end), (end, end_id, start)):
        if one.name in _PRIMARY and other.name == "companies":
            to_company = type_id if one is start else associations.TWINS[type_id]
            primary = _primary(db, kind=one, record_id=one_id)
            if to_company == _PRIMARY[one.name] and primary:
                associations.unlabel(
                    db, start=one, start_id=one_id, end=_COMPANIES, end_id=primary, type_id=to_company
                )
            elif not primary:
                mark = _PRIMARY[one.name]
                types.append(mark if one is start else associations.TWINS[mark])
    if start.name == end.name == "companies" and type_id in (
        CHILD_TO_PARENT,
        associations.TWINS[CHILD_TO_PARENT],
    ):
        child = start_id if type_id == CHILD_TO_PARENT else end_id
        for parent in _of_type(db, kind=start, record_id=child, end=end, type_id=CHILD_TO_PARENT):
            associations.unlabel(
                db, start=start, start_id=child, end=end, end_id=parent, type_id=CHILD_TO_PARENT
            )
    before = associations.types_of(db, start=start, start_id=start_id, end=end, end_id=end_id)
    for each in dict.fromkeys(types):
        associations.link(db, start=start, start_id=start_id, end=end, end_id=end_id, type_id=each)
    if added := associations.types_of(db, start=start, start_id=start_id, end=end, end_id=end_id) - before:
        telling.of_association(
            portal=portal,
            ends=((start, start_id), (end, end_id)),
            author=author,
            removed=False,
            primary=bool(added & _PRIMARY_TYPES),
        )
    _keep(db, portal=portal, start=start, start_id=start_id, end=end, end_id=end_id, author=author)


def link_all(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    record_id: int,
    links: list[Link],
    author: ChangeAuthor = API,
) -> None:
    for end, end_id, type_id in links:
        link(
            db,
            portal=portal,
            start=kind,
            start_id=record_id,
            end=end,
            end_id=end_id,
            type_id=type_id,
            author=author,
        )


def unlink(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    start: ObjectKind,
    start_id: int,
    end: ObjectKind,
    end_id: int,
    author: ChangeAuthor = API,
) -> None:
    ends = ((start, start_id), (end, end_id))
    there = associations.types_of(db, start=start, start_id=start_id, end=end, end_id=end_id)
    associations.unlink(db, start=start, start_id=start_id, end=end, end_id=end_id)
    if there:
        primary = bool(there & _PRIMARY_TYPES)
        telling.of_association(portal=portal, ends=ends, author=author, removed=True, primary=primary)
    _keep(db, portal=portal, start=start, start_id=start_id, end=end, end_id=end_id, author=author)


def unlabel(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    start: ObjectKind,
    start_id: int,
    end: ObjectKind,
    end_id: int,
    types: list[int],
) -> None:
    """Takes labels off; the association itself stays."""
    for type_id in types:
        associations.unlabel(db, start=start, start_id=start_id, end=end, end_id=end_id, type_id=type_id)
    _keep(db, portal=portal, start=start, start_id=start_id, end=end, end_id=end_id, author=API)


def _keep(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    start: ObjectKind,
    start_id: int,
    end: ObjectKind,
    end_id: int,
    author: ChangeAuthor,
) -> None:
    activity.keep_of_both(db, portal=portal, ends=((start, start_id), (end, end_id)), author=author)
    for one, one_id, other in ((start, start_id, end), (end, end_id, start)):
        if other.name != "companies":
            continue
        record = records.get(db, kind=one.name, id=one_id)
        if record is None:
            continue
        if one.name == "contacts":
            values = {"associatedcompanyid": _text(_primary(db, kind=one, record_id=one_id))}
        elif one.name == "companies":
            parents = _of_type(db, kind=one, record_id=one_id, end=one, type_id=CHILD_TO_PARENT)
            values = {"hs_parent_company_id": _text(next(iter(parents), 0))}
        else:
            continue
        writes.work_out(
            db,
            portal=portal,
            kind=one,
            record=record,
            values=values,
            author=author.working_out("CALCULATED"),
        )


def _primary(db: sqlite3.Connection, *, kind: ObjectKind, record_id: int) -> int:
    found = _of_type(db, kind=kind, record_id=record_id, end=_COMPANIES, type_id=_PRIMARY[kind.name])
    return next(iter(found), 0)


def _of_type(
    db: sqlite3.Connection, *, kind: ObjectKind, record_id: int, end: ObjectKind, type_id: int
) -> list[int]:
    found = associations.linked(db, start=kind, start_id=record_id, end=end)
    return [end_id for end_id, types in found.items() if type_id in types]


def _text(number: int) -> str:
    return str(number) if number else ""
