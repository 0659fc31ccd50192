"""The tables of records on the org's pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import islice

from crm_sandbox import form_widgets, widgets
from crm_sandbox.salesforce import moments, rows
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.widgets import Html, text

MOST_ROWS = 50
TO = "/org/play"
_LOOKED_AT = ("Name", "Company", "Email", "Title", "Subject", "leadops_id__c", "Status", "StageName")


def people(db: sqlite3.Connection) -> dict[str, str]:
    """Names of users and queues by id."""
    return {row.id: row.get("Name") for type in ("User", "Group") for row in rows.all_of(db, type)}


def newest(
    db: sqlite3.Connection, type: str, *, words: Sequence[str], names: dict[str, str]
) -> list[OrgRecord]:
    """Live ones, last made first, that have each of the words somewhere."""
    found = db.execute(
        "SELECT * FROM org_records WHERE type = ? AND NOT deleted ORDER BY number DESC", (type,)
    )

    def fits(row: OrgRecord) -> bool:
        shown = [row.id, *(row.get(name) for name in _LOOKED_AT), names.get(row.get("OwnerId"), "")]
        text = " ".join(shown).casefold()
        return all(word in text for word in words)

    return list(islice(filter(fits, map(rows.of, found)), MOST_ROWS))


def leads(found: Sequence[OrgRecord], *, names: dict[str, str], query: str) -> Html:
    table = [
        [
            widgets.cell(_link(row), under=row.get("Email")),
            widgets.cell(text(row.get("Company")), under=row.get("Title")),
            _owner(row, names),
            widgets.cell(_status(row)),
            widgets.cell(text(row.get("leadops_id__c")), class_="p"),
            _changed(row),
        ]
        for row in found
    ]
    heads = ["Lead", "Company", "Owner", "Status", "leadops ID", "Changed"]
    empty = (
        f"No lead matches “{query}”." if query else "No leads yet. They appear here once they are written."
    )
    return widgets.table("Leads", heads=heads, rows=table, note=_note(table), empty=empty)


def contacts(
    found: Sequence[OrgRecord], *, names: dict[str, str], accounts: dict[str, OrgRecord], query: str
) -> Html:
    table = [
        [
            widgets.cell(_link(row), under=row.get("Email")),
            widgets.cell(_to(accounts, row.get("AccountId")), under=row.get("Title")),
            _owner(row, names),
            _changed(row),
        ]
        for row in found
    ]
    empty = (
        f"No contact matches “{query}”." if query else "No contacts. A lead that is converted becomes one."
    )
    heads = ["Contact", "Account", "Owner", "Changed"]
    return widgets.table("Contacts", heads=heads, rows=table, note=_note(table), empty=empty)


def opportunities(
    found: Sequence[OrgRecord],
    *,
    names: dict[str, str],
    accounts: dict[str, OrgRecord],
    back: str,
    query: str = "",
) -> Html:
    """Each with what a person can do with it; `back` is the page that the table is on."""
    table = []
    for row in found:
        closed, won = row.fields.get("IsClosed"), row.fields.get("IsWon")
        moves = [] if closed else [("won", "Win", "good"), ("lost", "Lose", "")]
        amount = row.fields.get("Amount")
        table.append(
            [
                widgets.cell(_link(row), under="" if amount is None else f"{amount:,.0f}"),
                widgets.cell(_to(accounts, row.get("AccountId"))),
                _owner(row, names),
                widgets.cell(
                    widgets.tag(row.get("StageName"), mood="good" if won else "" if closed else "blue")
                ),
                _changed(row),
                widgets.cell(
                    widgets.join(
                        *(
                            form_widgets.move(
                                what, label=label, back=back, hidden={"id": row.id}, mood=mood, to=TO
                            )
                            for what, label, mood in moves
                        )
                    ),
                    class_="m",
                ),
            ]
        )
    heads = ["Opportunity", "Account", "Owner", "Stage", "Changed", "Close"]
    empty = (
        f"No opportunity matches “{query}”." if query else "No opportunities. Converting a lead can make one."
    )
    return widgets.table("Opportunities", heads=heads, rows=table, note=_note(table), empty=empty)


def tasks(
    found: Sequence[OrgRecord], *, names: dict[str, str], who: dict[str, OrgRecord], query: str = ""
) -> Html:
    table = []
    for row in found:
        closed = bool(row.fields.get("IsClosed"))
        other = who.get(row.get("WhoId"))
        day = row.get("ActivityDate")
        table.append(
            [
                widgets.cell(text(row.get("Subject")), under=row.get("TaskSubtype").lower()),
                widgets.cell(_link(other) if other else Html("")),
                _owner(row, names),
                widgets.cell(text(day), class_="t"),
                widgets.cell(widgets.tag(row.get("Status"), mood="good" if closed else "blue")),
                _changed(row),
            ]
        )
    empty = f"No task matches “{query}”." if query else "No tasks."
    heads = ["Task", "Of", "Assigned to", "Due", "Status", "Changed"]
    return widgets.table("Tasks", heads=heads, rows=table, note=_note(table), empty=empty)


def of_ids(db: sqlite3.Connection, found: Sequence[OrgRecord], name: str) -> dict[str, OrgRecord]:
    """The records that a field of these leads to."""
    return rows.several(db, {row.get(name) for row in found if row.get(name)})


def _to(records: dict[str, OrgRecord], id: str) -> Html:
    return _link(records[id]) if id in records else Html("")


def _link(row: OrgRecord) -> Html:
    return widgets.link(f"/org/{row.id}", row.get("Name") or row.id)


def _owner(row: OrgRecord, names: dict[str, str]) -> Html:
    return widgets.cell(widgets.person(names.get(row.get("OwnerId"), "")))


def _status(row: OrgRecord) -> Html:
    return widgets.tag(row.get("Status"), mood="good" if row.fields.get("IsConverted") else "blue")


def _changed(row: OrgRecord) -> Html:
    at = row.get("SystemModstamp")
    return widgets.cell(widgets.moment(moments.milliseconds(at)) if at else Html(""), class_="t")


def _note(table: Sequence[object]) -> str:
    return f"newest {MOST_ROWS}" if len(table) == MOST_ROWS else "newest first"
