"""/control/webhook: what the desk has heard, how it answers, and changes that somebody makes there."""

from __future__ import annotations

import http.client
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from crm_sandbox import portal_settings
from crm_sandbox.control_requests import BadControl, object_of
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.webhook import desk, signing
from crm_sandbox.wire import Json, Reply, Request, iso, now_ms

_PATIENCE_S = 5


def _messages(sandbox: Sandbox, request: Request) -> Reply:
    """The oldest first."""
    with sandbox.store.reading() as db:
        found = [
            {
                "id": each.id,
                "type": each.type,
                "ticket": each.ticket,
                "body": each.body,
                "at": iso(each.at),
                "times": each.times,
                "late": each.late,
            }
            for each in desk.messages(db)
        ]
    return Reply(200, found[::-1])


def _tickets(sandbox: Sandbox, request: Request) -> Reply:
    """By their id."""
    with sandbox.store.reading() as db:
        found = {
            each.id: {"lead": each.lead, "version": each.version, **each.fields} for each in desk.tickets(db)
        }
    return Reply(200, found)


def _set(sandbox: Sandbox, request: Request) -> Reply:
    """Whichever of _SETTINGS is named."""
    body = object_of(request)
    for name, value in body.items():
        if name not in _SETTINGS:
            raise BadControl(f"There is no {name}; there are {', '.join(_SETTINGS)}.")
        _, fits, words = _SETTINGS[name]
        if not fits(value):
            raise BadControl(f"{name} is {words}.")
    with sandbox.store.writing() as db:
        for name, value in body.items():
            portal_settings.write(db, _SETTINGS[name][0], value)
    return Reply(201, {name: value for name, value in body.items() if name != "secret"})


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_secret(value: Any) -> bool:
    return re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", str(value)) is not None


def _is_id(value: Any) -> bool:
    return value is None or isinstance(value, str)


# The name in the store, what fits, and that in words.
_SETTINGS: dict[str, tuple[str, Callable[[Any], bool], str]] = {
    "secret": (signing.SETTING, _is_secret, "whsec_ and base64 of 24 to 64 bytes"),
    "answers_id": (desk.ANSWERS_ID, _is_flag, "true or false"),
    "answers_page": (desk.ANSWERS_PAGE, _is_flag, "true or false"),
    "files_under": (desk.FILES_UNDER, _is_id, "an id, or null"),
}


def _change(sandbox: Sandbox, request: Request) -> Reply:
    """Somebody changes a ticket: told, signed, to the address that POST /control/webhooks has set for "webhook"."""
    body = object_of(request)
    change: Json = {"id": str(uuid.uuid4()), "at": iso(now_ms()), **body}
    with sandbox.store.reading() as db:
        hook = db.execute("SELECT * FROM webhooks WHERE target = 'webhook'").fetchone()
    if hook is None:
        raise BadControl("Nobody listens: set an address with POST /control/webhooks first.")
    status = _told(url=hook["url"], secret=hook["secret"], body=change)
    return Reply(201 if 200 <= status < 300 else 502, {"sent": change, "answer": status})


def _told(*, url: str, secret: str, body: Any) -> int:
    """The status of the answer, 0 for none."""
    text, message_id, timestamp = json.dumps(body).encode(), f"msg_{uuid.uuid4().hex}", str(now_ms() // 1000)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signing.signature(
            secret=secret, message_id=message_id, timestamp=timestamp, body=text
        ),
    }
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=_PATIENCE_S)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", text, headers)
        return int(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


ROUTES = (
    ("GET", "messages", _messages),
    ("GET", "tickets", _tickets),
    ("POST", "settings", _set),
    ("POST", "changes", _change),
)
