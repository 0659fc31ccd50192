"""The sandbox without its sockets: a request comes in, an answer goes out, or deliberately does not."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from crm_sandbox import control, page
from crm_sandbox.calls import Calls
from crm_sandbox.faults import Faults, Trouble
from crm_sandbox.hubspot import errors, owners, routes
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.limits import Limits
from crm_sandbox.store import TABLES, Store
from crm_sandbox.webhooks import Webhooks
from crm_sandbox.wire import Answer, MalformedJson, Request, now_ms

FILE_NAME = "crm_sandbox.sqlite3"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: the connection is reset at once, or closed after `hang_ms`."""

    reset: bool
    hang_ms: int = 0


class Sandbox:
    def __init__(self, *, data_dir: Path, token: str) -> None:
        self.token = token
        self.store = Store(data_dir / FILE_NAME)
        self.webhooks = Webhooks(store=self.store)
        self.portal = Portal(store=self.store, webhooks=self.webhooks)
        self.faults = Faults()
        self.limits = Limits()
        self.calls = Calls()
        self.stopping = threading.Event()
        with self.store.writing() as db:
            owners.engage(db)
        self.webhooks.start()

    def close(self) -> None:
        self.stopping.set()
        self.webhooks.stop()
        self.store.close()

    def reset(self) -> None:
        """As on the first start; the address for webhooks is forgotten too."""
        with self.store.writing() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")
            owners.engage(db)
            self.portal.forget_definitions()
        self.webhooks.load()
        self.faults.clear()
        self.limits.clear()
        self.calls.clear()

    def respond(self, *, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer | Silence:
        """`headers` have lower-case names."""
        parts = urlsplit(url)
        target, _, rest = parts.path.lstrip("/").partition("/")
        host = headers.get("host", "127.0.0.1")
        vendor = target in ("hubspot", "salesforce")
        request = Request(
            method=method,
            path=f"/{rest}" if vendor else parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=headers,
            body=body,
            base_url=f"http://{host}/{target}" if vendor else f"http://{host}",
        )
        if vendor:
            return self._vendor(target=target, request=request)
        try:
            if target == "control":
                return control.answer(self, request)
            return page.answer(self, request)
        except MalformedJson as error:
            return Answer(400, {"error": f"The body is not JSON: {error}"})

    def _vendor(self, *, target: str, request: Request) -> Answer | Silence:
        at, started = now_ms(), time.perf_counter()
        trouble = self.faults.strike(target=target, path=request.path)
        if trouble.delay_ms:
            self.stopping.wait(trouble.delay_ms / 1000)
        outcome = self._outcome(target=target, request=request, trouble=trouble)
        self.calls.note(
            target=target,
            at=at,
            method=request.method,
            path=request.path,
            status=outcome.status if isinstance(outcome, Answer) else 0,
            ms=(time.perf_counter() - started) * 1000,
            records=outcome.records if isinstance(outcome, Answer) else 0,
        )
        return outcome

    def _outcome(self, *, target: str, request: Request, trouble: Trouble) -> Answer | Silence:
        if trouble.reset:
            return Silence(reset=True)
        if target == "salesforce":
            return Answer(
                501, [{"errorCode": "NOT_IMPLEMENTED", "message": "This sandbox does not speak Salesforce."}]
            )
        answer = self._hubspot(request=request, trouble=trouble)
        if trouble.hang_ms is not None:
            return Silence(reset=False, hang_ms=trouble.hang_ms)
        return answer

    def _hubspot(self, *, request: Request, trouble: Trouble) -> Answer:
        verdict = self.limits.take(target="hubspot", path=request.path)
        answer = self._hubspot_answer(request=request, trouble=trouble, policy=verdict.policy)
        answer.headers = {
            "X-HubSpot-Correlation-Id": str(uuid.uuid4()),
            **verdict.headers,
            **answer.headers,
        }
        return answer

    def _hubspot_answer(self, *, request: Request, trouble: Trouble, policy: str) -> Answer:
        if policy:
            return errors.rate_limited(policy=policy).answer()
        if trouble.status is not None:
            headers = {} if trouble.retry_after is None else {"Retry-After": f"{trouble.retry_after:g}"}
            return errors.with_status(trouble.status, headers=headers).answer()
        if request.headers.get("authorization", "") != f"Bearer {self.token}":
            return errors.unauthorized().answer()
        if trouble.failing_share:
            request = _failing(request, share=trouble.failing_share)
        try:
            return routes.answer(self.portal, request)
        except Exception:
            log.exception("The sandbox failed at %s %s", request.method, request.path)
            return HubSpotError(500, "internal error", category="").answer()


def _failing(request: Request, *, share: float) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        base_url=request.base_url,
        failing_share=share,
    )
