"""/control/hubspot/engagements: a call, an e-mail, a meeting or a note that a person logs, by one call."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from crm_sandbox.control_records import author_of, link_named, owned
from crm_sandbox.control_requests import BadControl, bodies_of
from crm_sandbox.hubspot import writes
from crm_sandbox.hubspot.default_choices import (
    CALL_DIRECTION,
    CALL_OUTCOME,
    EMAIL_DIRECTION,
    MEETING_OUTCOME,
)
from crm_sandbox.hubspot.kinds import ENGAGEMENTS, kind_called
from crm_sandbox.hubspot.values import texts
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json, Reply, Request, iso, now_ms

_KINDS = tuple(name.removesuffix("s") for name in ENGAGEMENTS)
_TITLE = {"call": "hs_call_title", "email": "hs_email_subject", "meeting": "hs_meeting_title"}
_TEXT = {
    "call": "hs_call_body",
    "email": "hs_email_text",
    "meeting": "hs_meeting_body",
    "note": "hs_note_body",
}
# What a person calls an outgoing and an incoming e-mail.
_EMAIL_DIRECTION = (*EMAIL_DIRECTION, ("EMAIL", "Outbound"), ("INCOMING_EMAIL", "Inbound"))


def log(sandbox: Sandbox, request: Request) -> Reply:
    """{"kind": "call", "contact": "51", "owner": "bob@acme.test", "at", "direction", "outcome", "title", "text"}

    Or a list of them: all or none. Whoever owns it is who logged it, unless `by` names another.
    """
    bodies, several = bodies_of(request)
    with sandbox.store.writing() as db:
        ids = [logged(db, sandbox=sandbox, body=each) for each in bodies]
    return Reply(201, {"ids": ids} if several else {"id": ids[0]})


def logged(db: sqlite3.Connection, *, sandbox: Sandbox, body: Json) -> str:
    """The id. Raises BadControl, or HubSpotError for records and values that are none."""
    name = str(body.get("kind") or "")
    if name not in _KINDS:
        raise BadControl(f"kind must be one of {', '.join(_KINDS)}.")
    kind = kind_called(name)
    author = author_of(db, {"by": body.get("owner")} | body)
    at = _moment(body.get("at"))
    properties = {"hs_timestamp": iso(at)} | owned(db, body) | _of_kind(name, body=body, at=at)
    for key, named in (("title", _TITLE), ("text", _TEXT)):
        if body.get(key) and name in named:
            properties[named[name]] = str(body[key])
    properties |= texts(body.get("properties", {}))
    record = writes.create(db, portal=sandbox.portal, kind=kind, properties=properties, author=author)
    link_named(db, sandbox=sandbox, kind=kind, record=record, body=body, author=author)
    return str(record.id)


def _of_kind(name: str, *, body: Json, at: int) -> dict[str, str]:
    direction, outcome = body.get("direction") or "outbound", body.get("outcome")
    if name == "call":
        return {
            "hs_call_direction": _called(CALL_DIRECTION, direction, key="direction"),
            "hs_call_disposition": _called(CALL_OUTCOME, outcome or "connected", key="outcome"),
            "hs_call_status": "COMPLETED",
        }
    if name == "email":
        return {
            "hs_email_direction": _called(_EMAIL_DIRECTION, direction, key="direction"),
            "hs_email_status": "SENT",
        }
    if name == "meeting":
        usual = "completed" if at <= now_ms() else "scheduled"
        return {
            "hs_meeting_start_time": iso(at),
            "hs_meeting_outcome": _called(MEETING_OUTCOME, outcome or usual, key="outcome"),
        }
    return {}


def _called(choices: tuple[tuple[str, str], ...], asked: object, *, key: str) -> str:
    """The value that goes by this name, or is it."""
    wanted = _plain(str(asked))
    for value, label in choices:
        if wanted in (_plain(value), _plain(label)):
            return value
    raise BadControl(f"{key} must be one of {', '.join(label for _, label in choices)}.")


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text).strip().casefold()


def _moment(asked: object) -> int:
    """Milliseconds, from milliseconds or ISO 8601 (UTC where no zone is given); now where nothing is asked."""
    if asked is None or asked == "":
        return now_ms()
    if isinstance(asked, int) and not isinstance(asked, bool):
        return asked
    try:
        moment = datetime.fromisoformat(str(asked))
    except ValueError:
        raise BadControl("at is a moment, as ISO 8601 text or in milliseconds.") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
    ("POST", re.compile("/control/hubspot/engagements"), log)
]
