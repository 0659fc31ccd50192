"""/ and /contacts/{id}: what the CRM holds and what was called, for people to look at."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from string import Template

from crm_sandbox import records, search_lag, widgets
from crm_sandbox.hubspot import associations, owners
from crm_sandbox.hubspot.kinds import KINDS
from crm_sandbox.records import Record
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.widgets import Html, text
from crm_sandbox.wire import Reply, Request, iso, now_ms

_SHELL = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
MOST_ROWS = 50
_DONE = ("COMPLETED", "DEFERRED")


def answer(sandbox: Sandbox, request: Request) -> Reply:
    match = re.fullmatch(r"/contacts/([0-9]{1,18})", request.path.rstrip("/"))
    query = request.parameter("q").strip()
    if request.method not in ("GET", "HEAD") or (request.path not in ("/", "") and not match):
        return Reply(404, {"error": "There are /, /contacts/{id}, /hubspot/... and /control/..."})
    with sandbox.store.reading() as db:
        if not match:
            return _html(_overview(db, sandbox=sandbox, query=query), title="CRM sandbox", query=query)
        record = records.get(db, kind="contacts", id=int(match[1]))
        if record is None:
            gone = Html(f'<section><p class="empty">There is no contact {match[1]}.</p></section>')
            return _html(gone, title="CRM sandbox", status=404)
        return _html(_contact(db, record=record), title=f"{_name(record)} · CRM sandbox")


def _html(main: Html, *, title: str, query: str = "", status: int = 200) -> Reply:
    page = _SHELL.substitute(main=main, title=text(title), query=text(query))
    return Reply(status, page, {"Cache-Control": "no-store"}, content_type="text/html; charset=utf-8")


def _overview(db: sqlite3.Connection, *, sandbox: Sandbox, query: str) -> Html:
    people = _owners(db)
    words = query.casefold().split()
    done = [records.count(db, kind="tasks", having=("hs_task_status", status)) for status in _DONE]
    recent = sandbox.calls.newest(count=1000)
    since = iso(now_ms() - 60_000)
    last_minute = [call for call in recent if call["at"] >= since]
    refused = sum(1 for call in last_minute if not 200 <= call["status"] < 300)
    stats = widgets.stats(
        {
            "contacts": records.count(db, kind="contacts"),
            "companies": records.count(db, kind="companies"),
            "open tasks": records.count(db, kind="tasks") - sum(done),
            "calls in the last minute": len(last_minute),
            "of them refused": refused,
            "webhooks waiting": sandbox.webhooks.waiting(),
        }
    )
    trouble = [
        *(
            f"{fault['target']} {fault['kind']} {fault.get('status') or ''} ({fault['rate']:.0%})"
            for fault in (fault.shown() for fault in sandbox.faults.active())
        ),
        *(
            f"{each['target']} {each['calls']} calls per {each['per_seconds']:g} s"
            for each in sandbox.limits.active()
        ),
        *([f"searches are {lag / 1000:g} s behind"] if (lag := search_lag.milliseconds(db)) else []),
    ]
    contacts = list(islice(_matching(db, kind="contacts", words=words, people=people), MOST_ROWS))
    tasks = list(islice(_matching(db, kind="tasks", words=words, people=people), MOST_ROWS))
    return widgets.join(
        stats,
        widgets.alert("Trouble on request: " + ", ".join(trouble)) if trouble else Html(""),
        _contact_table(contacts, people=people, query=query),
        _task_table(db, tasks, people=people, query=query),
        widgets.calls(recent[:MOST_ROWS]),
    )


def _contact_table(found: list[Record], *, people: dict[str, str], query: str) -> Html:
    rows = []
    for record in found:
        value = record.properties.get
        rows.append(
            [
                widgets.cell(widgets.link(f"/contacts/{record.id}", _name(record)), under=value("email", "")),
                widgets.cell(text(value("company", "")), under=value("jobtitle", "")),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(widgets.tag(value("hs_lead_status", "").replace("_", " ").capitalize())),
                widgets.cell(
                    widgets.segment(value("leadops_segment", ""), points=value("leadops_score", ""))
                ),
                widgets.cell(widgets.moment(record.updated_at), class_="t"),
                widgets.cell(text(f"#{record.id}"), class_="n"),
            ]
        )
    heads = ["Contact", "Company", "Owner", "Lead status", "Segment", "Changed", "ID"]
    empty = (
        f"No contact matches “{query}”."
        if query
        else "No contacts yet. They appear here once they are written."
    )
    return widgets.table("Contacts", heads=heads, rows=rows, note=_note(rows), empty=empty, right=("ID",))


def _task_table(
    db: sqlite3.Connection, found: list[Record], *, people: dict[str, str], query: str = ""
) -> Html:
    rows = []
    for record in found:
        value = record.properties.get
        linked = associations.linked(
            db, start=KINDS["tasks"], start_id=record.id, end=KINDS["contacts"], limit=3
        )
        contacts = [records.get(db, kind="contacts", id=number) for number in linked]
        rows.append(
            [
                widgets.cell(text(value("hs_task_subject", "Task")), under=value("hs_task_type", "").lower()),
                widgets.cell(
                    widgets.join(
                        *(widgets.link(f"/contacts/{each.id}", _name(each)) for each in contacts if each),
                        between=", ",
                    )
                ),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(widgets.due(value("hs_timestamp", ""), open=_is_open(record)), class_="t"),
                widgets.cell(widgets.task_status(value("hs_task_status", ""))),
                widgets.cell(widgets.tag(value("hs_task_priority", "").capitalize())),
                widgets.cell(text(f"#{record.id}"), class_="n"),
            ]
        )
    heads = ["Task", "Contact", "Assigned to", "Due", "Status", "Priority", "ID"]
    empty = f"No task matches “{query}”." if query else "No tasks."
    return widgets.table("Tasks", heads=heads, rows=rows, note=_note(rows), empty=empty, right=("ID",))


def _contact(db: sqlite3.Connection, *, record: Record) -> Html:
    people = _owners(db)
    linked = associations.linked(db, start=KINDS["contacts"], start_id=record.id, end=KINDS["tasks"])
    tasks = [task for number in linked if (task := records.get(db, kind="tasks", id=number))]
    facts = [
        (name, f"{people[value]} ({value})" if name == "hubspot_owner_id" and value in people else value)
        for name, value in sorted(record.properties.items())
    ]
    changes = [
        [
            widgets.cell(widgets.moment(row["at"]), class_="t"),
            widgets.cell(text(row["property"]), under=people.get(row["value"], row["value"]) or "cleared"),
            widgets.cell(widgets.tag("a person" if row["source"] == "CRM_UI" else "the API")),
        ]
        for row in records.changes(db, kind="contacts", id=record.id)[:200]
    ]
    return widgets.join(
        widgets.heading(_name(record), under=f"Contact #{record.id}"),
        Html('<div class="two"><div>'),
        widgets.facts("Properties", facts),
        Html("</div><div>"),
        widgets.table(
            "Changes", heads=["When", "Property", "By"], rows=changes, note="newest first", empty="None."
        ),
        Html("</div></div>"),
        _task_table(db, tasks, people=people),
    )


def _matching(
    db: sqlite3.Connection, *, kind: str, words: list[str], people: dict[str, str]
) -> Iterator[Record]:
    def fits(record: Record) -> bool:
        shown = [record.properties.get(name, "") for name in (*KINDS[kind].searched, "hubspot_owner_id")]
        shown.append(people.get(shown[-1], ""))
        haystack = " ".join([f"#{record.id}", *shown]).casefold()
        return all(word in haystack for word in words)

    # Names of owners stand elsewhere; any other word stands in the record, which its id does too.
    names = " ".join(people.values()).casefold()
    written = [word.lstrip("#") for word in words if word not in names]
    return filter(fits, records.newest(db, kind=kind, words=written))


def _owners(db: sqlite3.Connection) -> dict[str, str]:
    shown = (owners.shown(row) for row in db.execute("SELECT * FROM owners"))
    return {each["id"]: f"{each['firstName']} {each['lastName']}".strip() for each in shown}


def _name(record: Record) -> str:
    value = record.properties.get
    return f"{value('firstname', '')} {value('lastname', '')}".strip() or value(
        "email", f"Contact {record.id}"
    )


def _is_open(task: Record) -> bool:
    return task.properties.get("hs_task_status") not in _DONE


def _note(rows: list[list[Html]]) -> str:
    return f"newest {MOST_ROWS}" if len(rows) == MOST_ROWS else "newest first"
