"""What a control was asked with."""

from __future__ import annotations

from typing import Any

from crm_sandbox.wire import Json, Request


class BadControl(Exception):
    """str() says what is wrong with the request."""


def object_of(request: Request) -> Json:
    body: Any = request.json()
    if not isinstance(body, dict):
        raise BadControl("The body must be a JSON object.")
    return body


def bodies_of(request: Request) -> tuple[list[Json], bool]:
    """The objects that were asked for, and whether as a list."""
    asked: Any = request.json()
    several = asked if isinstance(asked, list) else [asked]
    if not all(isinstance(each, dict) for each in several):
        raise BadControl("The body must be a JSON object or a list of them.")
    return several, isinstance(asked, list)


def whole_number(body: Json, name: str, *, low: int, high: int, default: int | None = None) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadControl(f"{name} must be a whole number from {low} to {high}.")
    return value
