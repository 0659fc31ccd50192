"""POST /webhook: a service desk that is told of leads, and makes a ticket of each.

It believes only what is signed, takes a message that comes twice once, and does not let an older one undo a newer one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sandbox import portal_settings
from crm_sandbox.faults import Trouble
from crm_sandbox.store import Store
from crm_sandbox.webhook import signing
from crm_sandbox.wire import Json, Reply, Request, now_ms

if TYPE_CHECKING:
    from crm_sandbox.sandbox import Sandbox

# Whether an answer says the id of the ticket; the one id under which everything is filed; and whether it is a page.
ANSWERS_ID, FILES_UNDER, ANSWERS_PAGE = "webhook_answers_id", "webhook_files_under", "webhook_answers_page"
_PAGE = "<!DOCTYPE html><html><head><title>Thank you</title></head><body>Thank you.</body></html>"
_FIRST_NUMBER = 1001


@dataclass(frozen=True, slots=True)
class Ticket:
    """`fields` are what the desk has heard of the lead last: email, name, owner, queue, status, contacted_at, gone."""

    id: str
    lead: str
    version: int
    fields: Json
    changed_at: int


@dataclass(frozen=True, slots=True)
class Message:
    """`times`: how often it came. `late`: another that was newer had come before."""

    id: str
    type: str
    ticket: str
    body: Json
    at: int
    times: int
    late: bool


def speak(sandbox: Sandbox, *, request: Request, trouble: Trouble) -> Reply:
    """What the desk answers to a message."""
    verdict = sandbox.limits.take(target="webhook", path=request.path)
    headers: dict[str, str] = {}
    if verdict.most is not None:
        headers = {
            "RateLimit-Limit": str(verdict.most),
            "RateLimit-Remaining": str(verdict.left),
            "RateLimit-Reset": f"{verdict.per_seconds:.0f}",
        }
    if verdict.policy:
        headers["Retry-After"] = f"{verdict.per_seconds:.0f}"
        return Reply(429, {"error": "Too many messages."}, headers)
    if trouble.status is not None:
        if trouble.retry_after is not None:
            headers["Retry-After"] = f"{trouble.retry_after:g}"
        return Reply(
            trouble.status, {"error": trouble.message or f"The desk answers {trouble.status}."}, headers
        )
    reply = _taken(sandbox.store, request)
    reply.headers |= headers
    return reply


def tickets(db: sqlite3.Connection) -> Iterator[Ticket]:
    """The newest first."""
    for row in db.execute("SELECT * FROM tickets ORDER BY number DESC"):
        yield _ticket(row)


def messages(db: sqlite3.Connection, *, limit: int = -1) -> Iterator[Message]:
    """The newest first."""
    for row in db.execute("SELECT * FROM messages ORDER BY number DESC LIMIT ?", (limit,)):
        yield Message(
            id=row["id"],
            type=row["type"],
            ticket=row["ticket"],
            body=json.loads(row["body"]),
            at=row["at"],
            times=row["times"],
            late=bool(row["late"]),
        )


def _taken(store: Store, request: Request) -> Reply:
    if request.method != "POST":
        return Reply(405, {"error": "Messages are posted."}, {"Allow": "POST"})
    with store.writing() as db:
        secret = signing.secret(db)
        if why_not := signing.why_not(request.headers, request.body, secret=secret):
            return Reply(401, {"error": why_not})
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Reply(400, {"error": "The body is no JSON object."})
        if body.get("type") == "ping":
            return Reply(200, {"pong": True})
        message_id = request.headers["webhook-id"]
        before = db.execute("SELECT ticket FROM messages WHERE id = ?", (message_id,)).fetchone()
        if before is not None:
            db.execute("UPDATE messages SET times = times + 1 WHERE id = ?", (message_id,))
            return _said(db, before["ticket"])
        said = body.get("data")
        data: Json = said if isinstance(said, dict) else {}
        if wrong := _wrong(data):
            return Reply(422, {"error": wrong})
        ticket, late = _note(db, body, data)
        db.execute(
            "INSERT INTO messages (id, type, ticket, body, at, times, late) VALUES (?, ?, ?, ?, ?, 1, ?)",
            (message_id, str(body.get("type") or ""), ticket, json.dumps(body), now_ms(), late),
        )
        return _said(db, ticket)


def _said(db: sqlite3.Connection, ticket: str) -> Reply:
    if portal_settings.read(db, ANSWERS_PAGE, False):
        return Reply(200, _PAGE, content_type="text/html; charset=utf-8")
    if under := portal_settings.read(db, FILES_UNDER):
        return Reply(200, {"id": under}, records=1)
    if not ticket or not portal_settings.read(db, ANSWERS_ID, True):
        return Reply(204)
    return Reply(200, {"id": ticket}, records=1)


def _wrong(data: Json) -> str:
    email = _of(data, "lead", "email")
    if email is not None and "@" not in str(email):
        return f"“{email}” is no e-mail address."
    return ""


def _note(db: sqlite3.Connection, body: Json, data: Json) -> tuple[str, bool]:
    """The ticket's id, "" where the message says of no lead, and whether it came late."""
    lead, version = str(data.get("lead_id") or ""), body.get("version")
    if not lead or not isinstance(version, int):
        return "", False
    row = db.execute("SELECT * FROM tickets WHERE lead = ?", (lead,)).fetchone()
    if row is None:
        highest = db.execute("SELECT max(number) FROM tickets").fetchone()[0]
        number = max(_FIRST_NUMBER, (highest or 0) + 1)
        db.execute(
            "INSERT INTO tickets VALUES (?, ?, ?, ?, ?)",
            (number, lead, version, json.dumps(_heard(body, data)), now_ms()),
        )
        return f"T-{number}", False
    ticket = _ticket(row)
    if version < ticket.version:
        return ticket.id, True
    fields = ticket.fields | _heard(body, data)
    db.execute(
        "UPDATE tickets SET version = ?, fields = ?, changed_at = ? WHERE lead = ?",
        (version, json.dumps(fields), now_ms(), lead),
    )
    return ticket.id, False


def _heard(body: Json, data: Json) -> Json:
    """What a message in the documented form says stands now."""
    heard: Json = {}
    match body.get("type"):
        case "lead.created":
            heard |= {
                "owner": _of(data, "owner", "email"),
                "queue": data.get("queue"),
                "status": data.get("status"),
            }
        case "lead.assigned":
            heard |= {"owner": _of(data, "after", "owner", "email"), "queue": _of(data, "after", "queue")}
        case "lead.status":
            heard["status"] = data.get("after")
        case "lead.contacted":
            heard["contacted_at"] = data.get("contacted_at")
    for name in ("email", "first_name", "last_name", "company"):
        if (value := _of(data, "lead", name)) is not None:
            heard[name] = value
    return heard


def _of(data: Any, *path: str) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _ticket(row: sqlite3.Row) -> Ticket:
    return Ticket(
        id=f"T-{row['number']}",
        lead=row["lead"],
        version=row["version"],
        fields=json.loads(row["fields"]),
        changed_at=row["changed_at"],
    )
