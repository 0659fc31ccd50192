"""objects/{type}/batch/...: up to 100 objects at a time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from crm_sandbox.hubspot import associations, changing, linking, writes
from crm_sandbox.hubspot.authors import ChangeAuthor, client_of
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import ObjectKind, kind_called
from crm_sandbox.hubspot.objects import check_unique, find, object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import as_read, as_written, batch
from crm_sandbox.hubspot.values import texts
from crm_sandbox.records import Record
from crm_sandbox.wire import Json, Reply, Request, now_ms

MOST_INPUTS = 100
MOST_WITH_HISTORY = 50


def create(portal: Portal, request: Request, object_type: str) -> Reply:
    """One bad input fails the whole batch, unless each input has its own objectWriteTraceId: then 207, in versions
    that know it.
    """
    kind = kind_called(object_type)
    inputs = inputs_of(request)
    traced = request.tells_apart and _all_traced(inputs)
    lost = _lost(request, inputs)
    results: list[Json] = []
    errors = [_lost_item(inputs[place]) for place in lost]
    started_at = now_ms()
    with portal.store.writing() as db:
        for place, each in enumerate(inputs):
            if place in lost:
                continue
            try:
                results.append(
                    _create_one(db, portal=portal, kind=kind, each=each, author=client_of(request))
                )
            except HubSpotError as error:
                if not traced:
                    raise
                errors.append(error.item(trace_id=_trace(each)))
    return _answer(results, errors=errors, started_at=started_at, status=201)


def _create_one(
    db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, each: Json, author: ChangeAuthor
) -> Json:
    properties = texts(each.get("properties", {}))
    links = associations.asked_for(db, kind=kind, wanted=each.get("associations"))
    record = writes.create(db, portal=portal, kind=kind, properties=properties, author=author)
    linking.link_all(db, portal=portal, kind=kind, record_id=record.id, links=links)
    return _with_trace(as_written(record, kind=kind, names=list(properties)), each)


def read(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    body = object_body(request)
    with_history: list[str] = body.get("propertiesWithHistory") or []
    inputs = inputs_of(request, most=MOST_WITH_HISTORY if with_history else MOST_INPUTS)
    id_property = body.get("idProperty") or ""
    results: list[Json] = []
    missing: list[str] = []
    seen: set[int] = set()
    started_at = now_ms()
    with portal.store.reading() as db:
        for value in dict.fromkeys(_id(each) for each in inputs):
            record = find(
                db,
                portal=portal,
                kind=kind,
                value=value,
                id_property=id_property,
                archived=request.flag("archived"),
            )
            if record is None:
                missing.append(value)
            elif record.id not in seen:
                # Two ids that were merged find one record: it is answered once.
                seen.add(record.id)
                names = body.get("properties") or []
                results.append(as_read(db, kind=kind, record=record, names=names, with_history=with_history))
    errors = [_missing(kind, missing).item()] if missing and request.tells_apart else []
    return _answer(results, errors=errors, started_at=started_at, status=200)


def update(portal: Portal, request: Request, object_type: str) -> Reply:
    """Objects that do not exist are told apart in a 207, or fail the whole batch as a bad value does."""
    kind = kind_called(object_type)
    inputs = inputs_of(request)
    _check_distinct(inputs)
    lost = _lost(request, inputs)
    results: list[Json] = []
    missing: list[str] = []
    errors = [_lost_item(inputs[place]) for place in lost]
    started_at = now_ms()
    with portal.store.writing() as db:
        for place, each in enumerate(inputs):
            if place in lost:
                continue
            properties = texts(each.get("properties", {}))
            record = find(
                db, portal=portal, kind=kind, value=_id(each), id_property=each.get("idProperty") or ""
            )
            if record is None:
                missing.append(_id(each))
                if not request.tells_apart:
                    raise _missing(kind, missing)
                continue
            changing.update(
                db, portal=portal, kind=kind, record=record, properties=properties, author=client_of(request)
            )
            results.append(_with_trace(as_written(record, kind=kind, names=list(properties)), each))
    errors += [_missing(kind, missing).item()] if missing else []
    return _answer(results, errors=errors, started_at=started_at, status=200)


def upsert(portal: Portal, request: Request, object_type: str) -> Reply:
    """By a unique property; a bad input fails the whole batch.

    Partial upserts are not supported with `email` as the idProperty of contacts: each input must give the
    address among its properties too.
    """
    kind = kind_called(object_type)
    inputs = inputs_of(request)
    _check_distinct(inputs)
    lost = _lost(request, inputs)
    results: list[Json] = []
    errors = [_lost_item(inputs[place]) for place in lost]
    started_at = now_ms()
    with portal.store.writing() as db:
        for place, each in enumerate(inputs):
            if place not in lost:
                record, new, names = _upsert_one(
                    db, portal=portal, kind=kind, each=each, author=client_of(request)
                )
                shown = as_written(record, kind=kind, names=names) | {"new": new}
                results.append(_with_trace(shown, each))
    return _answer(results, errors=errors, started_at=started_at, status=200)


def _upsert_one(
    db: sqlite3.Connection, *, portal: Portal, kind: ObjectKind, each: Json, author: ChangeAuthor
) -> tuple[Record, bool, list[str]]:
    properties = texts(each.get("properties", {}))
    value, id_property = _id(each), each.get("idProperty") or ""
    if not id_property or id_property == "hs_object_id":
        raise HubSpotError(400, "idProperty is required: upserting is by a unique property")
    check_unique(db, portal=portal, kind=kind, name=id_property)
    if id_property == "email" and "email" not in properties:
        raise HubSpotError(
            400,
            "Partial upserts are not supported when using email as the idProperty for contacts. "
            "Use a custom unique identifier property.",
        )
    record = find(db, portal=portal, kind=kind, value=value, id_property=id_property)
    names = [*properties, id_property]
    if record is not None:
        changing.update(db, portal=portal, kind=kind, record=record, properties=properties, author=author)
        return record, False, names
    made = writes.create(
        db, portal=portal, kind=kind, properties={id_property: value} | properties, author=author
    )
    return made, True, names


def archive(portal: Portal, request: Request, object_type: str) -> Reply:
    kind = kind_called(object_type)
    inputs = inputs_of(request)
    with portal.store.writing() as db:
        for each in inputs:
            record = find(db, portal=portal, kind=kind, value=_id(each))
            if record is not None:
                changing.archive(db, portal=portal, kind=kind, record=record)
    return Reply(204, records=len(inputs))


def inputs_of(request: Request, *, most: int = MOST_INPUTS) -> list[Json]:
    """Raises HubSpotError 400: not a list of objects, an empty one, or more than `most`."""
    inputs: Any = object_body(request).get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise HubSpotError(400, "Invalid input JSON: `inputs` must be a list of objects")
    if not inputs:
        raise HubSpotError(400, "A batch needs at least one input")
    if len(inputs) > most:
        about = "property histories" if most == MOST_WITH_HISTORY else "objects"
        raise HubSpotError(
            400,
            f"The maximum number of inputs supported in a batch request for {about} is {most}. "
            f"Received {len(inputs)}.",
        )
    return inputs


def _answer(results: list[Json], *, errors: list[Json], started_at: int, status: int) -> Reply:
    body = batch(results, started_at=started_at, errors=errors)
    return Reply(207 if errors else status, body, records=len(results))


def _id(each: Json) -> str:
    value = each.get("id")
    if not isinstance(value, str) or not value:
        raise HubSpotError(400, "Invalid input JSON: each input needs an `id`, a string")
    return value


def _trace(each: Json) -> str:
    return str(each.get("objectWriteTraceId") or "")


def _with_trace(shown: Json, each: Json) -> Json:
    return shown | ({"objectWriteTraceId": _trace(each)} if _trace(each) else {})


def _all_traced(inputs: list[Json]) -> bool:
    traces = {_trace(each) for each in inputs}
    return "" not in traces and len(traces) == len(inputs)


def _check_distinct(inputs: list[Json]) -> None:
    seen = Counter((each.get("idProperty"), _id(each)) for each in inputs)
    twice = [value for (_, value), times in seen.items() if times > 1]
    if twice:
        raise HubSpotError(
            400,
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique",
            context={"ids": twice},
        )


def _missing(kind: ObjectKind, ids: list[str]) -> HubSpotError:
    return HubSpotError(
        404,
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        category="OBJECT_NOT_FOUND",
        context={"ids": ids},
    )


def _lost(request: Request, inputs: list[Json]) -> set[int]:
    """The places of the inputs that the fault "partial" fails: at least one, and never all of several."""
    if not request.failing_share:
        return set()
    count = max(1, round(len(inputs) * request.failing_share))
    if len(inputs) > 1:
        count = min(count, len(inputs) - 1)
    step = len(inputs) / count
    return {int(number * step) for number in range(count)}


def _lost_item(each: Json) -> Json:
    error = HubSpotError(500, "internal error", category="INTERNAL_ERROR")
    if "id" in each:
        error.context = {"ids": [str(each["id"])]}
    return error.item(trace_id=_trace(each))
