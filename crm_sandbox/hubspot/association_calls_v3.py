"""associations/{from}/{to} of version 3, where types have names: contact_to_company, deal_to_contact."""

from __future__ import annotations

import sqlite3

from crm_sandbox.hubspot import associations, linking
from crm_sandbox.hubspot.association_calls import nobody, ref
from crm_sandbox.hubspot.batch import inputs_of
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import kind_called
from crm_sandbox.hubspot.objects import record_number
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import batch
from crm_sandbox.wire import Json, Reply, Request, now_ms

MOST_READ, MOST_WRITTEN = 1000, 100


def types(portal: Portal, request: Request, start: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    found = [
        {"id": str(each), "name": associations.type_name(one, two, each)}
        for each in associations.types_between(one, two)
    ]
    return Reply(200, {"results": found}, records=len(found))


def page(portal: Portal, request: Request, start: str, start_id: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    with portal.store.reading() as db:
        found = associations.short(db, kind=one, record_id=record_number(start_id), to=two)
    return Reply(200, {"results": found}, records=len(found))


def put(
    portal: Portal, request: Request, start: str, start_id: str, end: str, end_id: str, name: str
) -> Reply:
    with portal.store.writing() as db:
        _link(db, portal=portal, start=start, start_id=start_id, end=end, end_id=end_id, name=name)
    return Reply(204, records=1)


def delete(
    portal: Portal, request: Request, start: str, start_id: str, end: str, end_id: str, name: str
) -> Reply:
    one, two = kind_called(start), kind_called(end)
    associations.type_called(one, two, name)
    with portal.store.writing() as db:
        linking.unlink(
            db,
            portal=portal,
            start=one,
            start_id=record_number(start_id),
            end=two,
            end_id=record_number(end_id),
        )
    return Reply(204, records=1)


def batch_read(portal: Portal, request: Request, start: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    started_at = now_ms()
    results, errors = [], []
    with portal.store.reading() as db:
        for each in inputs_of(request, most=MOST_READ):
            start_id = str(each.get("id"))
            found = associations.short(db, kind=one, record_id=record_number(start_id), to=two)
            if found:
                results.append({"from": {"id": start_id}, "to": found})
            else:
                errors.append(nobody(one, two, start_id=start_id))
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else 200, body, records=len(results))


def batch_create(portal: Portal, request: Request, start: str, end: str) -> Reply:
    started_at = now_ms()
    results: list[Json] = []
    errors: list[Json] = []
    with portal.store.writing() as db:
        for each in inputs_of(request, most=MOST_WRITTEN):
            start_id, end_id, name = ref(each.get("from")), ref(each.get("to")), str(each.get("type") or "")
            try:
                _link(db, portal=portal, start=start, start_id=start_id, end=end, end_id=end_id, name=name)
                results.append({"from": {"id": start_id}, "to": {"id": end_id}, "type": name})
            except HubSpotError as error:
                error.context = {"fromObjectId": [start_id], "toObjectId": [end_id]}
                errors.append(error.item())
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else 201, body, records=len(results))


def _link(
    db: sqlite3.Connection, *, portal: Portal, start: str, start_id: str, end: str, end_id: str, name: str
) -> None:
    one, one_id, two, two_id = associations.ends(db, start=start, start_id=start_id, end=end, end_id=end_id)
    type_id = associations.type_called(one, two, name)
    linking.link(db, portal=portal, start=one, start_id=one_id, end=two, end_id=two_id, type_id=type_id)
