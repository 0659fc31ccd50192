"""Who and what is there before anybody has written: users, queues, and the values that statuses and stages have."""

from __future__ import annotations

import sqlite3

from crm_sandbox.salesforce import moments, rows, settings
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json

ADMIN, AUTOMATION = "admin@acme.test", "autoproc@acme.test"
# The people of the demo configuration; the last one has left.
PEOPLE = (
    ("alice@acme.test", "Alice Ames", True),
    ("bob@acme.test", "Bob Burke", True),
    ("carla@acme.test", "Carla Cruz", True),
    ("maria@acme.test", "Maria Mann", True),
    ("dieter@acme.test", "Dieter Dorn", True),
    ("eva@acme.test", "Eva Ernst", True),
    ("frank@acme.test", "Frank Fuchs", False),
)
_PROGRAMS = (
    (settings.INTEGRATION_USER, "leadops Integration", "Standard"),
    (ADMIN, "System Administrator", "Standard"),
    (AUTOMATION, "Automated Process", "AutomatedProcess"),
)
# A queue takes records of the objects that it is made for; one of no object takes none.
QUEUES = (
    ("Triage", ("Lead",)),
    ("Partner desk", ("Lead",)),
    ("Nurture", ("Lead", "Task")),
    ("Support", ("Case",)),
)
_LEAD_CONVERTED, _TASK_CLOSED = ("Closed - Converted",), ("Completed",)
_STAGES = (
    ("Prospecting", 10, "Pipeline"),
    ("Qualification", 10, "Pipeline"),
    ("Needs Analysis", 20, "Pipeline"),
    ("Value Proposition", 50, "Pipeline"),
    ("Id. Decision Makers", 60, "Pipeline"),
    ("Perception Analysis", 70, "Pipeline"),
    ("Proposal/Price Quote", 75, "Best Case"),
    ("Negotiation/Review", 90, "Commit"),
    ("Closed Won", 100, "Closed"),
    ("Closed Lost", 0, "Omitted"),
)
_LEAD_STATUSES = (
    "Open - Not Contacted",
    "Working - Contacted",
    "Closed - Converted",
    "Closed - Not Converted",
)
_TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")


def engage(db: sqlite3.Connection) -> None:
    """Into an org that has nobody yet."""
    if rows.count(db, "User"):
        return
    organization: Json = {"Name": "Acme", "InstanceName": "EU42", "IsSandbox": True}
    _add(
        db,
        "Organization",
        organization | {"OrganizationType": "Enterprise Edition", "TimeZoneSidKey": "Europe/Berlin"},
    )
    for username, name, kind in _PROGRAMS:
        put_user(db, username=username, asked={"Name": name, "Email": username, "UserType": kind})
    for username, name, active in PEOPLE:
        put_user(db, username=username, asked={"Name": name, "Email": username, "IsActive": active})
    for name, objects in QUEUES:
        put_queue(db, name=name, objects=list(objects), members=[])
    for place, status in enumerate(_LEAD_STATUSES, start=1):
        _status(
            db,
            "LeadStatus",
            status,
            place,
            {"IsDefault": place == 1, "IsConverted": status in _LEAD_CONVERTED},
        )
    for place, status in enumerate(_TASK_STATUSES, start=1):
        _status(
            db, "TaskStatus", status, place, {"IsDefault": place == 1, "IsClosed": status in _TASK_CLOSED}
        )
    for place, (stage, probability, forecast) in enumerate(_STAGES, start=1):
        more: Json = {
            "IsActive": True,
            "IsClosed": stage.startswith("Closed"),
            "IsWon": probability == 100,
            "DefaultProbability": probability,
            "ForecastCategoryName": forecast,
        }
        _status(db, "OpportunityStage", stage, place, more)


def user_called(db: sqlite3.Connection, username: str) -> OrgRecord | None:
    """Also one who is not active."""
    found = rows.holding(db, type="User", name="Username", value=username)
    return found[0] if found else None


def queue_called(db: sqlite3.Connection, name: str) -> OrgRecord | None:
    found = rows.holding(db, type="Group", name="Name", value=name)
    return found[0] if found else None


def put_user(db: sqlite3.Connection, *, username: str, asked: Json) -> OrgRecord:
    """A new user, or other values for the one with this username."""
    there = user_called(db, username)
    usual: Json = {
        "Username": username,
        "Email": username,
        "IsActive": True,
        "UserType": "Standard",
        "Alias": username.partition("@")[0][:8],
        "TimeZoneSidKey": "Europe/Berlin",
        "LocaleSidKey": "en_US",
    }
    fields = (there.fields if there else usual) | asked
    first, _, last = str(fields.get("Name") or username).strip().rpartition(" ")
    fields |= {"Name": f"{first} {last}".strip(), "FirstName": first or None, "LastName": last}
    if there is None:
        return _add(db, "User", fields)
    there.fields = fields | {"SystemModstamp": moments.now(), "LastModifiedDate": moments.now()}
    rows.save(db, there)
    return there


def put_queue(db: sqlite3.Connection, *, name: str, objects: list[str], members: list[str]) -> OrgRecord:
    """`members` are ids of users. What the queue is for and who is in it are those and no others."""
    queue = queue_called(db, name)
    if queue is None:
        developer = name.title().replace(" ", "_")
        queue = _add(db, "Group", {"Name": name, "DeveloperName": developer, "Type": "Queue"})
    for type, key in (("QueueSobject", "QueueId"), ("GroupMember", "GroupId")):
        for row in rows.all_of(db, type):
            if row.fields[key] == queue.id:
                row.deleted = True
                rows.save(db, row)
    for each in objects:
        _add(db, "QueueSobject", {"QueueId": queue.id, "SobjectType": each})
    for each in members:
        _add(db, "GroupMember", {"GroupId": queue.id, "UserOrGroupId": each})
    return queue


def takes(db: sqlite3.Connection, *, queue: OrgRecord, type: str) -> bool:
    return any(
        row.fields["QueueId"] == queue.id and row.fields["SobjectType"] == type
        for row in rows.all_of(db, "QueueSobject")
    )


def organization_id(db: sqlite3.Connection) -> str:
    return rows.all_of(db, "Organization")[0].id


def status_values(db: sqlite3.Connection, type: str) -> dict[str, Json]:
    """Of LeadStatus, TaskStatus or OpportunityStage by name."""
    return {row.fields["MasterLabel"]: row.fields for row in rows.all_of(db, type)}


def _status(db: sqlite3.Connection, type: str, name: str, place: int, more: Json) -> None:
    _add(db, type, {"MasterLabel": name, "ApiName": name, "SortOrder": place} | more)


def _add(db: sqlite3.Connection, type: str, fields: Json) -> OrgRecord:
    at = moments.now()
    admin = user_called(db, ADMIN)
    by = {"CreatedById": admin.id, "LastModifiedById": admin.id} if admin else {}
    return rows.add(
        db, type=type, fields=fields | {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at} | by
    )
