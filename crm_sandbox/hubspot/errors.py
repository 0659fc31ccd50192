"""HubSpot's errors, in its own words.

The wordings are those of recorded answers where there are any: JSON text inside the message, for one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from crm_sandbox.wire import Json, Reply

PORTAL_ID = 90210042


class HubSpotError(Exception):
    """One refused call, or one refused input of a batch."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        category: str = "VALIDATION_ERROR",
        sub_category: str = "",
        errors: Sequence[Json] = (),
        context: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.errors = list(errors)
        self.context = context or {}
        self.headers = headers or {}
        self.extra = extra or {}

    def answer(self) -> Reply:
        body: Json = {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4())}
        if self.errors:
            body["errors"] = self.errors
        if self.context:
            body["context"] = self.context
        if self.category:
            body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return Reply(self.status, body | self.extra, dict(self.headers))

    def item(self, *, trace_id: str = "") -> Json:
        """An entry of a 207's `errors`; `trace_id` is the input's objectWriteTraceId."""
        context = dict(self.context)
        if trace_id:
            context["objectWriteTraceId"] = [trace_id]
        item: Json = {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": context,
            "links": {},
            "errors": self.errors,
        }
        if self.sub_category:
            item["subCategory"] = self.sub_category
        return item


@dataclass(frozen=True, slots=True)
class BadValue:
    """Why one property's value was refused."""

    name: str
    code: str
    message: str


def bad_values(problems: Sequence[BadValue]) -> HubSpotError:
    """400 with the problems as JSON text in the message, and again under `errors`."""
    embedded = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": PORTAL_ID,
        }
        for problem in problems
    ]
    return HubSpotError(
        400,
        "Property values were not valid: " + json.dumps(embedded, separators=(",", ":")),
        errors=[
            {"message": problem.message, "code": problem.code, "context": {"propertyName": [problem.name]}}
            for problem in problems
        ],
    )


def not_found(what: str = "resource not found") -> HubSpotError:
    return HubSpotError(404, what, category="OBJECT_NOT_FOUND")


def unauthorized() -> HubSpotError:
    return HubSpotError(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        category="INVALID_AUTHENTICATION",
    )


def rate_limited(*, policy: str, headers: dict[str, str] | None = None) -> HubSpotError:
    """policy: TEN_SECONDLY_ROLLING, SECONDLY or DAILY"""
    return HubSpotError(
        429,
        f"You have reached your {policy.lower()} limit.",
        category="RATE_LIMITS",
        headers=headers,
        extra={"errorType": "RATE_LIMIT", "policyName": policy, "requestId": uuid.uuid4().hex},
    )


def with_status(status: int, *, headers: dict[str, str]) -> HubSpotError:
    """The answer that a fault of this status asks for."""
    if status == 429:
        return rate_limited(policy="TEN_SECONDLY_ROLLING", headers=headers)
    if status == 401:
        error = unauthorized()
        error.headers = headers
        return error
    category, message = {
        403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
        423: ("", "The account is locked for a moment. Wait at least two seconds."),
        477: ("", "The account is being moved to another data centre."),
        502: ("", "Bad gateway"),
        503: ("", "Service unavailable"),
        504: ("", "Gateway timeout"),
    }.get(status, ("", "internal error"))
    return HubSpotError(status, message, category=category, headers=headers)
