"""Every HubSpot call that the sandbox answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from crm_sandbox.hubspot import (
    account,
    association_calls,
    association_calls_v3,
    batch,
    groups,
    objects,
    owners,
    people_calls,
    pipeline_calls,
    properties,
    scopes,
    search,
)
from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import MalformedJson, Reply, Request


@dataclass(frozen=True, slots=True)
class _Version:
    """Where the calls of one version of the API live. `tells_apart` and `keeps_rules` are those of a request."""

    objects: str
    properties: str
    owners: str
    associations: str
    pipelines: str
    account: str
    tells_apart: bool
    keeps_rules: bool


_VERSIONS = (
    _Version(
        "/crm/v3/objects",
        "/crm/v3/properties",
        "/crm/v3/owners",
        "/crm/v4/associations",
        "/crm/v3/pipelines",
        "/account-info/v3",
        tells_apart=True,
        keeps_rules=False,
    ),
    _Version(
        "/crm/objects/2026-09",
        "/crm/properties/2026-09",
        "/crm/owners/2026-09",
        "/crm/associations/2026-09",
        "/crm/pipelines/2026-09",
        "/account-info/2026-09",
        tells_apart=False,
        keeps_rules=True,
    ),
)
_Call = Callable[..., Reply]


def _calls(at: _Version) -> list[tuple[str, str, _Call]]:
    return [
        ("GET", f"{at.account}/details", account.details),
        ("GET", at.owners, owners.page),
        ("GET", f"{at.owners}/{{}}", owners.read),
        ("GET", f"{at.properties}/{{}}", properties.page),
        ("POST", f"{at.properties}/{{}}", properties.create),
        ("POST", f"{at.properties}/{{}}/batch/create", properties.batch_create),
        ("POST", f"{at.properties}/{{}}/batch/read", properties.batch_read),
        ("GET", f"{at.properties}/{{}}/groups", groups.page),
        ("POST", f"{at.properties}/{{}}/groups", groups.create),
        ("GET", f"{at.properties}/{{}}/groups/{{}}", groups.read),
        ("GET", f"{at.properties}/{{}}/{{}}", properties.read),
        ("PATCH", f"{at.properties}/{{}}/{{}}", properties.update),
        ("DELETE", f"{at.properties}/{{}}/{{}}", properties.archive),
        ("GET", f"{at.objects}/{{}}", objects.page),
        ("POST", f"{at.objects}/{{}}", objects.create),
        ("POST", f"{at.objects}/{{}}/search", search.search),
        ("POST", f"{at.objects}/{{}}/merge", people_calls.merge),
        ("POST", f"{at.objects}/contacts/gdpr-delete", people_calls.erase),
        ("POST", f"{at.objects}/{{}}/batch/create", batch.create),
        ("POST", f"{at.objects}/{{}}/batch/read", batch.read),
        ("POST", f"{at.objects}/{{}}/batch/update", batch.update),
        ("POST", f"{at.objects}/{{}}/batch/upsert", batch.upsert),
        ("POST", f"{at.objects}/{{}}/batch/archive", batch.archive),
        ("GET", f"{at.objects}/{{}}/{{}}", objects.read),
        ("PATCH", f"{at.objects}/{{}}/{{}}", objects.update),
        ("DELETE", f"{at.objects}/{{}}/{{}}", objects.archive),
        ("POST", f"{at.associations}/{{}}/{{}}/batch/read", association_calls.batch_read),
        ("POST", f"{at.associations}/{{}}/{{}}/batch/create", association_calls.batch_create),
        (
            "POST",
            f"{at.associations}/{{}}/{{}}/batch/associate/default",
            association_calls.batch_default,
        ),
        ("POST", f"{at.associations}/{{}}/{{}}/batch/archive", association_calls.batch_archive),
        ("POST", f"{at.associations}/{{}}/{{}}/batch/labels/archive", association_calls.batch_unlabel),
        ("GET", f"{at.associations}/{{}}/{{}}/labels", association_calls.labels),
        ("GET", f"{at.pipelines}/{{}}", pipeline_calls.page),
        ("GET", f"{at.pipelines}/{{}}/{{}}", pipeline_calls.read),
        ("GET", f"{at.pipelines}/{{}}/{{}}/stages", pipeline_calls.stages),
        ("GET", f"{at.pipelines}/{{}}/{{}}/stages/{{}}", pipeline_calls.stage),
    ]


# What no dated version is known to have, or has elsewhere.
_ONCE: list[tuple[str, str, _Call]] = [
    ("PUT", "/crm/v4/objects/{}/{}/associations/default/{}/{}", association_calls.put_default),
    ("GET", "/crm/v4/objects/{}/{}/associations/{}", association_calls.page),
    ("PUT", "/crm/v4/objects/{}/{}/associations/{}/{}", association_calls.put),
    ("DELETE", "/crm/v4/objects/{}/{}/associations/{}/{}", association_calls.delete),
    ("GET", "/crm/v3/objects/{}/{}/associations/{}", association_calls_v3.page),
    ("PUT", "/crm/v3/objects/{}/{}/associations/{}/{}/{}", association_calls_v3.put),
    ("DELETE", "/crm/v3/objects/{}/{}/associations/{}/{}/{}", association_calls_v3.delete),
    ("GET", "/crm/v3/associations/{}/{}/types", association_calls_v3.types),
    ("POST", "/crm/v3/associations/{}/{}/batch/read", association_calls_v3.batch_read),
    ("POST", "/crm/v3/associations/{}/{}/batch/create", association_calls_v3.batch_create),
    ("POST", "/crm/v3/associations/{}/{}/batch/archive", association_calls.batch_archive),
]
_ROUTES = [
    (method, re.compile(path.replace("{}", "([^/]+)")), call, at)
    for calls, at in [(_ONCE, _VERSIONS[0]), *((_calls(at), at) for at in _VERSIONS)]
    for method, path, call in calls
]


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
    for method, pattern, call, at in _ROUTES:
        match = pattern.fullmatch(path)
        if match and method == request.method:
            with portal.store.reading() as db:
                scopes.check(db, method=method, path=path)
            asked = replace(request, tells_apart=at.tells_apart, keeps_rules=at.keeps_rules)
            return call(portal, asked, *map(unquote, match.groups()))
        if match:
            other_methods.append(method)
    if other_methods:
        raise HubSpotError(
            405, "HTTP 405 Method Not Allowed", category="", headers={"Allow": ", ".join(other_methods)}
        )
    raise not_found()
