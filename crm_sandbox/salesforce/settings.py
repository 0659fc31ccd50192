"""What can be set about the org by control, kept in the file: each of a name, a default and a type."""

from __future__ import annotations

import sqlite3
from typing import Any

from crm_sandbox import portal_settings
from crm_sandbox.wire import Json

_ORG, _PERMISSIONS = "org", "org_permissions"
INTEGRATION_USER = "leadops@acme.test"
DEFAULTS: Json = {
    # Where the org lives: part of instance_url.
    "instance": "EU42",
    # Versions of the API that are answered; older ones are 410.
    "oldest_version": 31,
    "newest_version": 68,
    "consumer_key": "sandbox-consumer-key",
    "consumer_secret": "sandbox-consumer-secret",
    # PEM, for logins by JWT.
    "certificate": "",
    # The username that client credentials act as; "" where the admin has set none.
    "run_as": INTEGRATION_USER,
    # Whether users of the app are approved beforehand, as a login by JWT needs.
    "approved": True,
    "org_active": True,
    "api_enabled": True,
    "session_seconds": 7200,
    "logins_an_hour": 3600,
    "daily_calls": 101_000,
    # Calls that have run for so long, and how many of them there may be when another one comes.
    "concurrent_calls": 25,
    "long_call_ms": 20_000,
    "storage_full": False,
    # How long a write takes between looking records up and writing them.
    "write_ms": 0,
    "state_country_picklists": False,
}
USUAL_PERMISSIONS: Json = {
    "api_enabled": True,
    "transfer": True,
    "edit_converted": False,
    # By object: names of fields that the user may not see, and what of read, create, edit, delete, view_all it lacks.
    "hidden": {},
    "denied": {},
}
RIGHTS = ("read", "create", "edit", "delete", "view_all")


def all_of(db: sqlite3.Connection) -> Json:
    return DEFAULTS | dict(portal_settings.read(db, _ORG, {}))


def one(db: sqlite3.Connection, name: str) -> Any:
    return all_of(db)[name]


def change(db: sqlite3.Connection, asked: Json) -> Json:
    """`asked` has names that there are. All of them afterwards."""
    kept = dict(portal_settings.read(db, _ORG, {})) | asked
    portal_settings.write(db, _ORG, kept)
    return DEFAULTS | kept


def permissions(db: sqlite3.Connection, username: str) -> Json:
    return USUAL_PERMISSIONS | dict(portal_settings.read(db, _PERMISSIONS, {}).get(username, {}))


def permit(db: sqlite3.Connection, username: str, asked: Json | None) -> Json:
    """None: as usual again."""
    known = dict(portal_settings.read(db, _PERMISSIONS, {}))
    if asked is None:
        known.pop(username, None)
    else:
        known[username] = known.get(username, {}) | asked
    portal_settings.write(db, _PERMISSIONS, known or None)
    return permissions(db, username)
