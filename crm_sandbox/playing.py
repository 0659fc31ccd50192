"""/control/hubspot: what people do in the CRM, each by one call. A person's write may set read-only values too.

Every body can say who it is: `"by"`, the e-mail address of an owner.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crm_sandbox import records
from crm_sandbox.control_requests import BadControl, object_of, whole_number
from crm_sandbox.hubspot import associations, linking, owners, people, pipelines, writes
from crm_sandbox.hubspot.authors import IMPORT, PERSON, ChangeAuthor
from crm_sandbox.hubspot.default_choices import OBJECT_SOURCE
from crm_sandbox.hubspot.errors import not_found
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind, kind_called
from crm_sandbox.hubspot.objects import find
from crm_sandbox.hubspot.shown import as_read
from crm_sandbox.hubspot.values import texts
from crm_sandbox.records import Record
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json, Reply, Request

MOST_IMPORTED = 20_000
_MERGED = ("contacts", "companies")
# A program that is not ours.
_OTHER_APP = "999"


def make(sandbox: Sandbox, request: Request, name: str) -> Reply:
    """One, or a list of them: all or none."""
    kind = kind_called(name)
    asked: Any = request.json()
    several = asked if isinstance(asked, list) else [asked]
    if not all(isinstance(each, dict) for each in several):
        raise BadControl("The body must be a JSON object or a list of them.")
    with sandbox.store.writing() as db:
        ids = [_make(db, sandbox=sandbox, kind=kind, body=each) for each in several]
    return Reply(201, {"ids": ids} if isinstance(asked, list) else {"id": ids[0]})


def _make(db: sqlite3.Connection, *, sandbox: Sandbox, kind: ObjectKind, body: Json) -> str:
    author = _author(db, body)
    source = str(body.get("source") or author.source)
    if source not in [value for value, _ in OBJECT_SOURCE]:
        raise BadControl(f"source must be one of {', '.join(value for value, _ in OBJECT_SOURCE)}.")
    if source != author.source:
        author = ChangeAuthor(source, _OTHER_APP if source == "INTEGRATION" else author.source_id)
    properties = _owned(db, body) | texts(body.get("properties", {}))
    record = writes.create(db, portal=sandbox.portal, kind=kind, properties=properties, author=author)
    for key, end in (("company", "companies"), ("contact", "contacts"), ("deal", "deals")):
        for number in _numbers(body, key):
            other = _found(db, sandbox=sandbox, kind=KINDS[end], number=number)
            _link(db, sandbox=sandbox, ends=[(kind, record.id), (KINDS[end], other.id)], author=author)
    for number in _numbers(body, "parent"):
        if kind.name != "companies":
            raise BadControl("Only a company has a parent.")
        other = _found(db, sandbox=sandbox, kind=kind, number=number)
        ends = [(kind, record.id), (kind, other.id)]
        _link(db, sandbox=sandbox, ends=ends, type_id=associations.CHILD_TO_PARENT, author=author)
    return str(record.id)


def import_contacts(sandbox: Sandbox, request: Request) -> Reply:
    """A file of contacts: {"contacts": [{...}]}, or as many as `count` with numbered addresses at `domain`.

    Whoever has an address already is changed; all others are made. All or none.
    """
    body = object_of(request)
    rows = body.get("contacts")
    if rows is None:
        count = whole_number(body, "count", low=1, high=MOST_IMPORTED)
        domain, shared = str(body.get("domain") or "imported.example"), texts(body.get("properties", {}))
        start = whole_number(body, "start", low=0, high=10**9, default=0)
        rows = [
            {"email": f"contact{number}@{domain}", "firstname": "Contact", "lastname": str(number)} | shared
            for number in range(start, start + count)
        ]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_IMPORTED:
        raise BadControl(f"contacts is a list of 1 to {MOST_IMPORTED} objects of text values.")
    kind, made, changed = KINDS["contacts"], [], []
    with sandbox.store.writing() as db:
        author = replace(_author(db, body), source=IMPORT.source)
        owned = _owned(db, body)
        for row in rows:
            properties = owned | texts(row)
            email = properties.get("email", "").strip()
            number = records.holder(db, kind=kind.name, property="email", value=email) if email else None
            record = records.get(db, kind=kind.name, id=number) if number else None
            if record is None:
                record = writes.create(
                    db, portal=sandbox.portal, kind=kind, properties=properties, author=author
                )
                made.append(str(record.id))
            else:
                writes.update(
                    db,
                    portal=sandbox.portal,
                    kind=kind,
                    record=record,
                    properties=properties | {"email": record.properties.get("email", "")},
                    author=author,
                )
                changed.append(str(record.id))
    return Reply(201, {"made": made, "changed": changed})


def edit(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    properties = texts(body.get("properties", {}))
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def set_owner(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    if "owner" not in body:
        raise BadControl('owner is the e-mail address of one, or "" for nobody.')
    with sandbox.store.reading() as db:
        properties = _owned(db, body)
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def set_lifecycle(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    properties = {"lifecyclestage": str(body.get("stage") or "")}
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def win(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(sandbox, request, number=number, to=lambda found: pipelines.closing_stage(found, won=True))


def lose(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(sandbox, request, number=number, to=lambda found: pipelines.closing_stage(found, won=False))


def reopen(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(sandbox, request, number=number, to=pipelines.opening_stage)


def _move(sandbox: Sandbox, request: Request, *, number: str, to: Callable[[Json], str]) -> Reply:
    """Into a stage of the deal's pipeline; the body may name another `stage`."""
    body = object_of(request)
    with sandbox.store.reading() as db:
        deal = _found(db, sandbox=sandbox, kind=KINDS["deals"], number=number)
        pipeline = pipelines.one(db, deal.properties.get("pipeline", pipelines.DEFAULT))
    properties = {"pipeline": pipeline["id"], "dealstage": str(body.get("stage") or to(pipeline))}
    return _change(sandbox, name="deals", number=number, body=body, properties=properties)


def _change(sandbox: Sandbox, *, name: str, number: str, body: Json, properties: dict[str, str]) -> Reply:
    kind = kind_called(name)
    with sandbox.store.writing() as db:
        record = _found(db, sandbox=sandbox, kind=kind, number=number)
        author = _author(db, body)
        writes.update(
            db, portal=sandbox.portal, kind=kind, record=record, properties=properties, author=author
        )
        shown = as_read(db, kind=kind, record=record, names=list(properties), with_history=[])
    return Reply(200, shown)


def delete(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    kind, for_privacy = kind_called(name), request.parameter("privacy") == "true"
    with sandbox.store.writing() as db:
        people.delete(db, portal=sandbox.portal, kind=kind, number=number, for_privacy=for_privacy)
    return Reply(204)


def restore(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    with sandbox.store.writing() as db:
        record = people.restore(db, portal=sandbox.portal, kind=kind_called(name), number=number)
    return Reply(200, {"id": str(record.id)})


def merge(sandbox: Sandbox, request: Request, name: str) -> Reply:
    body, kind = object_of(request), kind_called(name)
    if kind.name not in _MERGED:
        raise BadControl(f"Only {' and '.join(_MERGED)} are merged.")
    primary, other = str(body.get("primary") or ""), str(body.get("other") or "")
    with sandbox.store.writing() as db:
        author = _author(db, body)
        made = people.merge(db, portal=sandbox.portal, kind=kind, primary=primary, other=other, author=author)
    return Reply(201, {"id": str(made.id)})


def associate(sandbox: Sandbox, request: Request) -> Reply:
    """{"from": ["contacts", "51"], "to": ["companies", "7001"], "type": 1}; without a type the default one."""
    body = object_of(request)
    asked = body.get("type")
    if asked is not None and (isinstance(asked, bool) or not isinstance(asked, int)):
        raise BadControl("type is the number of an association type.")
    with sandbox.store.writing() as db:
        ends = [_end(db, sandbox=sandbox, body=body, key=key) for key in ("from", "to")]
        _link(db, sandbox=sandbox, ends=ends, type_id=asked, author=_author(db, body))
    return Reply(201, {})


def dissociate(sandbox: Sandbox, request: Request) -> Reply:
    body = object_of(request)
    with sandbox.store.writing() as db:
        (start, start_id), (end, end_id) = (
            _end(db, sandbox=sandbox, body=body, key=key) for key in ("from", "to")
        )
        linking.unlink(
            db,
            portal=sandbox.portal,
            start=start,
            start_id=start_id,
            end=end,
            end_id=end_id,
            author=_author(db, body),
        )
    return Reply(204)


def make_pipeline(sandbox: Sandbox, request: Request) -> Reply:
    body = object_of(request)
    stages = body.get("stages")
    with sandbox.store.writing() as db:
        made = pipelines.put(
            db, label=str(body.get("label") or ""), stages=stages if isinstance(stages, list) else []
        )
        sandbox.portal.forget_definitions()
    return Reply(201, made)


def _end(db: sqlite3.Connection, *, sandbox: Sandbox, body: Json, key: str) -> tuple[ObjectKind, int]:
    match body.get(key):
        case [str(name), str(number) | int(number)]:
            kind = kind_called(name)
            return kind, _found(db, sandbox=sandbox, kind=kind, number=str(number)).id
    raise BadControl(f'{key} is an object and its id, such as ["contacts", "51"].')


def _link(
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


def _owned(db: sqlite3.Connection, body: Json) -> dict[str, str]:
    email = str(body.get("owner") or "").lower()
    if not email:
        return {"hubspot_owner_id": ""} if "owner" in body else {}
    return {"hubspot_owner_id": str(_owner(db, email)["id"])}


def _author(db: sqlite3.Connection, body: Json) -> ChangeAuthor:
    email = str(body.get("by") or "").lower()
    return ChangeAuthor(PERSON.source, f"userId:{_owner(db, email)['user_id']}") if email else PERSON


def _owner(db: sqlite3.Connection, email: str) -> sqlite3.Row:
    row = owners.called(db, email)
    if row is None:
        raise BadControl(f"Nobody there is called {email}.")
    return row


def _numbers(body: Json, key: str) -> list[str]:
    value = body.get(key) or []
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def _found(db: sqlite3.Connection, *, sandbox: Sandbox, kind: ObjectKind, number: str) -> Record:
    record = find(db, portal=sandbox.portal, kind=kind, value=number)
    if record is None:
        raise not_found(f"There is no {kind.singular} {number}")
    return record


_KIND, _ID = "([a-z]+)", "([^/]+)"
ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
    (method, re.compile(f"/control/hubspot/{pattern}"), call)
    for method, pattern, call in (
        ("POST", "associations", associate),
        ("DELETE", "associations", dissociate),
        ("POST", "pipelines", make_pipeline),
        ("POST", "imports", import_contacts),
        ("POST", f"deals/{_ID}/won", win),
        ("POST", f"deals/{_ID}/lost", lose),
        ("POST", f"deals/{_ID}/reopened", reopen),
        ("POST", f"{_KIND}/merge", merge),
        ("POST", f"{_KIND}/{_ID}/owner", set_owner),
        ("POST", f"{_KIND}/{_ID}/lifecycle", set_lifecycle),
        ("POST", f"{_KIND}/{_ID}/restore", restore),
        ("POST", _KIND, make),
        ("PATCH", f"{_KIND}/{_ID}", edit),
        ("DELETE", f"{_KIND}/{_ID}", delete),
    )
]
