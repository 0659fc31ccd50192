"""objects/{type}/merge and objects/contacts/gdpr-delete: what people do with whole records, done by a program."""

from __future__ import annotations

from crm_sandbox.hubspot import people
from crm_sandbox.hubspot.authors import client_of
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.kinds import KINDS, kind_called
from crm_sandbox.hubspot.objects import find, object_body
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shown import as_read
from crm_sandbox.wire import Reply, Request


def merge(portal: Portal, request: Request, object_type: str) -> Reply:
    kind, body = kind_called(object_type), object_body(request)
    if kind.name not in people.MERGEABLE:
        raise HubSpotError(400, f"{kind.name} cannot be merged here")
    with portal.store.writing() as db:
        made = people.merge(
            db,
            portal=portal,
            kind=kind,
            primary=str(body.get("primaryObjectId") or ""),
            other=str(body.get("objectIdToMerge") or ""),
            author=client_of(request),
        )
        shown = as_read(db, kind=kind, record=made, names=[], with_history=[])
    return Reply(200, shown, records=1)


def erase(portal: Portal, request: Request) -> Reply:
    """A contact that is not there is no error: HubSpot only keeps its address from coming back, which is not here."""
    body, kind = object_body(request), KINDS["contacts"]
    with portal.store.writing() as db:
        record = find(
            db,
            portal=portal,
            kind=kind,
            value=str(body.get("objectId") or ""),
            id_property=str(body.get("idProperty") or ""),
        )
        if record is not None:
            author = client_of(request)
            number = str(record.id)
            people.delete(db, portal=portal, kind=kind, number=number, for_privacy=True, author=author)
    return Reply(204, records=int(record is not None))
