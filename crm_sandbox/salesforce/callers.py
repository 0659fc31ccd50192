"""Who calls, with what the user may see and do and what the headers ask for."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace

from crm_sandbox.salesforce import settings
from crm_sandbox.salesforce.errors import OrgError, no_type
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, Request

NEWEST = "68.0"
# These are for admins: they are read only.
FOR_ADMINS = (
    *("User", "Group", "QueueSobject", "GroupMember", "LeadStatus", "TaskStatus", "OpportunityStage"),
    "Organization",
)
_DOING = {"create": "create", "edit": "update", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class OrgCaller:
    """`auto_assign`: whether the assignment rule is run. `person`: somebody in the CRM, whom no permission binds here.

    `allow_save`, `details` and `as_user` are the parts of Sforce-Duplicate-Rule-Header.
    """

    user_id: str
    username: str
    person: bool = False
    transfer: bool = True
    edit_converted: bool = True
    hidden: Json = field(default_factory=dict)
    denied: Json = field(default_factory=dict)
    auto_assign: bool = False
    allow_save: bool = False
    details: bool = False
    as_user: bool = False
    version: str = NEWEST
    batch_size: int = 2000
    # Records of this call, for automations that break in large ones.
    records: int = 1

    def may(self, right: str, type: str) -> bool:
        return right not in self.denied.get(type, ())

    def sees(self, type: str, name: str) -> bool:
        return name not in self.hidden.get(type, ())

    def sees_row(self, row: OrgRecord) -> bool:
        owner = row.fields.get("OwnerId")
        return self.may("view_all", row.type) or owner is None or owner == self.user_id

    def check(self, right: str, type: str) -> None:
        """Raises OrgError: an object that may not be read does not exist for the user."""
        if not self.may("read", type):
            raise no_type(type)
        if type in FOR_ADMINS:
            raise OrgError(
                400, "INVALID_TYPE_FOR_OPERATION", f"entity type {type} does not support {_DOING[right]}"
            )
        if not self.may(right, type):
            raise OrgError(403, "INSUFFICIENT_ACCESS_OR_READONLY", f"no {right} access on {type}", fields=[])


def person(user: OrgRecord) -> OrgCaller:
    """Somebody of the CRM, whose acts run through the user interface: what only warns is clicked away."""
    return OrgCaller(user.id, user.get("Username"), person=True, allow_save=True)


def of(db: sqlite3.Connection, *, user: OrgRecord, version: str) -> OrgCaller:
    username = user.get("Username")
    may = settings.permissions(db, username)
    return OrgCaller(
        user.id,
        username,
        transfer=bool(may["transfer"]),
        edit_converted=bool(may["edit_converted"]),
        hidden=may["hidden"],
        denied=may["denied"],
        version=version,
    )


def asking(caller: OrgCaller, request: Request) -> OrgCaller:
    """With what the headers of this call, or of this part of a composite one, ask for."""
    headers = request.headers
    rule = {
        name.strip().lower(): value.strip().lower() == "true"
        for name, _, value in (
            part.partition("=") for part in headers.get("sforce-duplicate-rule-header", "").split(";")
        )
    }
    options = headers.get("sforce-query-options", "").lower().replace(" ", "")
    size = options.removeprefix("batchsize=")
    return replace(
        caller,
        auto_assign=headers.get("sforce-auto-assign", "").strip().lower() != "false",
        allow_save=rule.get("allowsave", False),
        details=rule.get("includerecorddetails", False),
        as_user=rule.get("runascurrentuser", False),
        batch_size=min(2000, max(200, int(size))) if size.isdigit() else 2000,
    )
