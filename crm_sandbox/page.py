"""/ and /contacts/{id}: what the CRM holds and what was called, and a person of it to be played."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from crm_sandbox import (
    contact_page,
    org_playing,
    overview_forms,
    playing_forms,
    records,
    search_lag,
    shell,
    tables,
    widgets,
)
from crm_sandbox.hubspot.kinds import KINDS, ObjectKind, kind_called
from crm_sandbox.records import Record
from crm_sandbox.salesforce import org_page
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.tables import owners_by_id
from crm_sandbox.widgets import Html
from crm_sandbox.wire import Reply, Request, iso, now_ms

# The second is where HubSpot has its own page of a contact.
_CONTACT = re.compile("/contacts/(?:[0-9]{1,18}/record/0-1/)?([0-9]{1,18})")
# Companies and deals have a page at HubSpot's address alone.
_OTHER = re.compile("/contacts/[0-9]{1,18}/record/(0-2|0-3)/([0-9]{1,18})")


def answer(sandbox: Sandbox, request: Request, *, wrong: str = "") -> Reply:
    """`wrong`: what was wrong with a form of this page."""
    if request.path == shell.SALESFORCE[0] or request.path.startswith(f"{shell.SALESFORCE[0]}/"):
        return _of_org(sandbox, request, wrong=wrong)
    match = _CONTACT.fullmatch(request.path.rstrip("/"))
    query = request.parameter("q").strip()
    if request.method in ("GET", "HEAD") and (other := _OTHER.fullmatch(request.path.rstrip("/"))):
        return _other_record(sandbox, request, kind_called(other[1]), int(other[2]))
    if request.method not in ("GET", "HEAD") or (request.path not in ("/", "") and not match):
        return Reply(
            404,
            {"error": "There are /, /contacts/{id}, /org, /org/{id}, and /hubspot, /salesforce and /control"},
        )
    said = widgets.alert(wrong, mood="bad") if wrong else Html("")
    if done := playing_forms.DONE.get(request.parameter("done")):
        said = widgets.alert(done, mood="good")
    status = 400 if wrong else 200
    with sandbox.store.reading() as db:
        if not match:
            main = widgets.join(said, _overview(db, sandbox=sandbox, query=query))
            return shell.page(main, title="CRM sandbox", address="/", query=query, status=status)
        record = records.get(
            db, kind="contacts", id=records.now_called(db, kind="contacts", id=int(match[1]))
        )
        if record is None:
            gone = Html(f'<section><p class="empty">There is no contact {match[1]}.</p></section>')
            return shell.page(widgets.join(said, gone), title="CRM sandbox", address=request.path, status=404)
        main = widgets.join(said, contact_page.shown(db, portal=sandbox.portal, record=record))
        return shell.page(
            main, title=f"{tables.name_of(record)} · CRM sandbox", address=request.path, status=status
        )


def _other_record(sandbox: Sandbox, request: Request, kind: ObjectKind, id: int) -> Reply:
    """What a company or a deal has."""
    with sandbox.store.reading() as db:
        number = records.now_called(db, kind=kind.name, id=id)
        record = records.get(db, kind=kind.name, id=number)
    word = kind.singular.capitalize()
    if record is None:
        main = Html(f'<section><p class="empty">There is no {kind.singular} {id}.</p></section>')
        return shell.page(main, title="CRM sandbox", address=request.path, status=404)
    value = record.properties.get
    name = value("name") or value("dealname") or f"{word} {record.id}"
    main = widgets.join(
        widgets.heading(name, under=f"{word} #{record.id}"),
        widgets.facts("Properties", sorted(record.properties.items())),
    )
    return shell.page(main, title=f"{name} · CRM sandbox", address=request.path)


def _of_org(sandbox: Sandbox, request: Request, *, wrong: str) -> Reply:
    done = org_playing.DONE.get(request.parameter("done"), "")
    recent = sandbox.calls.newest(target="salesforce", count=1000)
    faults = [
        each
        for each in (fault.shown() for fault in sandbox.faults.active())
        if each["target"] == "salesforce"
    ]
    return org_page.answer(
        sandbox.org,
        request,
        wrong=wrong,
        done=done,
        calls=recent,
        faults=faults,
        waiting=sandbox.later.waiting(),
    )


def played(sandbox: Sandbox, request: Request) -> Reply:
    """A form was sent: on to what it did, or back to it with what is wrong."""
    take = org_playing.answer if request.path == org_playing.PATH else playing_forms.answer
    try:
        return take(sandbox, request)
    except playing_forms.BadForm as error:
        back = replace(request, method="GET", path=error.back, query={}, body=b"")
        return answer(sandbox, back, wrong=str(error))


def _overview(db: sqlite3.Connection, *, sandbox: Sandbox, query: str) -> Html:
    people = owners_by_id(db)
    words = query.casefold().split()
    done = [
        records.count(db, kind="tasks", having=("hs_task_status", status)) for status in tables.TASK_IS_DONE
    ]
    recent = sandbox.calls.newest(target="hubspot", count=1000)
    since = iso(now_ms() - 60_000)
    last_minute = [call for call in recent if call["at"] >= since]
    refused = sum(1 for call in last_minute if not 200 <= call["status"] < 300)
    stats = widgets.stats(
        {
            "contacts": records.count(db, kind="contacts"),
            "companies": records.count(db, kind="companies"),
            "open deals": records.count(db, kind="deals", having=("hs_is_closed", "false")),
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
    found = {
        kind: list(islice(_matching(db, kind=kind, words=words, people=people), tables.MOST_ROWS))
        for kind in ("contacts", "deals", "tasks")
    }
    return widgets.join(
        widgets.live("stats", stats),
        widgets.live("trouble", widgets.alert("Trouble on request: " + ", ".join(trouble)))
        if trouble
        else Html('<div id="trouble" data-live></div>'),
        overview_forms.shown(db, portal=sandbox.portal),
        widgets.live("contacts", tables.contacts(found["contacts"], people=people, query=query)),
        widgets.live("deals", tables.deals(db, found["deals"], people=people, query=query, back="/")),
        widgets.live("tasks", tables.tasks(db, found["tasks"], people=people, query=query, back="/")),
        widgets.live("calls", widgets.calls(recent[: tables.MOST_ROWS])),
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
