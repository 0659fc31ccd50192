"""Contacts, companies and deals as the mirror reads them: page by page, by moment of change, or by e-mail address.

The list goes by id and has no limit. A search gives the first 10,000 results of a question only, and orders them anew for each
page, so each page is a question of its own that begins where the last one ended. Its index is behind by moments, which is the
caller's affair. https://developers.hubspot.com/docs
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crm_sync.connectors.hubspot import errors, remote_records
from crm_sync.connectors.hubspot.client import Client
from crm_sync.connectors.hubspot.contacts import EMAIL
from crm_sync.connectors.hubspot.remote_records import CONTACT_PROPERTIES, SHAPES, RecordShape
from crm_sync.connectors.records import (
    DeletedPage,
    RecordPage,
    RemoteContact,
    RemoteDeal,
    RemoteKind,
    RemoteRecord,
)
from plumbing.http import Permanent

MOST_INPUTS = 100
_MOST_LISTED = 100
_MOST_FOUND = 200
_ID = "hs_object_id"


def find_contacts(client: Client, emails: Collection[str]) -> dict[str, RemoteContact]:
    """One call for a hundred addresses; additional ones find nobody here."""
    found: dict[str, RemoteContact] = {}
    for some in chunks(sorted({each.strip().lower() for each in emails}), MOST_INPUTS):
        body = {
            "inputs": [{"id": each} for each in some],
            "idProperty": EMAIL,
            "properties": CONTACT_PROPERTIES,
        }
        answer = client.call("POST", f"{client.paths.contacts}/batch/read", json=body)
        for contact in map(remote_records.contact, results(answer.body)):
            found |= dict.fromkeys(contact.emails, contact)
    by_asked = {each: found.get(each.strip().lower()) for each in emails}
    return {each: contact for each, contact in by_asked.items() if contact is not None}


def listing(client: Client, kind: RemoteKind, *, after: str, limit: int) -> RecordPage:
    shape = SHAPES[kind]
    params = {"limit": str(min(limit, _MOST_LISTED)), "properties": ",".join(shape.properties)}
    if after:
        params["after"] = after
    if shape.associations:
        params["associations"] = ",".join(shape.associations)
    answer = client.call("GET", shape.path(client.paths), params=params)
    return RecordPage([shape.read(each) for each in results(answer.body)], after=_next(answer.body))


def deleted(client: Client, kind: RemoteKind, *, after: str, limit: int) -> DeletedPage:
    """HubSpot lists what was deleted for 90 days; what was erased for privacy is not among them."""
    params = {"limit": str(min(limit, _MOST_LISTED)), "archived": "true"}
    if after:
        params["after"] = after
    answer = client.call("GET", SHAPES[kind].path(client.paths), params=params)
    return DeletedPage([str(each["id"]) for each in results(answer.body)], after=_next(answer.body))


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a search goes on: with what was changed at a moment, in milliseconds, or later.

    `beyond`: only with records of that very moment that have a higher id, where a whole page was changed at once.
    """

    since: int
    beyond: str = ""

    @classmethod
    def of(cls, text: str, *, since: datetime) -> "_Cursor":
        if not text:
            return cls(int(since.timestamp() * 1000))
        moment, beyond = text.split(":")
        return cls(int(moment), beyond)

    def __str__(self) -> str:
        return f"{self.since}:{self.beyond}"


def changed(client: Client, kind: RemoteKind, *, since: datetime, after: str, limit: int) -> RecordPage:
    shape, cursor = SHAPES[kind], _Cursor.of(after, since=since)
    answer = client.call(
        "POST",
        f"{shape.path(client.paths)}/search",
        json=_question(shape, cursor, limit=min(limit, _MOST_FOUND)),
    )
    records = [shape.read(each) for each in results(answer.body)]
    if kind == "deals":
        records = list(_with_associations(client, records))
    total = answer.body.get("total") if isinstance(answer.body, Mapping) else None
    return RecordPage(
        records,
        after=_following(cursor, records, has_more=bool(_next(answer.body))),
        total=total if isinstance(total, int) else None,
    )


def _question(shape: RecordShape, cursor: _Cursor, *, limit: int) -> dict[str, Any]:
    filters = [{"propertyName": shape.modified, "operator": "GTE", "value": str(cursor.since)}]
    order = shape.modified
    if cursor.beyond:
        filters[0]["operator"] = "EQ"
        filters.append({"propertyName": _ID, "operator": "GT", "value": cursor.beyond})
        order = _ID
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
        "properties": list(shape.properties),
        "limit": limit,
    }


def _following(cursor: _Cursor, records: Sequence[RemoteRecord], *, has_more: bool) -> str:
    """The next page's place, "" after the last. Never by counting: what changes meanwhile moves to the end, and others up."""
    if cursor.beyond:
        return str(
            replace(cursor, beyond=records[-1].remote_id)
            if has_more and records
            else _Cursor(cursor.since + 1)
        )
    if not has_more or not records:
        return ""
    last = records[-1].modified_at
    reached = int(last.timestamp() * 1000) if last else cursor.since
    return str(_Cursor(reached) if reached > cursor.since else _Cursor(cursor.since, beyond="0"))


def _with_associations(client: Client, deals: Sequence[RemoteRecord]) -> Iterator[RemoteDeal]:
    """A search does not say whose a deal is: two calls for a hundred deals do."""
    for some in chunks(deals, MOST_INPUTS):
        inputs = {"inputs": [{"id": each.remote_id} for each in some]}
        contacts, companies = (
            linked(client, path, inputs)
            for path in (client.paths.contacts_of_deals, client.paths.companies_of_deals)
        )
        for deal in some:
            if isinstance(deal, RemoteDeal):
                yield replace(
                    deal,
                    contact_ids=[number for number, _ in contacts.get(deal.remote_id, ())],
                    account_id=remote_records.main_one(companies.get(deal.remote_id, ())),
                )


def linked(client: Client, path: str, inputs: Mapping[str, Any]) -> dict[str, list[tuple[str, bool]]]:
    """Records at the other end, each with whether it is the primary one, by the id that was asked for."""
    try:
        body = client.call("POST", path, json=inputs).body
    except Permanent as error:
        # Nothing is associated with any of them.
        if errors.is_missing(error):
            return {}
        raise
    found: dict[str, list[tuple[str, bool]]] = {}
    for each in results(body):
        number = str((each.get("from") or {}).get("id") or "")
        found[number] = [
            (str(to.get("toObjectId") or ""), remote_records.is_primary(to.get("associationTypes")))
            for to in each.get("to") or ()
            if isinstance(to, Mapping)
        ]
    return found


def results(body: Any) -> list[Mapping[str, Any]]:
    """The records, or the associations, of an answer."""
    found = body.get("results") if isinstance(body, Mapping) else None
    return [each for each in found or () if isinstance(each, Mapping) and each.get("id", each.get("from"))]


def _next(body: Any) -> str:
    paging = body.get("paging") if isinstance(body, Mapping) else None
    return str(((paging or {}).get("next") or {}).get("after") or "")


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
