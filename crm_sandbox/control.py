"""/control: for tests and demos. Faults, limits, the call log, webhooks, and what `playing` does in the CRM."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from crm_sandbox import administering, engaging, playing, search_lag
from crm_sandbox.control_requests import BadControl, object_of, whole_number
from crm_sandbox.faults import TARGETS, BadFault
from crm_sandbox.hubspot import owners
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.salesforce import control as salesforce_control
from crm_sandbox.salesforce import control_people as salesforce_people
from crm_sandbox.salesforce import control_reading as salesforce_reading
from crm_sandbox.salesforce import control_rules as salesforce_rules
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.webhook import control as desk_control
from crm_sandbox.wire import Json, Reply, Request

_HERE = ("127.0.0.1", "localhost", "::1")
_SAME_SITE = ("", "same-origin", "none")


def answer(sandbox: Sandbox, request: Request) -> Reply:
    if why_not := _from_another_page(request):
        return Reply(403, {"error": why_not})
    return carry_out(sandbox, request)


def carry_out(sandbox: Sandbox, request: Request) -> Reply:
    """Whoever asks: that a browser may has been seen to."""
    for method, pattern, call in _ROUTES:
        match = pattern.fullmatch(request.path.rstrip("/"))
        if match and method == request.method:
            try:
                return call(sandbox, request, *match.groups())
            except (BadControl, BadFault) as error:
                return Reply(400, {"error": str(error)})
            except HubSpotError as error:
                return error.answer()
            except OrgError as error:
                return salesforce_control.refused(error)
    known = ", ".join(f"{method} {pattern.pattern}" for method, pattern, _ in _ROUTES)
    return Reply(404, {"error": f"No such control. There are: {known}"})


def _from_another_page(request: Request) -> str:
    """Why a browser's request is refused, "" for one of a program, which sends none of these headers.

    A page from anywhere can have its visitor's browser post to 127.0.0.1; it cannot hide where it comes from.
    """
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "")
    if not site and not origin:
        return ""
    if not (is_ours(request, origin=origin) if origin else is_here(request)) or site not in _SAME_SITE:
        return "The controls are for programs on this machine, not for pages from elsewhere."
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "GET" and kind != "application/json":
        return "A browser sends controls as application/json."
    return ""


def is_here(request: Request) -> bool:
    """Called by its number or as localhost: a name that was made to lead here is another's."""
    return urlsplit(request.base_url).hostname in _HERE


def is_ours(request: Request, *, origin: str) -> bool:
    """Whether a page that a browser names as the origin of a request is one of the sandbox."""
    return is_here(request) and origin == f"http://{urlsplit(request.base_url).netloc}"


def _add_fault(sandbox: Sandbox, request: Request) -> Reply:
    """One fault, or a list of them: all or none."""
    asked: Any = request.json()
    if isinstance(asked, list):
        return Reply(201, [fault.shown() for fault in sandbox.faults.add(*asked)])
    return Reply(201, sandbox.faults.add(asked)[0].shown())


def _faults(sandbox: Sandbox, request: Request) -> Reply:
    return Reply(200, [fault.shown() for fault in sandbox.faults.active()])


def _clear_faults(sandbox: Sandbox, request: Request) -> Reply:
    sandbox.faults.clear(target=request.parameter("target"))
    return Reply(204)


def _set_limits(sandbox: Sandbox, request: Request) -> Reply:
    body = object_of(request)
    target = _target(body)
    calls, per_seconds = body.get("calls"), body.get("per_seconds")
    if not isinstance(calls, int) or isinstance(calls, bool) or calls < 1:
        raise BadControl("calls must be a whole number, at least 1.")
    if not isinstance(per_seconds, int | float) or isinstance(per_seconds, bool) or per_seconds <= 0:
        raise BadControl("per_seconds must be a number above 0.")
    sandbox.limits.set(target=target, calls=calls, per_seconds=per_seconds)
    return Reply(201, {"target": target, "calls": calls, "per_seconds": per_seconds})


def _limits(sandbox: Sandbox, request: Request) -> Reply:
    return Reply(200, sandbox.limits.active())


def _clear_limits(sandbox: Sandbox, request: Request) -> Reply:
    sandbox.limits.clear(target=request.parameter("target"))
    return Reply(204)


def _set_search_lag(sandbox: Sandbox, request: Request) -> Reply:
    milliseconds = whole_number(object_of(request), "ms", low=0, high=600_000)
    with sandbox.store.writing() as db:
        search_lag.set_to(db, milliseconds=milliseconds)
    return Reply(201, {"ms": milliseconds})


def _search_lag(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.reading() as db:
        return Reply(200, {"ms": search_lag.milliseconds(db)})


def _end_search_lag(sandbox: Sandbox, request: Request) -> Reply:
    with sandbox.store.writing() as db:
        search_lag.set_to(db, milliseconds=0)
    return Reply(204)


def _calls(sandbox: Sandbox, request: Request) -> Reply:
    return Reply(200, sandbox.calls.of(target=request.parameter("target")))


def _reset(sandbox: Sandbox, request: Request) -> Reply:
    sandbox.reset()
    return Reply(204)


def _subscribe(sandbox: Sandbox, request: Request) -> Reply:
    body = object_of(request)
    target = _target(body)
    url, secret = str(body.get("url") or ""), str(body.get("secret") or "")
    if not re.match(r"https?://[^/]+", url):
        raise BadControl("url must be an http address.")
    own_writes, events = body.get("own_writes") is True, body.get("events") or []
    if not isinstance(events, list) or not all(
        re.fullmatch(r"[a-z]+\.(\*|[a-zA-Z]+)", str(each)) for each in events
    ):
        raise BadControl("events is a list of subscription types, such as contact.creation or deal.*")
    sandbox.webhooks.subscribe(target=target, url=url, secret=secret, own_writes=own_writes, events=events)
    return Reply(201, {"target": target, "url": url, "own_writes": own_writes, "events": events})


def _unsubscribe(sandbox: Sandbox, request: Request) -> Reply:
    for target in TARGETS:
        if request.parameter("target") in ("", target):
            sandbox.webhooks.unsubscribe(target=target)
    return Reply(204)


def _put_owner(sandbox: Sandbox, request: Request) -> Reply:
    """One who is there already keeps the name, and stays or comes back, where the body does not say otherwise."""
    body = object_of(request)
    email, name = str(body.get("email") or "").lower(), str(body.get("name") or "").strip()
    with sandbox.store.writing() as db:
        there = owners.called(db, email)
        name = name or (f"{there['first_name']} {there['last_name']}".strip() if there else "")
        if "@" not in email or not name:
            raise BadControl("An owner needs an email and a name.")
        made = owners.put(db, email=email, name=name, archived=body.get("archived") is True)
    return Reply(201, made)


def _target(body: Json) -> str:
    """Salesforce counts calls and tells of changes in ways of its own."""
    if body.get("target") == "salesforce":
        raise BadControl(
            "Salesforce has /control/salesforce/org for limits and /control/salesforce/outbound_messages."
        )
    target = body.get("target")
    if target not in ("hubspot", "webhook"):
        raise BadControl("target must be hubspot or webhook.")
    return str(target)


def _of_org(call: Callable[..., Reply]) -> Callable[..., Reply]:
    def answer(sandbox: Sandbox, request: Request, *named: str) -> Reply:
        org: Org = sandbox.org
        return call(org, request, *named)

    return answer


_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
    (method, re.compile(pattern), call)
    for method, pattern, call in (
        ("GET", "/control/faults", _faults),
        ("POST", "/control/faults", _add_fault),
        ("DELETE", "/control/faults", _clear_faults),
        ("GET", "/control/limits", _limits),
        ("POST", "/control/limits", _set_limits),
        ("DELETE", "/control/limits", _clear_limits),
        ("GET", "/control/search_lag", _search_lag),
        ("POST", "/control/search_lag", _set_search_lag),
        ("DELETE", "/control/search_lag", _end_search_lag),
        ("GET", "/control/calls", _calls),
        ("POST", "/control/reset", _reset),
        ("POST", "/control/webhooks", _subscribe),
        ("DELETE", "/control/webhooks", _unsubscribe),
        ("POST", "/control/owners", _put_owner),
    )
]
# What is called by its own name comes before any kind of record.
_ROUTES += [
    (method, re.compile(f"/control/webhook/{pattern}"), call) for method, pattern, call in desk_control.ROUTES
]
_ROUTES += administering.ROUTES + engaging.ROUTES + playing.ROUTES
_ROUTES += [
    (method, re.compile(f"/control/salesforce/{pattern}"), _of_org(call))
    for method, pattern, call in (
        *salesforce_control.ROUTES,
        *salesforce_rules.ROUTES,
        *salesforce_people.ROUTES,
        *salesforce_reading.ROUTES,
    )
]
