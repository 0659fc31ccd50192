"""/control/hubspot: what people do in the CRM, each by one call. A person's write may set read-only values too.

Every body can say who it is: `"by"`, the e-mail address of an owner.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace

from crm_sandbox import records
from crm_sandbox.control_records import author_of, found, link, link_named, numbers, owned
from crm_sandbox.control_requests import BadControl, bodies_of, object_of, whole_number
from crm_sandbox.hubspot import associations, changing, linking, people, pipelines, writes
from crm_sandbox.hubspot.authors import IMPORT, ChangeAuthor
from crm_sandbox.hubspot.default_choices import OBJECT_SOURCE
from crm_sandbox.hubspot.errors import not_found
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind, kind_called
from crm_sandbox.hubspot.objects import find
from crm_sandbox.hubspot.shown import as_read
from crm_sandbox.hubspot.values import texts
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json, Reply, Request

MOST_IMPORTED = 20_000
# A program that is not ours.
_OTHER_APP = "999"


def make(sandbox: Sandbox, request: Request, name: str) -> Reply:
    """One, or a list of them: all or none."""
    kind = kind_called(name)
    bodies, several = bodies_of(request)
    with sandbox.store.writing() as db:
        ids = [_make(db, sandbox=sandbox, kind=kind, body=each) for each in bodies]
    return Reply(201, {"ids": ids} if several else {"id": ids[0]})


def _make(db: sqlite3.Connection, *, sandbox: Sandbox, kind: ObjectKind, body: Json) -> str:
    author = author_of(db, body)
    source = str(body.get("source") or author.source)
    if source not in [value for value, _ in OBJECT_SOURCE]:
        raise BadControl(f"source must be one of {', '.join(value for value, _ in OBJECT_SOURCE)}.")
    if source != author.source:
        author = ChangeAuthor(source, _OTHER_APP if source == "INTEGRATION" else author.source_id)
    properties = owned(db, body) | texts(body.get("properties", {}))
    record = writes.create(db, portal=sandbox.portal, kind=kind, properties=properties, author=author)
    link_named(db, sandbox=sandbox, kind=kind, record=record, body=body, author=author)
    for number in numbers(body, "parent"):
        if kind.name != "companies":
            raise BadControl("Only a company has a parent.")
        other = found(db, sandbox=sandbox, kind=kind, number=number)
        ends = [(kind, record.id), (kind, other.id)]
        link(db, sandbox=sandbox, ends=ends, type_id=associations.CHILD_TO_PARENT, author=author)
    return str(record.id)


def import_contacts(sandbox: Sandbox, request: Request) -> Reply:
    """A file of contacts: {"contacts": [{...}]}, or as many as `count` with numbered addresses at `domain`.

    Whoever has an address already is changed; all others are made. All or none.
    """
    body = object_of(request)
    rows = body.get("contacts")
    if rows is None:
        count = whole_number(body, "count", low=1, high=MOST_IMPORTED)
        domain, given = str(body.get("domain") or "imported.example"), texts(body.get("properties", {}))
        start = whole_number(body, "start", low=0, high=10**9, default=0)
        rows = [
            {"email": f"contact{number}@{domain}", "firstname": "Contact", "lastname": str(number)} | given
            for number in range(start, start + count)
        ]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_IMPORTED:
        raise BadControl(f"contacts is a list of 1 to {MOST_IMPORTED} objects of text values.")
    kind, made, changed = KINDS["contacts"], [], []
    with sandbox.store.writing() as db:
        author = replace(author_of(db, body), source=IMPORT.source)
        shared = owned(db, body)
        for row in rows:
            properties = shared | texts(row)
            email = properties.get("email", "").strip()
            number = records.holder(db, kind=kind.name, property="email", value=email) if email else None
            record = records.get(db, kind=kind.name, id=number) if number else None
            if record is None:
                record = writes.create(
                    db, portal=sandbox.portal, kind=kind, properties=properties, author=author
                )
                made.append(str(record.id))
            else:
                changing.update(
                    db,
                    portal=sandbox.portal,
                    kind=kind,
                    record=record,
                    properties=properties | {"email": record.properties.get("email", "")},
                    author=author,
                )
                changed.append(str(record.id))
    return Reply(201, {"made": made, "changed": changed})


def look(sandbox: Sandbox, request: Request, name: str, value: str) -> Reply:
    """All that stands in a record, by its id or by another unique property (`idProperty`): no fault hides it from a person."""
    kind = kind_called(name)
    with sandbox.store.reading() as db:
        record = find(
            db, portal=sandbox.portal, kind=kind, value=value, id_property=request.parameter("idProperty")
        )
        if record is None:
            raise not_found()
        return Reply(
            200, as_read(db, kind=kind, record=record, names=list(record.properties), with_history=[])
        )


def edit(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    properties = texts(body.get("properties", {}))
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def set_owner(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    if "owner" not in body:
        raise BadControl('owner is the e-mail address of one, or "" for nobody.')
    with sandbox.store.reading() as db:
        properties = owned(db, body)
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def set_lifecycle(sandbox: Sandbox, request: Request, name: str, number: str) -> Reply:
    body = object_of(request)
    properties = {"lifecyclestage": str(body.get("stage") or "")}
    return _change(sandbox, name=name, number=number, body=body, properties=properties)


def win(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(
        sandbox, request, number=number, to=lambda pipeline: pipelines.closing_stage(pipeline, won=True)
    )


def lose(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(
        sandbox, request, number=number, to=lambda pipeline: pipelines.closing_stage(pipeline, won=False)
    )


def reopen(sandbox: Sandbox, request: Request, number: str) -> Reply:
    return _move(sandbox, request, number=number, to=pipelines.opening_stage)


def _move(sandbox: Sandbox, request: Request, *, number: str, to: Callable[[Json], str]) -> Reply:
    """Into a stage of the deal's pipeline; the body may name another `stage`."""
    body = object_of(request)
    with sandbox.store.reading() as db:
        deal = found(db, sandbox=sandbox, kind=KINDS["deals"], number=number)
        pipeline = pipelines.one(db, deal.properties.get("pipeline", pipelines.DEFAULT))
    properties = {"pipeline": pipeline["id"], "dealstage": str(body.get("stage") or to(pipeline))}
    return _change(sandbox, name="deals", number=number, body=body, properties=properties)


def _change(sandbox: Sandbox, *, name: str, number: str, body: Json, properties: dict[str, str]) -> Reply:
    kind = kind_called(name)
    with sandbox.store.writing() as db:
        record = found(db, sandbox=sandbox, kind=kind, number=number)
        author = author_of(db, body)
        changing.update(
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
    if kind.name not in people.MERGEABLE:
        raise BadControl(f"Only {' and '.join(people.MERGEABLE)} are merged.")
    primary, other = str(body.get("primary") or ""), str(body.get("other") or "")
    with sandbox.store.writing() as db:
        author = author_of(db, body)
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
        link(db, sandbox=sandbox, ends=ends, type_id=asked, author=author_of(db, body))
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
            author=author_of(db, body),
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
            return kind, found(db, sandbox=sandbox, kind=kind, number=str(number)).id
    raise BadControl(f'{key} is an object and its id, such as ["contacts", "51"].')


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
        ("GET", f"{_KIND}/{_ID}", look),
        ("PATCH", f"{_KIND}/{_ID}", edit),
        ("DELETE", f"{_KIND}/{_ID}", delete),
    )
]
