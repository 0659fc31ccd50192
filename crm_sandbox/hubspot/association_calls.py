"""The calls that read and set associations."""

from __future__ import annotations

from typing import Any

from crm_sandbox.hubspot import associations, linking
from crm_sandbox.hubspot.batch import inputs_of
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import cursor, next_page, page_size, record_number
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import batch
from crm_sandbox.wire import Json, Reply, Request, now_ms


def put_default(portal: Portal, request: Request, start: str, start_id: str, end: str, end_id: str) -> Reply:
    started_at = now_ms()
    with portal.store.writing() as db:
        one, one_id, two, two_id = associations.ends(
            db, start=start, start_id=start_id, end=end, end_id=end_id
        )
        results = _put_default(db, portal=portal, one=one, one_id=one_id, two=two, two_id=two_id)
    return Reply(200, batch(results, started_at=started_at), records=1)


def put(portal: Portal, request: Request, start: str, start_id: str, end: str, end_id: str) -> Reply:
    types = associations.type_ids(request.json())
    with portal.store.writing() as db:
        one, one_id, two, two_id = associations.ends(
            db, start=start, start_id=start_id, end=end, end_id=end_id
        )
        made = _put(db, portal=portal, one=one, one_id=one_id, two=two, two_id=two_id, types=types)
    return Reply(201, made, records=1)


def delete(portal: Portal, request: Request, start: str, start_id: str, end: str, end_id: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
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


def page(portal: Portal, request: Request, start: str, start_id: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    limit = page_size(request, default=500, most=500)
    after = cursor(request.parameter("after"))
    with portal.store.reading() as db:
        found = associations.linked(
            db, start=one, start_id=record_number(start_id), end=two, after=after, limit=limit + 1
        )
    shown = list(found.items())[:limit]
    body: Json = {
        "results": [associations.full(one, two, end_id=end_id, type_ids=types) for end_id, types in shown]
    }
    if len(found) > limit:
        body["paging"] = next_page(request, after=shown[-1][0])
    return Reply(200, body, records=len(shown))


def batch_read(portal: Portal, request: Request, start: str, end: str) -> Reply:
    """Records with nobody at the other end are told apart in a 207, in versions that know it."""
    one, two = kind_called(start), kind_called(end)
    started_at = now_ms()
    results, errors = [], []
    with portal.store.reading() as db:
        for each in inputs_of(request, most=1000):
            start_id = str(each.get("id"))
            found = associations.linked(
                db,
                start=one,
                start_id=record_number(start_id),
                end=two,
                after=cursor(each.get("after") or ""),
            )
            if found:
                to = [
                    associations.full(one, two, end_id=end_id, type_ids=types)
                    for end_id, types in found.items()
                ]
                results.append({"from": {"id": start_id}, "to": to})
            elif request.tells_apart:
                errors.append(nobody(one, two, start_id=start_id))
    return Reply(
        207 if errors else 200, batch(results, started_at=started_at, errors=errors), records=len(results)
    )


def batch_create(portal: Portal, request: Request, start: str, end: str) -> Reply:
    def make(db: Any, each: Json, one: ObjectKind, one_id: int, two: ObjectKind, two_id: int) -> list[Json]:
        types = associations.type_ids(each.get("types"))
        return [_put(db, portal=portal, one=one, one_id=one_id, two=two, two_id=two_id, types=types)]

    return _batch_write(portal, request, start=start, end=end, make=make, status=201)


def batch_default(portal: Portal, request: Request, start: str, end: str) -> Reply:
    def make(db: Any, each: Json, one: ObjectKind, one_id: int, two: ObjectKind, two_id: int) -> list[Json]:
        return _put_default(db, portal=portal, one=one, one_id=one_id, two=two, two_id=two_id)

    return _batch_write(portal, request, start=start, end=end, make=make, status=200)


def batch_archive(portal: Portal, request: Request, start: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    inputs = inputs_of(request, most=2000)
    with portal.store.writing() as db:
        for each in inputs:
            targets = each.get("to") or []
            # Version 3 names one, later ones list them.
            for target in targets if isinstance(targets, list) else [targets]:
                linking.unlink(
                    db,
                    portal=portal,
                    start=one,
                    start_id=record_number(ref(each.get("from"))),
                    end=two,
                    end_id=record_number(ref(target)),
                )
    return Reply(204, records=len(inputs))


def batch_unlabel(portal: Portal, request: Request, start: str, end: str) -> Reply:
    one, two = kind_called(start), kind_called(end)
    inputs = inputs_of(request, most=2000)
    with portal.store.writing() as db:
        for each in inputs:
            types = [type_id for type_id in associations.type_ids(each.get("types")) if type_id]
            unknown = set(types) - set(associations.types_between(one, two))
            if unknown:
                raise HubSpotError(400, f"No such association types here: {sorted(unknown)}")
            linking.unlabel(
                db,
                portal=portal,
                start=one,
                start_id=record_number(ref(each.get("from"))),
                end=two,
                end_id=record_number(ref(each.get("to"))),
                types=types,
            )
    return Reply(204, records=len(inputs))


def labels(portal: Portal, request: Request, start: str, end: str) -> Reply:
    types = associations.types_between(kind_called(start), kind_called(end))
    found = [
        {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": label} for type_id, label in types.items()
    ]
    return Reply(200, {"results": found}, records=len(found))


def _batch_write(portal: Portal, request: Request, *, start: str, end: str, make: Any, status: int) -> Reply:
    """Inputs with a missing record are told apart in a 207, and the others set, in versions that know it."""
    results: list[Json] = []
    errors: list[Json] = []
    started_at = now_ms()
    with portal.store.writing() as db:
        for each in inputs_of(request, most=2000):
            try:
                found = associations.ends(
                    db, start=start, start_id=ref(each.get("from")), end=end, end_id=ref(each.get("to"))
                )
                results += make(db, each, *found)
            except HubSpotError as error:
                if not request.tells_apart:
                    raise
                error.context = {
                    "fromObjectId": [ref(each.get("from"))],
                    "toObjectId": [ref(each.get("to"))],
                }
                errors.append(error.item())
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else status, body, records=len(results))


def _put(
    db: Any, *, portal: Portal, one: ObjectKind, one_id: int, two: ObjectKind, two_id: int, types: list[int]
) -> Json:
    known = associations.types_between(one, two)
    for type_id in types:
        if type_id not in known:
            raise HubSpotError(
                400, f"Association type {type_id} does not go from {one.singular} to {two.singular}"
            )
    for type_id in types:
        linking.link(db, portal=portal, start=one, start_id=one_id, end=two, end_id=two_id, type_id=type_id)
    return {
        "fromObjectTypeId": one.type_id,
        "fromObjectId": one_id,
        "toObjectTypeId": two.type_id,
        "toObjectId": two_id,
        "labels": [label for type_id in types if (label := known[type_id])],
    }


def _put_default(
    db: Any, *, portal: Portal, one: ObjectKind, one_id: int, two: ObjectKind, two_id: int
) -> list[Json]:
    there = next(iter(associations.types_between(one, two)))
    linking.link(db, portal=portal, start=one, start_id=one_id, end=two, end_id=two_id, type_id=there)
    return [
        {
            "from": {"id": str(first)},
            "to": {"id": str(second)},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id},
        }
        for first, second, type_id in ((one_id, two_id, there), (two_id, one_id, associations.TWINS[there]))
    ]


def nobody(one: ObjectKind, two: ObjectKind, *, start_id: str) -> Json:
    return HubSpotError(
        404,
        f"No {two.singular} is associated with {one.singular} {start_id}.",
        category="OBJECT_NOT_FOUND",
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
        context={
            "fromObjectId": [start_id],
            "fromObjectType": [one.singular],
            "toObjectType": [two.singular],
        },
    ).item()


def ref(value: Any) -> str:
    """The id of {"id": "7"}; empty, which no record has, for anything else."""
    return str(value.get("id", "")) if isinstance(value, dict) else ""
