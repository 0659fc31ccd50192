"""composite: up to 25 calls in one, each of which may refer to the answers of those before it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crm_sandbox.salesforce.errors import OrgError, bad_json
from crm_sandbox.salesforce.org import Org
from crm_sandbox.wire import Json, Reply, Request

MOST, MOST_HEAVY = 25, 5
_REFERENCE = re.compile(r"@\{([^{}]+)\}")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")
_HEAVY = re.compile(r"/services/data/v[\d.]+/(composite/sobjects|query|queryAll)\b")
_RESERVED = ("accept", "authorization", "content-type")
Call = Callable[[Request], Reply]


class _Halted(Exception):
    """A part that refers to what is not there; str() says to what."""


class _RolledBack(Exception):
    """A part failed, and all or none was asked for."""


def run(org: Org, request: Request, *, call: Call) -> Reply:
    """`call` answers a part as if it had come alone. Raises OrgError for what is no composite call at all."""
    body = request.json()
    parts = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise bad_json("compositeRequest is a list of requests")
    _check(parts)
    answers: list[Json] = []
    done: dict[str, Any] = {}
    records = 0

    def run_all() -> None:
        nonlocal records
        for part in parts:
            answer, count = _answered(part, request=request, call=call, done=done)
            answers.append(answer)
            records += count
            if answer["httpStatusCode"] < 300:
                done[part["referenceId"]] = answer["body"]
            elif all_or_none:
                raise _RolledBack

    all_or_none = body.get("allOrNone") is True
    if not all_or_none:
        run_all()
        return Reply(200, {"compositeResponse": answers}, records=records)
    try:
        with org.writing():
            run_all()
    except _RolledBack:
        failed = answers[-1]
        words = "The transaction was rolled back since another operation in the same transaction failed."
        answers = [
            failed if part["referenceId"] == failed["referenceId"] else _halted(part, words) for part in parts
        ]
    return Reply(200, {"compositeResponse": answers}, records=records)


def _check(parts: list[Any]) -> None:
    if len(parts) > MOST:
        raise OrgError(400, "LIMIT_EXCEEDED", f"A composite request has at most {MOST} subrequests")
    names: set[str] = set()
    for part in parts:
        if not isinstance(part, dict) or not all(
            isinstance(part.get(key), str) and part[key] for key in ("method", "url", "referenceId")
        ):
            raise bad_json("Each subrequest has a method, a url and a referenceId")
        if part["referenceId"] in names or not re.fullmatch(r"[A-Za-z]\w*", part["referenceId"]):
            raise OrgError(400, "INVALID_INPUT", f"Invalid or duplicate referenceId: {part['referenceId']}")
        names.add(part["referenceId"])
        for name in part.get("httpHeaders") or {}:
            if name.lower() in _RESERVED:
                raise OrgError(400, "INVALID_INPUT", f"The header {name} cannot be given to a subrequest")
    if sum(1 for part in parts if _HEAVY.match(part["url"])) > MOST_HEAVY:
        raise OrgError(
            400, "LIMIT_EXCEEDED", f"At most {MOST_HEAVY} subrequests are sObject Collections or queries"
        )


def _answered(part: Json, *, request: Request, call: Call, done: dict[str, Any]) -> tuple[Json, int]:
    try:
        url = str(_filled(part["url"], done))
        body = _filled(part.get("body"), done)
    except _Halted as error:
        return _halted(part, str(error)), 0
    pieces = urlsplit(url)
    # The headers of the whole are not those of its parts.
    headers = {str(name).lower(): str(value) for name, value in (part.get("httpHeaders") or {}).items()}
    reply = call(
        replace(
            request,
            method=part["method"].upper(),
            path=pieces.path,
            query=parse_qs(pieces.query, keep_blank_values=True),
            headers=headers,
            body=json.dumps(body).encode() if body is not None else b"",
        )
    )
    return {
        "body": reply.body,
        "httpHeaders": {name: value for name, value in reply.headers.items() if name == "Location"},
        "httpStatusCode": reply.status,
        "referenceId": part["referenceId"],
    }, reply.records


def _halted(part: Json, words: str) -> Json:
    return {
        "body": [{"errorCode": "PROCESSING_HALTED", "message": words}],
        "httpHeaders": {},
        "httpStatusCode": 400,
        "referenceId": part["referenceId"],
    }


def _filled(value: Any, done: dict[str, Any]) -> Any:
    """With what references lead to. Raises _Halted."""
    if isinstance(value, dict):
        return {key: _filled(each, done) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, done) for each in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _led_to(whole[1], done)
    return _REFERENCE.sub(lambda match: str(_led_to(match[1], done)), value)


def _led_to(path: str, done: dict[str, Any]) -> Any:
    steps = _STEP.findall(path)
    name = steps[0][0] if steps else ""
    if name not in done:
        raise _Halted(f"Invalid reference specified. No value for {path} found in {name or path}")
    found: Any = done[name]
    for key, place in steps[1:]:
        if key and isinstance(found, dict) and key in found:
            found = found[key]
        elif place and isinstance(found, list) and int(place) < len(found):
            found = found[int(place)]
        else:
            raise _Halted(f"Invalid reference specified. No value for {path} found in {name}")
    return found
