"""Every HubSpot call that the sandbox answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from crm_sandbox.hubspot import account, association_calls, batch, groups, objects, owners, properties, search
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import MalformedJson, Reply, Request

_TABLE: list[tuple[str, str, Callable[..., Reply]]] = [
    ("GET", "/account-info/v3/details", account.details),
    ("GET", "/crm/v3/owners", owners.page),
    ("GET", "/crm/v3/owners/{}", owners.read),
    ("GET", "/crm/v3/properties/{}", properties.page),
    ("POST", "/crm/v3/properties/{}", properties.create),
    ("POST", "/crm/v3/properties/{}/batch/create", properties.batch_create),
    ("POST", "/crm/v3/properties/{}/batch/read", properties.batch_read),
    ("GET", "/crm/v3/properties/{}/groups", groups.page),
    ("POST", "/crm/v3/properties/{}/groups", groups.create),
    ("GET", "/crm/v3/properties/{}/groups/{}", groups.read),
    ("GET", "/crm/v3/properties/{}/{}", properties.read),
    ("PATCH", "/crm/v3/properties/{}/{}", properties.update),
    ("DELETE", "/crm/v3/properties/{}/{}", properties.archive),
    ("GET", "/crm/v3/objects/{}", objects.page),
    ("POST", "/crm/v3/objects/{}", objects.create),
    ("POST", "/crm/v3/objects/{}/search", search.search),
    ("POST", "/crm/v3/objects/{}/batch/create", batch.create),
    ("POST", "/crm/v3/objects/{}/batch/read", batch.read),
    ("POST", "/crm/v3/objects/{}/batch/update", batch.update),
    ("POST", "/crm/v3/objects/{}/batch/upsert", batch.upsert),
    ("POST", "/crm/v3/objects/{}/batch/archive", batch.archive),
    ("GET", "/crm/v3/objects/{}/{}", objects.read),
    ("PATCH", "/crm/v3/objects/{}/{}", objects.update),
    ("DELETE", "/crm/v3/objects/{}/{}", objects.archive),
    ("PUT", "/crm/v4/objects/{}/{}/associations/default/{}/{}", association_calls.put_default),
    ("GET", "/crm/v4/objects/{}/{}/associations/{}", association_calls.page),
    ("PUT", "/crm/v4/objects/{}/{}/associations/{}/{}", association_calls.put),
    ("DELETE", "/crm/v4/objects/{}/{}/associations/{}/{}", association_calls.delete),
    ("POST", "/crm/v4/associations/{}/{}/batch/read", association_calls.batch_read),
    ("POST", "/crm/v4/associations/{}/{}/batch/create", association_calls.batch_create),
    ("POST", "/crm/v4/associations/{}/{}/batch/associate/default", association_calls.batch_default),
    ("POST", "/crm/v4/associations/{}/{}/batch/archive", association_calls.batch_archive),
]
_ROUTES = [(method, re.compile(pattern.replace("{}", "([^/]+)")), call) for method, pattern, call in _TABLE]


def answer(portal: Portal, request: Request) -> Reply:
    """Never raises: whatever is wrong with the request is HubSpot's error answer."""
    try:
        return _call(portal, request)
    except HubSpotError as error:
        return error.answer()
    except MalformedJson as error:
        return HubSpotError(400, f"Invalid input JSON: {error}").answer()


def _call(portal: Portal, request: Request) -> Reply:
    path = request.path.rstrip("/")
    other_methods = []
    for method, pattern, call in _ROUTES:
        match = pattern.fullmatch(path)
        if match and method == request.method:
            return call(portal, request, *map(unquote, match.groups()))
        if match:
            other_methods.append(method)
    if other_methods:
        raise HubSpotError(
            405, "HTTP 405 Method Not Allowed", category="", headers={"Allow": ", ".join(other_methods)}
        )
    raise not_found()
