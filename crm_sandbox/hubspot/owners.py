"""owners: the people records can belong to. An owner's `id` is not the same person's `userId`."""

from __future__ import annotations

import sqlite3

from crm_sandbox.hubspot.errors import HubSpotError, not_found
from crm_sandbox.hubspot.objects import cursor, next_page, page_size
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import Json, Reply, Request, iso, now_ms

FIRST_ID, FIRST_USER_ID = 71000101, 4400101

# The owners of the demo configuration; the last one has left.
STAFF = (
    ("alice@acme.test", "Alice Ames", False),
    ("bob@acme.test", "Bob Burke", False),
    ("carla@acme.test", "Carla Cruz", False),
    ("maria@acme.test", "Maria Mann", False),
    ("dieter@acme.test", "Dieter Dorn", False),
    ("eva@acme.test", "Eva Ernst", False),
    ("frank@acme.test", "Frank Fuchs", True),
)


def page(portal: Portal, request: Request) -> Reply:
    limit = page_size(request, default=100, most=500)
    after = cursor(request.parameter("after"))
    email = request.parameter("email").strip().lower()
    archived = request.flag("archived")
    with portal.store.reading() as db:
        rows = db.execute(
            "SELECT * FROM owners WHERE id > ? AND archived = ? AND (? = '' OR email = ?) "
            "ORDER BY id LIMIT ?",
            (after, archived, email, email, limit + 1),
        ).fetchall()
    body: Json = {"results": [shown(row) for row in rows[:limit]]}
    if len(rows) > limit:
        body["paging"] = next_page(request, after=rows[limit - 1]["id"])
    return Reply(200, body, records=len(body["results"]))


def read(portal: Portal, request: Request, owner_id: str) -> Reply:
    """idProperty is `id` (default) or `userId`; an archived owner is found with archived=true only."""
    id_property = request.parameter("idProperty", "id")
    if id_property not in ("id", "userId"):
        raise HubSpotError(400, f"idProperty must be id or userId, not {id_property}")
    column = "id" if id_property == "id" else "user_id"
    archived = request.flag("archived")
    with portal.store.reading() as db:
        row = db.execute(
            f"SELECT * FROM owners WHERE {column} = ? AND archived = ?",
            (cursor(owner_id), archived),
        ).fetchone()
    if row is None:
        raise not_found()
    return Reply(200, shown(row), records=1)


def shown(row: sqlite3.Row) -> Json:
    body: Json = {
        "id": str(row["id"]),
        "email": row["email"],
        "type": "PERSON",
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "userIdIncludingInactive": row["user_id"],
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
        "archived": bool(row["archived"]),
    }
    if not row["archived"]:
        body["userId"] = row["user_id"]
    return body


def called(db: sqlite3.Connection, email: str) -> sqlite3.Row | None:
    """With this e-mail address, in lower case; also one who has left."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM owners WHERE email = ?", (email,)).fetchone()
    return row


def put(db: sqlite3.Connection, *, email: str, name: str, archived: bool) -> Json:
    """A new owner, or a new name or state for the one with this address."""
    first, _, last = name.strip().partition(" ")
    at = now_ms()
    (number,) = db.execute("SELECT COUNT(*) FROM owners").fetchone()
    db.execute(
        "INSERT INTO owners VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO UPDATE SET "
        "first_name = excluded.first_name, last_name = excluded.last_name, archived = excluded.archived, "
        "updated_at = excluded.updated_at",
        (FIRST_ID + 7 * number, FIRST_USER_ID + number, email.lower(), first, last, at, at, archived),
    )
    return shown(db.execute("SELECT * FROM owners WHERE email = ?", (email.lower(),)).fetchone())


def engage(db: sqlite3.Connection) -> None:
    """The demo's people, into a portal that has nobody yet."""
    if db.execute("SELECT 1 FROM owners LIMIT 1").fetchone() is None:
        for email, name, archived in STAFF:
            put(db, email=email, name=name, archived=archived)
