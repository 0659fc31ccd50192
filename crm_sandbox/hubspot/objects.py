"""objects/{type}: one object at a time, and the list."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import urlencode

from crm_sandbox import records
from crm_sandbox.hubspot import associations, changing, linking, writes
from crm_sandbox.hubspot.authors import client_of
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import as_read, as_written, paging
from crm_sandbox.hubspot.values import texts
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, Reply, Request, digits

MOST_PER_PAGE = 100


def create(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    properties, author = texts(body.get("properties", {})), client_of(request)
    with portal.store.writing() as db:
        links = associations.asked_for(db, kind=kind, wanted=body.get("associations"))
        record = writes.create(db, portal=portal, kind=kind, properties=properties, author=author)
        linking.link_all(db, portal=portal, kind=kind, record_id=record.id, links=links)
    return Reply(201, as_written(record, kind=kind, names=list(properties)), records=1)


def read(portal: Portal, request: Request, object_type: str, object_id: str) -> Reply:
    kind = kind_called(object_type)
    archived = request.flag("archived")
    with portal.store.reading() as db:
        record = find(
            db,
            portal=portal,
            kind=kind,
            value=object_id,
            id_property=request.parameter("idProperty"),
            archived=archived,
        )
        if record is None:
            raise not_found()
        return Reply(200, _shown(db, request=request, kind=kind, record=record), records=1)


def update(portal: Portal, request: Request, object_type: str, object_id: str) -> Reply:
    kind = kind_called(object_type)
    properties = texts(object_body(request).get("properties", {}))
    with portal.store.writing() as db:
        record = find(
            db, portal=portal, kind=kind, value=object_id, id_property=request.parameter("idProperty")
        )
        if record is None:
            raise not_found()
        changing.update(
            db, portal=portal, kind=kind, record=record, properties=properties, author=client_of(request)
        )
    return Reply(200, as_written(record, kind=kind, names=list(properties)), records=1)


def archive(portal: Portal, request: Request, object_type: str, object_id: str) -> Reply:
    kind = kind_called(object_type)
    with portal.store.writing() as db:
        record = find(db, portal=portal, kind=kind, value=object_id)
        if record is not None:
            changing.archive(db, portal=portal, kind=kind, record=record)
    return Reply(204, records=int(record is not None))


def page(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    limit = page_size(request, default=10, most=MOST_PER_PAGE)
    after = cursor(request.parameter("after"))
    archived = request.flag("archived")
    with portal.store.reading() as db:
        found = records.page(db, kind=kind.name, after=after, limit=limit + 1, archived=archived)
        shown = [_shown(db, request=request, kind=kind, record=record) for record in found[:limit]]
    body: Json = {"results": shown}
    if len(found) > limit:
        body["paging"] = next_page(request, after=found[limit - 1].id)
    return Reply(200, body, records=len(shown))


def _shown(db: sqlite3.Connection, *, request: Request, kind: ObjectKind, record: Record) -> Json:
    body = as_read(
        db,
        kind=kind,
        record=record,
        names=request.names("properties"),
        with_history=request.names("propertiesWithHistory"),
    )
    linked: Json = {}
    for name in request.names("associations"):
        results = associations.short(db, kind=kind, record_id=record.id, to=kind_called(name))
        if results:
            linked[name] = {"results": results}
    return body | ({"associations": linked} if linked else {})


def find(
    db: sqlite3.Connection,
    *,
    portal: Portal,
    kind: ObjectKind,
    value: str,
    id_property: str = "",
    archived: bool = False,
) -> Record | None:
    """By record id, or by a unique property; the id of a merged record finds the one that it was merged into.

    Raises HubSpotError 400 for a property that is not unique.
    """
    if id_property in ("", "hs_object_id"):
        number = records.now_called(db, kind=kind.name, id=record_number(value))
    else:
        check_unique(db, portal=portal, kind=kind, name=id_property)
        number = records.holder(db, kind=kind.name, property=id_property, value=value) or 0
    return records.get(db, kind=kind.name, id=number, archived=archived)


def check_unique(db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, name: str) -> None:
    definition = portal.definitions(db, kind=kind.name).get(name)
    if definition is None:
        raise HubSpotError(
            400,
            f'Property "{name}" does not exist',
            errors=[
                {
                    "message": f'Property "{name}" does not exist',
                    "code": "PROPERTY_DOESNT_EXIST",
                    "context": {"propertyName": [name]},
                }
            ],
        )
    if not definition["hasUniqueValue"]:
        raise HubSpotError(400, f"idProperty {name} is not a unique property of {kind.name}")


def record_number(value: Any) -> int:
    """A record id as a number; 0, which no record has, for anything else."""
    return digits(str(value)) or 0


def object_body(request: Request) -> Json:
    body = request.json()
    if not isinstance(body, dict):
        raise HubSpotError(400, "Invalid input JSON: expected an object")
    return body


def page_size(request: Request, *, default: int, most: int) -> int:
    text = request.parameter("limit", str(default))
    number = digits(text)
    if number is None or not 1 <= number <= most:
        raise HubSpotError(400, f"limit must be a number from 1 to {most}, not {text}")
    return number


def cursor(text: str) -> int:
    number = digits(text or "0")
    if number is None:
        raise HubSpotError(400, f"The cursor {text} is not one that a page gave")
    return number


def next_page(request: Request, *, after: int) -> Json:
    query = {name: values for name, values in request.query.items() if name != "after"} | {
        "after": [str(after)]
    }
    return paging(link=f"{request.base_url}{request.path}?{urlencode(query, doseq=True)}", after=after)
