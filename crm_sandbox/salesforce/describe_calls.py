"""What the org is made of: versions, limits, objects and their fields."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from crm_sandbox.salesforce import definitions, describe_shapes, rows, settings, shown
from crm_sandbox.salesforce.callers import FOR_ADMINS, OrgCaller
from crm_sandbox.salesforce.ids import PREFIXES
from crm_sandbox.salesforce.org import PREFIX, Org
from crm_sandbox.salesforce.row_calls import readable
from crm_sandbox.wire import Json, Reply, Request

_SEASONS = ("Winter '{:02d}", "Spring '{:02d}", "Summer '{:02d}")
_NEWEST_NAMED = (68, 0, 27)


def versions(org: Org) -> Reply:
    """GET services/data: needs no token."""
    with org.store.reading() as db:
        known = settings.all_of(db)
    return Reply(
        200,
        [
            {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(known["oldest_version"], known["newest_version"] + 1)
        ],
    )


def _label(version: int) -> str:
    """Three releases a year; v68 is Winter '27."""
    number, season, year = _NEWEST_NAMED
    ago = number - version
    place = season - ago
    return _SEASONS[place % 3].format(year + place // 3)


def resources(org: Org, caller: OrgCaller, request: Request) -> Reply:
    base = f"/services/data/v{caller.version}"
    names = ("sobjects", "query", "queryAll", "composite", "limits")
    return Reply(200, {name: f"{base}/{name}" for name in names})


def limits(org: Org, caller: OrgCaller, request: Request) -> Reply:
    with org.store.reading() as db:
        known = settings.all_of(db)
        records = sum(rows.count(db, type) for type in ("Lead", "Contact", "Account", "Opportunity", "Task"))
    used = org.usage.used()
    megabytes = 10 if known["storage_full"] else 10_240
    stored = 10 if known["storage_full"] else min(megabytes, records * 2 // 1024)
    body: Json = {
        "ConcurrentAsyncGetReportInstances": {"Max": 200, "Remaining": 200},
        "DailyApiRequests": {"Max": known["daily_calls"], "Remaining": max(0, known["daily_calls"] - used)},
        "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
        "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
        "DailyStreamingApiEvents": {"Max": 200_000, "Remaining": 200_000},
        "DataStorageMB": {"Max": megabytes, "Remaining": megabytes - stored},
        "FileStorageMB": {"Max": 10_240, "Remaining": 10_240},
        "HourlyPublishedPlatformEvents": {"Max": 250_000, "Remaining": 250_000},
        "MonthlyPlatformEventsUsageEntitlement": {"Max": 0, "Remaining": 0},
        "SingleEmail": {"Max": 5_000, "Remaining": 5_000},
    }
    return Reply(200, body)


def every(org: Org, caller: OrgCaller, request: Request) -> Reply:
    """GET sobjects"""
    with org.store.reading() as db:
        changed = definitions.changed_at(db)
    if unchanged := _unchanged(request, changed):
        return unchanged
    names = [name for name in sorted(PREFIXES) if caller.may("read", name)]
    body: Json = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": []}
    for name in names:
        whole = definitions.sobject(name)
        base = f"/services/data/v{caller.version}/sobjects/{name}"
        urls = {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base}
        body["sobjects"].append({key: whole[key] for key in describe_shapes.IN_LIST} | {"urls": urls})
    return Reply(200, body, _dated(changed))


def one(org: Org, caller: OrgCaller, request: Request, name: str) -> Reply:
    """GET sobjects/X/describe: the fields that the user may see."""
    type = readable(caller, name)
    with org.store.reading() as db:
        changed = definitions.changed_at(db)
        fields = shown.visible(db, org=org, caller=caller, type=type)
        instance = settings.one(db, "instance")
    if unchanged := _unchanged(request, changed):
        return unchanged
    body = definitions.sobject(type)
    for right, flag in (("create", "createable"), ("edit", "updateable"), ("delete", "deletable")):
        body[flag] = bool(body[flag]) and type not in FOR_ADMINS and caller.may(right, type)
    body["fields"] = [
        made
        | {
            "createable": made["createable"] and body["createable"],
            "updateable": made["updateable"] and body["updateable"],
        }
        for made in fields.values()
    ]
    body["urls"] = describe_shapes.urls(
        type, version=caller.version, pages=f"{request.base_url}{PREFIX}/{instance}"
    )
    return Reply(200, body, _dated(changed))


def _dated(changed: int) -> dict[str, str]:
    return {"Last-Modified": format_datetime(datetime.fromtimestamp(changed, tz=UTC), usegmt=True)}


def _unchanged(request: Request, changed: int) -> Reply | None:
    """304, where the client has what there is. A header that is no date is as none."""
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return None
    return Reply(304, None, _dated(changed)) if changed <= since.timestamp() else None
