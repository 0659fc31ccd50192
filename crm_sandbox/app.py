"""The sandbox without its sockets: a request comes in, an answer goes out, or deliberately does not."""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from crm_sandbox import control, page
from crm_sandbox.faults import Trouble
from crm_sandbox.hubspot import errors, routes
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.salesforce import errors as salesforce_errors
from crm_sandbox.salesforce import routes as salesforce_routes
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.webhook import desk
from crm_sandbox.webhook import page as desk_page
from crm_sandbox.wire import MalformedJson, Reply, Request, now_ms

log = logging.getLogger(__name__)

_MAINTENANCE = """<!DOCTYPE html>
<html><head><title>We are down for maintenance</title></head>
<body><h1>We are down for maintenance.</h1><p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: the connection is reset at once, or closed after `hang_ms`."""

    reset: bool
    hang_ms: int = 0


def respond(
    sandbox: Sandbox, *, method: str, url: str, headers: dict[str, str], body: bytes
) -> Reply | Silence:
    """`headers` have lower-case names."""
    parts = urlsplit(url)
    target, _, rest = parts.path.lstrip("/").partition("/")
    host = headers.get("host", "127.0.0.1")
    vendor = target in ("hubspot", "salesforce") or (target == "webhook" and method not in ("GET", "HEAD"))
    request = Request(
        method=method,
        path=f"/{rest}" if vendor else parts.path,
        query=parse_qs(parts.query, keep_blank_values=True),
        headers=headers,
        body=body,
        base_url=f"http://{host}/{target}" if vendor else f"http://{host}",
    )
    if vendor:
        return _vendor(sandbox, target=target, request=request)
    try:
        if target == "control":
            return control.answer(sandbox, request)
        if request.method == "POST" and request.path in ("/play", "/org/play"):
            return page.played(sandbox, request)
        if target == "webhook":
            return desk_page.answer(sandbox, request)
        return page.answer(sandbox, request)
    except MalformedJson as error:
        return Reply(400, {"error": f"The body is not JSON: {error}"})


def _vendor(sandbox: Sandbox, *, target: str, request: Request) -> Reply | Silence:
    at, started = now_ms(), time.perf_counter()
    trouble = sandbox.faults.strike(target=target, path=request.path)
    with sandbox.org.usage.running() if target == "salesforce" else nullcontext():
        if trouble.delay_ms:
            sandbox.stopping.wait(trouble.delay_ms / 1000)
        outcome = _outcome(sandbox, target=target, request=request, trouble=trouble)
    sandbox.calls.note(
        target=target,
        at=at,
        method=request.method,
        path=request.path,
        status=outcome.status if isinstance(outcome, Reply) else 0,
        ms=(time.perf_counter() - started) * 1000,
        records=outcome.records if isinstance(outcome, Reply) else 0,
    )
    return outcome


def _outcome(sandbox: Sandbox, *, target: str, request: Request, trouble: Trouble) -> Reply | Silence:
    if trouble.reset:
        return Silence(reset=True)
    if trouble.html and trouble.status is not None:
        return Reply(trouble.status, _MAINTENANCE, content_type="text/html; charset=utf-8")
    speak = {"salesforce": _salesforce, "hubspot": _hubspot, "webhook": desk.speak}[target]
    answer = speak(sandbox, request=request, trouble=trouble)
    if trouble.hang_ms is not None:
        return Silence(reset=False, hang_ms=trouble.hang_ms)
    return answer


def _hubspot(sandbox: Sandbox, *, request: Request, trouble: Trouble) -> Reply:
    verdict = sandbox.limits.take(target="hubspot", path=request.path)
    answer = _hubspot_answer(sandbox, request=request, trouble=trouble, policy=verdict.policy)
    answer.headers = {
        "X-HubSpot-Correlation-Id": str(uuid.uuid4()),
        **verdict.headers,
        **answer.headers,
    }
    return answer


def _hubspot_answer(sandbox: Sandbox, *, request: Request, trouble: Trouble, policy: str) -> Reply:
    if policy:
        return errors.rate_limited(policy=policy).answer()
    if trouble.status is not None:
        return errors.with_status(trouble.status, headers=_retry_after(trouble)).answer()
    if request.headers.get("authorization", "") != f"Bearer {sandbox.token}":
        return errors.unauthorized().answer()
    if trouble.failing_share:
        request = replace(request, failing_share=trouble.failing_share)
    try:
        return routes.answer(sandbox.portal, request)
    except Exception:
        log.exception("The sandbox failed at %s %s", request.method, request.path)
        return HubSpotError(500, "internal error", category="").answer()


def _retry_after(trouble: Trouble) -> dict[str, str]:
    return {} if trouble.retry_after is None else {"Retry-After": f"{trouble.retry_after:g}"}


def _salesforce(sandbox: Sandbox, *, request: Request, trouble: Trouble) -> Reply:
    if trouble.status is not None:
        reply = salesforce_errors.with_status(
            trouble.status, code=trouble.code, message=trouble.message
        ).answer()
        reply.headers |= _retry_after(trouble)
        return reply
    try:
        return salesforce_routes.answer(sandbox.org, replace(request, failing_share=trouble.failing_share))
    except Exception:
        log.exception("The sandbox failed at %s %s", request.method, request.path)
        return salesforce_errors.with_status(500).answer()
