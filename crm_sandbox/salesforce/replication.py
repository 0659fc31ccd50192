"""sobjects/X/updated and deleted: ids of what changed in a span of time, in whole minutes."""

from __future__ import annotations

from crm_sandbox.salesforce import moments
from crm_sandbox.salesforce.callers import OrgCaller
from crm_sandbox.salesforce.errors import OrgError
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.row_calls import readable
from crm_sandbox.wire import Json, Reply, Request

_UPDATED_DAYS, _DELETED_DAYS = 30, 15
MOST = 600_000


def updated(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    type = readable(caller, name)
    start, end = _span(request, days=_UPDATED_DAYS)
    with org.store.reading() as db:
        found = db.execute(
            "SELECT id, json_extract(fields, '$.OwnerId') AS owner FROM org_records WHERE type = ? AND NOT deleted "
            "AND json_extract(fields, '$.SystemModstamp') >= ? AND json_extract(fields, '$.SystemModstamp') < ? "
            "ORDER BY json_extract(fields, '$.SystemModstamp'), id",
            (type, start, end),
        ).fetchall()
    seen = [
        row["id"]
        for row in found
        if caller.may("view_all", type) or row["owner"] is None or row["owner"] == caller.user_id
    ]
    if len(seen) > MOST:
        raise OrgError(400, "EXCEEDED_ID_LIMIT", "too many ids in this span")
    return Reply(200, {"ids": seen, "latestDateCovered": _covered(end)}, records=len(seen))


def deleted(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    type = readable(caller, name)
    start, end = _span(request, days=_DELETED_DAYS)
    with org.store.reading() as db:
        found = db.execute(
            "SELECT id, json_extract(fields, '$.SystemModstamp') AS at FROM org_records WHERE type = ? AND deleted "
            "AND at >= ? AND at < ? ORDER BY at, id",
            (type, start, end),
        ).fetchall()
    body: Json = {
        "deletedRecords": [{"deletedDate": row["at"], "id": row["id"]} for row in found],
        "earliestDateAvailable": moments.read(moments.in_days(-_DELETED_DAYS) + "T00:00:00Z"),
        "latestDateCovered": _covered(end),
    }
    return Reply(200, body, records=len(found))


def _span(request: Request, *, days: int) -> tuple[str, str]:
    """Whole minutes: seconds are ignored. Raises OrgError."""
    found = []
    for name in ("start", "end"):
        # A plus that was not escaped arrives as a blank.
        stored = moments.read(request.parameter(name).replace(" ", "+"))
        if stored is None:
            raise OrgError(400, "INVALID_REPLICATION_DATE", f"{name} is not a date with a time")
        found.append(f"{stored[:16]}:00.000+0000")
    start, end = found
    if start >= end:
        raise OrgError(
            400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute greater than endDate"
        )
    if start[:10] < moments.in_days(-days):
        raise OrgError(
            400, "INVALID_REPLICATION_DATE", f"startDate before org replication enabled date or {days} days"
        )
    return start, end


def _covered(end: str) -> str:
    return min(end, f"{moments.now()[:16]}:00.000+0000")
