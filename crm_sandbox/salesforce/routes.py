"""Every Salesforce call that the sandbox answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from crm_sandbox.salesforce import (
    callers,
    collection_calls,
    composite,
    describe_calls,
    login,
    queries,
    replication,
    row_calls,
    rows,
    settings,
)
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError, SeveralHolders, bad_json, no_session, not_found
from crm_sandbox.salesforce.org import PREFIX, Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, MalformedJson, Reply, Request

_Call = Callable[..., Reply]
# What a URL may have at most.
LONGEST_URL = 16_384
_ROUTES: list[tuple[str, re.Pattern[str], _Call]] = [
    (method, re.compile(path.replace("{}", "([^/]+)")), call)
    for method, path, call in (
        ("GET", "", describe_calls.resources),
        ("GET", "/limits", describe_calls.limits),
        ("GET", "/query", queries.query),
        ("GET", "/queryAll", queries.query_all),
        ("GET", "/query/{}", queries.more),
        ("GET", "/queryAll/{}", queries.more),
        ("GET", "/sobjects", describe_calls.every),
        ("GET", "/sobjects/{}", row_calls.about),
        ("POST", "/sobjects/{}", row_calls.create),
        ("GET", "/sobjects/{}/describe", describe_calls.one),
        ("GET", "/sobjects/{}/updated", replication.updated),
        ("GET", "/sobjects/{}/deleted", replication.deleted),
        ("GET", "/sobjects/{}/{}", row_calls.read),
        ("PATCH", "/sobjects/{}/{}", row_calls.update),
        ("DELETE", "/sobjects/{}/{}", row_calls.delete),
        ("GET", "/sobjects/{}/{}/{}", row_calls.read_by_key),
        ("PATCH", "/sobjects/{}/{}/{}", row_calls.upsert),
        ("POST", "/composite/sobjects", collection_calls.create),
        ("PATCH", "/composite/sobjects", collection_calls.update),
        ("DELETE", "/composite/sobjects", collection_calls.delete),
        ("GET", "/composite/sobjects/{}", collection_calls.read),
        ("POST", "/composite/sobjects/{}", collection_calls.read),
        ("PATCH", "/composite/sobjects/{}/{}", collection_calls.upsert),
    )
]
_DATA = re.compile(r"/services/data/v(\d+)\.0(/.*)?")
_IDENTITY = re.compile(r"/id/\w+/\w+")
_PAGE = re.compile(r"/(?:lightning/r/(?:\w+/)?)?(\w{15}|\w{18})(?:/view)?")
_INSTANCE = re.compile(rf"{PREFIX}/([^/]+)(/.*)?")


def answer(org: Org, request: Request) -> Reply:
    """Never raises: whatever is wrong with the request is Salesforce's error answer."""
    path = request.path.rstrip("/")
    instance, inner = "", path
    if match := _INSTANCE.fullmatch(path):
        instance, inner = match[1], match[2] or ""
    if instance and request.method == "GET" and (shown := _PAGE.fullmatch(inner)):
        # Where Salesforce has its page of a record.
        return Reply(302, None, {"Location": f"/org/{shown[1]}"})
    if inner == "/services/data" and request.method == "GET":
        return describe_calls.versions(org)
    if (request.method, inner) == ("POST", "/services/oauth2/token"):
        return login.token(org, request)
    if (request.method, inner) == ("POST", "/services/oauth2/revoke"):
        return login.revoke(org, request)
    if (
        sum(map(len, (request.path, *request.query, *(v for each in request.query.values() for v in each))))
        > LONGEST_URL
    ):
        return Reply(
            414, "<html><head><title>Error 414 URI Too Long</title></head></html>", content_type="text/html"
        )
    return _safely(lambda: _with_session(org, request, instance=instance, path=inner))


def _safely(call: Callable[[], Reply]) -> Reply:
    try:
        return call()
    except OrgError as error:
        return error.answer()
    except MalformedJson as error:
        return bad_json(str(error)).answer()


def _with_session(org: Org, request: Request, *, instance: str, path: str) -> Reply:
    """Raises OrgError where nobody is logged in; any later refusal says how many calls were used."""
    with org.store.reading() as db:
        known = settings.all_of(db)
        user = _user(org, request, seconds=known["session_seconds"])
    if user is None or not user.fields.get("IsActive") or not known["org_active"]:
        raise no_session()
    if request.method == "GET" and _IDENTITY.fullmatch(path):
        return login.identity(org, request, user)
    if instance != known["instance"]:
        raise OrgError(
            404, "URL_NOT_RESET", "Destination URL not reset. The URL returned from login must be set"
        )
    reply = _safely(lambda: _admitted(org, replace(request, path=path), user=user, known=known))
    used = f"api-usage={org.usage.used()}/{known['daily_calls']}"
    reply.headers = {"Sforce-Limit-Info": used, **reply.headers}
    return reply


def _user(org: Org, request: Request, *, seconds: int) -> OrgRecord | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    session = org.sessions.of(token, seconds=seconds) if scheme in ("Bearer", "OAuth") else None
    if session is None:
        return None
    with org.store.reading() as db:
        return rows.get(db, session.user_id)


def _admitted(org: Org, request: Request, *, user: OrgRecord, known: Json) -> Reply:
    match = _DATA.fullmatch(request.path)
    if match is None:
        raise not_found()
    number = int(match[1])
    if number < known["oldest_version"]:
        raise OrgError(410, "UNSUPPORTED_API_VERSION", f"API version v{number}.0 is no longer supported")
    if number > known["newest_version"]:
        raise not_found()
    if not known["api_enabled"]:
        raise OrgError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
    with org.store.reading() as db:
        may = settings.permissions(db, user.get("Username"))
        caller = callers.of(db, user=user, version=f"{number}.0")
    if not may["api_enabled"]:
        raise OrgError(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user.")
    org.usage.take(
        daily=known["daily_calls"], concurrent=known["concurrent_calls"], long_ms=known["long_call_ms"]
    )
    return _called(org, caller, request, base=f"/services/data/v{number}.0")


def _called(org: Org, caller: OrgCaller, request: Request, *, base: str) -> Reply:
    """`request` has its whole path, from /services."""
    path = request.path.rstrip("/")
    if (request.method, path) == ("POST", f"{base}/composite"):
        return composite.run(org, request, call=lambda part: _safely(lambda: _part(org, caller, part)))
    return _routed(org, callers.asking(caller, request), request, path=path.removeprefix(base))


def _part(org: Org, caller: OrgCaller, request: Request) -> Reply:
    """Of a composite call: it names its version itself."""
    match = _DATA.fullmatch(request.path.rstrip("/"))
    if match is None:
        raise not_found()
    asking = callers.asking(replace(caller, version=f"{match[1]}.0"), request)
    return _routed(org, asking, request, path=match[2] or "")


def _routed(org: Org, caller: OrgCaller, request: Request, *, path: str) -> Reply:
    method = request.method
    if method == "POST" and request.parameter("_HttpMethod"):
        method = request.parameter("_HttpMethod").upper()
    others = []
    for known, pattern, call in _ROUTES:
        match = pattern.fullmatch(path)
        if match and known == ("GET" if method == "HEAD" else method):
            try:
                return call(org, caller, replace(request, method=method), *map(unquote, match.groups()))
            except SeveralHolders as error:
                return Reply(
                    300, [f"/services/data/v{caller.version}/sobjects/{match[1]}/{id}" for id in error.ids]
                )
        if match:
            others.append(known)
    if others:
        raise OrgError(
            405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {','.join(others)}"
        )
    raise not_found()
