"""Who may own what: users for everything, queues for what they are made for, nobody who has left."""

from __future__ import annotations

import sqlite3

from crm_sandbox.salesforce import ids, rows, staff
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import no_access, refused
from crm_sandbox.salesforce.rows import OrgRecord


def check(db: sqlite3.Connection, *, type: str, owner_id: str) -> None:
    """Raises OrgError."""
    owner = rows.get(db, owner_id)
    if owner is None or owner.deleted:
        raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if owner.type == "Group":
        if type not in ("Lead", "Task"):
            raise refused(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Owner ID: id value of incorrect type: {owner_id}",
                fields=["OwnerId"],
            )
        if not staff.takes(db, queue=owner, type=type):
            raise refused(
                "INVALID_CROSS_REFERENCE_KEY",
                "Queue not associated with this SObject type",
                fields=["OwnerId"],
            )
        return
    if not owner.fields.get("IsActive"):
        raise refused(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{owner_id[:15]}] as owner of {type.lower()}",
            fields=["OwnerId"],
        )
    if owner.get("UserType") != "Standard":
        raise refused(
            "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
            "Operation not valid for this user type",
            fields=["OwnerId"],
        )


def check_transfer(caller: OrgCaller, row: OrgRecord) -> None:
    """Raises OrgError: another owner for what is not one's own needs a permission."""
    if not caller.transfer and row.fields.get("OwnerId") != caller.user_id:
        raise no_access("insufficient access rights on object id")


def id_of(db: sqlite3.Connection, name: str) -> str | None:
    """Of a user by username, of a queue by name, or an id as it is."""
    found = staff.user_called(db, name) or staff.queue_called(db, name)
    if found is not None:
        return found.id
    id = ids.read(name)
    return id if id and ids.type_of(id) in ("User", "Group") and rows.get(db, id) else None
