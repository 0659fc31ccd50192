"""/webhook: the tickets of the desk, and the messages that they were made of."""

from __future__ import annotations

import json
import sqlite3

from crm_sandbox import shell, widgets
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.webhook import desk
from crm_sandbox.widgets import Html, cell, person, tag, text
from crm_sandbox.wire import Reply, Request

HOME = shell.WEBHOOK[0]
_MOST = 200


def answer(sandbox: Sandbox, request: Request) -> Reply:
    if request.path.rstrip("/") != HOME:
        return Reply(404, {"error": f"There is {HOME}"})
    query = request.parameter("q").strip()
    faults = [
        f"{fault['kind']} {fault.get('status') or ''} ({fault['rate']:.0%})"
        for fault in (each.shown() for each in sandbox.faults.active())
        if fault["target"] == "webhook"
    ]
    with sandbox.store.reading() as db:
        main = widgets.join(
            widgets.live("trouble", widgets.alert("Trouble on request: " + ", ".join(faults)))
            if faults
            else Html('<div id="trouble" data-live></div>'),
            widgets.live("tickets", _tickets(db, query=query)),
            widgets.live("messages", _messages(db, query=query)),
            widgets.live("calls", widgets.calls(sandbox.calls.newest(target="webhook", count=100))),
        )
    return shell.page(main, title="CRM sandbox", address=HOME, of=shell.WEBHOOK, query=query)


def _tickets(db: sqlite3.Connection, *, query: str) -> Html:
    rows = []
    for each in desk.tickets(db):
        said = each.fields.get
        name = " ".join(filter(None, (said("first_name"), said("last_name")))) or str(said("email") or "")
        holder = said("owner") or said("queue") or ""
        if query.casefold() not in " ".join(map(str, (each.id, *each.fields.values()))).casefold():
            continue
        rows.append(
            [
                cell(text(each.id)),
                cell(text(name), under=str(said("company") or "")),
                cell(person(str(holder))),
                cell(tag(str(said("status") or ""))),
                cell(text(str(said("contacted_at") or ""))),
                cell(text(str(each.version)), class_="n"),
                cell(widgets.moment(each.changed_at)),
            ]
        )
    return widgets.table(
        "Tickets",
        heads=["Ticket", "Who", "Owner or queue", "Status", "Contacted at", "Version", "Heard of"],
        rows=rows[:_MOST],
        note="one for each lead",
        empty="Nobody has told of a lead yet.",
        right=("Version",),
    )


def _messages(db: sqlite3.Connection, *, query: str) -> Html:
    rows = []
    for each in desk.messages(db, limit=_MOST):
        shown = json.dumps(each.body, indent=1, ensure_ascii=False)
        if query.casefold() not in f"{each.id} {each.ticket} {shown}".casefold():
            continue
        again = f"came {each.times} times" if each.times > 1 else ""
        rows.append(
            [
                cell(tag(each.type, mood="blue"), under="late" if each.late else ""),
                cell(text(each.ticket)),
                cell(text(each.id), class_="p", under=again),
                cell(Html(f"<details><summary>body</summary><pre>{text(shown)}</pre></details>"), class_="p"),
                cell(widgets.moment(each.at)),
            ]
        )
    return widgets.table(
        "Messages",
        heads=["Type", "Ticket", "Id", "Body", "Came"],
        rows=rows,
        note="newest first; what is not signed is not among them",
        empty="No message has come yet.",
    )
