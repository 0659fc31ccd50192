"""/control/salesforce: what stands in the org's records, and what was written to them, whatever fault strikes the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from crm_sandbox.control_requests import BadControl
from crm_sandbox.salesforce import definitions, ids, rows
from crm_sandbox.salesforce.errors import not_found
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.wire import Json, Reply, Request, digits

MOST = 1000


def read(org: Org, request: Request, name: str, id: str) -> Reply:
    """Deleted ones too. With `?field=Email` the live one that has this value there, the one made last of several."""
    type, field = definitions.named(name), request.parameter("field")
    with org.store.reading() as db:
        if field:
            found = org.definitions.spelled(db, type, field)
            if not found:
                raise BadControl(f"{type} has no field {field}.")
            row = next(reversed(rows.holding(db, type=type, name=found, value=id)), None)
        else:
            number = ids.read(id)
            row = rows.get(db, number) if number else None
    if row is None or row.type != type:
        raise not_found(f"There is no {type} {id}")
    return Reply(200, _shown(row))


def listed(org: Org, request: Request, name: str) -> Reply:
    """By id, deleted ones too; `after` of the answer asks for those that follow."""
    type = definitions.named(name)
    with org.store.reading() as db:
        page = rows.listed(db, type, after=request.parameter("after"), limit=MOST)
    return Reply(
        200, {"records": [_shown(row) for row in page], "after": page[-1].id if len(page) == MOST else None}
    )


def changes(org: Org, request: Request, name: str) -> Reply:
    """Every write in its order, with the values that are others since; null for one that is empty now."""
    type = definitions.named(name)
    if type not in rows.TOLD:
        raise BadControl(f"Writes are kept of {', '.join(rows.TOLD)}.")
    after = digits(request.parameter("after", "0"))
    if after is None:
        raise BadControl("after is a number.")
    with org.store.reading() as db:
        page = rows.changes(db, type, after=after, limit=MOST)
        people = {row.id: row.get("Username") for row in rows.all_of(db, "User")}
    told = [
        {
            "id": each["id"],
            "at": each["at"],
            "by": people.get(each["by"], each["by"]),
            "fields": json.loads(each["fields"]),
        }
        for each in page
    ]
    return Reply(200, {"changes": told, "after": page[-1]["number"] if len(page) == MOST else None})


def _shown(row: OrgRecord) -> Json:
    return {"id": row.id, "deleted": row.deleted, "fields": row.fields}


ROUTES: Sequence[tuple[str, str, Callable[..., Reply]]] = (
    ("GET", r"(\w+)/changes", changes),
    ("GET", r"(\w+)/([^/]+)", read),
    ("GET", r"(\w+)", listed),
)
