"""/org and /org/{id}: what the org holds and what was called, and a person of it to be played."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from crm_sandbox import shell, widgets
from crm_sandbox.salesforce import automation, moments, org_forms, org_tables, rows, settings
from crm_sandbox.salesforce.ids import read
from crm_sandbox.salesforce.org import Org
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.widgets import Html, text
from crm_sandbox.wire import Json, Reply, Request, iso, now_ms

HOME = shell.SALESFORCE[0]
_RECORD = re.compile(rf"{HOME}/(\w+)")
_PLAYED = ("Lead", "Contact")


def answer(
    org: Org,
    request: Request,
    *,
    wrong: str,
    done: str,
    calls: Sequence[Json],
    faults: Sequence[Json],
    waiting: int,
) -> Reply:
    """`wrong` and `done`: what was wrong with a form of this page, or what it did. `calls`: newest first."""
    path, query = request.path.rstrip("/"), request.parameter("q").strip()
    match = _RECORD.fullmatch(path)
    if request.method not in ("GET", "HEAD") or (path != HOME and not match):
        return Reply(404, {"error": f"There are {HOME} and {HOME}/{{id}}"})
    said = widgets.alert(wrong, mood="bad") if wrong else Html("")
    if done:
        said = widgets.alert(done, mood="good")
    status = 400 if wrong else 200
    with org.store.reading() as db:
        if not match:
            main = _overview(db, org=org, query=query, calls=calls, faults=faults, waiting=waiting)
            whole = widgets.join(said, main)
            return shell.page(
                whole, title="CRM sandbox", address=HOME, of=shell.SALESFORCE, query=query, status=status
            )
        row = rows.get(db, read(match[1]) or "")
        if row is None:
            gone = Html(f'<section><p class="empty">There is no record {text(match[1])}.</p></section>')
            whole = widgets.join(said, gone)
            return shell.page(whole, title="CRM sandbox", address=path, of=shell.SALESFORCE, status=404)
        whole = widgets.join(said, _record(db, row))
        title = f"{_called(row)} · CRM sandbox"
        return shell.page(whole, title=title, address=f"{HOME}/{row.id}", of=shell.SALESFORCE, status=status)


def _overview(
    db: sqlite3.Connection,
    *,
    org: Org,
    query: str,
    calls: Sequence[Json],
    faults: Sequence[Json],
    waiting: int,
) -> Html:
    names, words = org_tables.people(db), query.casefold().split()
    since = iso(now_ms() - 60_000)
    last_minute = [call for call in calls if call["at"] >= since]
    stats = widgets.stats(
        {
            "leads": rows.count(db, "Lead"),
            "contacts": rows.count(db, "Contact"),
            "opportunities": rows.count(db, "Opportunity"),
            "calls in the last minute": len(last_minute),
            "of them refused": sum(1 for call in last_minute if not 200 <= call["status"] < 400),
            "left of the day": max(0, settings.one(db, "daily_calls") - org.usage.used()),
            "messages waiting": waiting,
        }
    )
    trouble = [
        *(f"{each['kind']} {each.get('status') or ''} ({each['rate']:.0%})" for each in faults),
        *([f"the assignment rule gives leads to {rule}"] if (rule := automation.assignment_rule(db)) else []),
        *(["its storage is full"] if settings.one(db, "storage_full") else []),
    ]
    found = {
        type: org_tables.newest(db, type, words=words, names=names)
        for type in ("Lead", "Contact", "Opportunity", "Task")
    }
    accounts = org_tables.of_ids(db, [*found["Contact"], *found["Opportunity"]], "AccountId")
    who = org_tables.of_ids(db, found["Task"], "WhoId")
    deals = org_tables.opportunities(
        found["Opportunity"], names=names, accounts=accounts, back=HOME, query=query
    )
    return widgets.join(
        widgets.live("stats", stats),
        widgets.live("trouble", widgets.alert("On request: " + ", ".join(trouble)))
        if trouble
        else Html('<div id="trouble" data-live></div>'),
        org_forms.of_overview(db),
        widgets.live("leads", org_tables.leads(found["Lead"], names=names, query=query)),
        widgets.live(
            "contacts", org_tables.contacts(found["Contact"], names=names, accounts=accounts, query=query)
        ),
        widgets.live("opportunities", deals),
        widgets.live("tasks", org_tables.tasks(found["Task"], names=names, who=who, query=query)),
        widgets.live("calls", widgets.calls(calls[: org_tables.MOST_ROWS])),
    )


def _called(row: OrgRecord) -> str:
    return row.get("Name") or row.get("Subject") or f"{row.type} {row.id}"


def _record(db: sqlite3.Connection, row: OrgRecord) -> Html:
    """Of a lead or a contact what belongs to it, and what a person can do with it; of others what they have."""
    names, back = org_tables.people(db), f"{HOME}/{row.id}"
    under = f"{row.type} {row.id}" + (" · in the recycle bin" if row.deleted else "")
    if row.fields.get("IsConverted"):
        under += " · converted"
    facts = [(name, _told(db, names, value)) for name, value in sorted(row.fields.items())]
    name = widgets.live("name", widgets.heading(_called(row), under=under))
    all_fields = widgets.live("facts", widgets.facts("Fields", facts))
    if row.type not in _PLAYED:
        return widgets.join(name, all_fields)
    tasks = rows.holding(db, type="Task", name="WhoId", value=row.id, exact=True)
    deals = rows.holding(db, type="Opportunity", name="ContactId", value=row.id, exact=True)
    who = {row.id: row}
    accounts = org_tables.of_ids(db, deals, "AccountId")
    made = org_tables.opportunities(deals[::-1], names=names, accounts=accounts, back=back)
    return widgets.join(
        name,
        org_forms.of_record(db, row),
        Html('<div class="two"><div>'),
        widgets.live("tasks", org_tables.tasks(tasks[::-1], names=names, who=who)),
        widgets.live("opportunities", made) if row.type == "Contact" else Html(""),
        Html("</div><div>"),
        all_fields,
        Html("</div></div>"),
    )


def _told(db: sqlite3.Connection, names: dict[str, str], value: object) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    if shown.endswith(".000+0000"):
        return iso(moments.milliseconds(shown)).replace("T", " ").replace(".000Z", " UTC")
    if shown in names:
        return f"{names[shown]} ({shown})"
    other = rows.get(db, shown) if read(shown) == shown else None
    return f"{other.get('Name')} ({shown})" if other is not None else shown
