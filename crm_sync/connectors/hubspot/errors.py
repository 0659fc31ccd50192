"""HubSpot's refusals, read: which decision they carry and what they complain of."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from crm_sync.connectors.base import Refusal
from plumbing.http import Answer, AuthLost, Permanent, RemoteError, Transient

UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
_EXISTING_ID = re.compile(r"Existing ID:\s*(\d+)")
_LONGEST_WORDS = 1000
# Categories of a 207's errors that will be the same next time; anything else is HubSpot's own trouble.
_FINAL = frozenset(
    {"VALIDATION_ERROR", "OBJECT_NOT_FOUND", "CONFLICT", "INVALID_INPUT", "OBJECT_ALREADY_EXISTS"}
)
_STATUSES = {"OBJECT_NOT_FOUND": 404, "CONFLICT": 409, "OBJECT_ALREADY_EXISTS": 409}
# HubSpot's own trouble, whatever the status that it comes with.
_OWN_TROUBLE = "INTERNAL_ERROR"


def judged(error: RemoteError) -> RemoteError:
    """The error that the sender should act on: plumbing's, except where HubSpot's statuses mean something else."""
    if not isinstance(error, Permanent):
        return error
    if error.status == 403:
        # Missing scopes: every other call would be refused too.
        return AuthLost(error.message, answer=error.answer)
    if isinstance(error.body, Mapping) and str(error.body.get("category") or "").upper() == _OWN_TROUBLE:
        return Transient(error.message, ambiguous=True, answer=error.answer)
    # Not HubSpot at the other end: a wrong address refuses every lead alike.
    elsewhere = error.status in (0, 404, 405, 501, 505) or 300 <= error.status < 400
    if elsewhere and not _is_hubspots(error.body):
        return Transient(f"{error.message} Is the address right?", ambiguous=False, answer=error.answer)
    return error


def of_item(item: Mapping[str, Any]) -> Permanent | None:
    """An error of a 207 as if it were the answer to a batch of this one input; None where it may pass by itself."""
    category = str(item.get("category") or "").upper()
    if category not in _FINAL:
        return None
    return Permanent(refusal(item).message, status=_STATUSES.get(category, 400), body=item)


def is_taken(error: Permanent) -> bool:
    """409: another record has the e-mail address."""
    return error.status == 409


def is_missing(error: Permanent) -> bool:
    """The record that was to be changed does not exist."""
    body = error.body if isinstance(error.body, Mapping) else {}
    return error.status == 404 and "NOT_FOUND" in str(body.get("category") or "")


def existing_id(message: str) -> str:
    """From "Contact already exists. Existing ID: 12345", "" where no id is named."""
    found = _EXISTING_ID.search(message)
    return found[1] if found else ""


def refusal_of(error: Permanent) -> Refusal:
    return refusal(error.body if isinstance(error.body, Mapping) else {"message": error.message})


def refusal(body: Mapping[str, Any]) -> Refusal:
    """From the body of a 4xx, or from one entry of a 207's `errors`: both have the same shape."""
    message = str(body.get("message") or "HubSpot gave no reason.")
    properties = dict(_complaints(body))
    words = [said for said in _said(body) if said]
    return Refusal(message=("; ".join(words) or message)[:_LONGEST_WORDS], properties=properties)


def item_errors(answer: Answer) -> list[Mapping[str, Any]]:
    """The errors of a 207; [] for any other answer."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    return [each for each in body.get("errors") or () if isinstance(each, Mapping)]


def is_final(item: Mapping[str, Any]) -> bool:
    return str(item.get("category") or "").upper() in _FINAL


def named(item: Mapping[str, Any], key: str) -> list[str]:
    """`context[key]` of a 207's error: always a list of texts, as far as HubSpot's schema says."""
    context = item.get("context")
    values = context.get(key) if isinstance(context, Mapping) else None
    return [str(value) for value in values] if isinstance(values, list) else []


def _is_hubspots(body: Any) -> bool:
    return isinstance(body, Mapping) and any(key in body for key in ("category", "correlationId"))


def _complaints(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(property, code) from `errors`, and from the JSON text that HubSpot puts into the message."""
    for each in _embedded(str(body.get("message") or "")):
        if each.get("name"):
            yield str(each["name"]), str(each.get("error") or "")
    for each in body.get("errors") or ():
        if isinstance(each, Mapping):
            for name in named(each, "propertyName"):
                yield name, str(each.get("code") or "")


def _said(body: Mapping[str, Any]) -> Iterator[str]:
    """Each complaint in words, without the JSON around it."""
    embedded = _embedded(str(body.get("message") or ""))
    for each in embedded:
        yield str(each.get("localizedErrorMessage") or each.get("message") or "")
    if not embedded:
        yield str(body.get("message") or "")
        # Of a rule that is broken the message says only that one is.
        for each in body.get("errors") or ():
            if isinstance(each, Mapping) and str(each.get("message") or "") not in str(body.get("message")):
                yield str(each["message"])


def _embedded(message: str) -> list[Mapping[str, Any]]:
    start = message.find("[{")
    if start < 0:
        return []
    try:
        found, _ = json.JSONDecoder().raw_decode(message[start:])
    except ValueError:
        return []
    return [each for each in found if isinstance(each, Mapping)]
