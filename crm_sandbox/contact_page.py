"""/contacts/{id}: one contact, what was done with it, what changed, and what a person can do with it."""

from __future__ import annotations

import sqlite3

from crm_sandbox import records, tables, widgets
from crm_sandbox.form_widgets import card, cards, choice, form, move, text_field
from crm_sandbox.hubspot.default_choices import DEAL_STAGE
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.overview_forms import options, owners
from crm_sandbox.playing_forms import LOGGED
from crm_sandbox.records import Record
from crm_sandbox.widgets import Html, text


def shown(db: sqlite3.Connection, *, portal: Portal, record: Record) -> Html:
    people = tables.owners_by_id(db)
    facts = [
        (name, f"{people[value]} ({value})" if name == "hubspot_owner_id" and value in people else value)
        for name, value in sorted(record.properties.items())
    ]
    back = f"/contacts/{record.id}"
    deals = tables.linked(db, contact=record, kind="deals")
    tasks = tables.linked(db, contact=record, kind="tasks")
    return widgets.join(
        widgets.live("name", widgets.heading(tables.name_of(record), under=f"Contact #{record.id}")),
        _forms(db, portal=portal, record=record),
        Html('<div class="two"><div>'),
        widgets.live("engagements", tables.engagements(db, contact=record, people=people)),
        widgets.live("deals", tables.deals(db, deals, people=people, back=back)),
        widgets.live("tasks", tables.tasks(db, tasks, people=people, back=back)),
        widgets.live("changes", _changes(db, record=record, people=people)),
        Html("</div><div>"),
        widgets.live("facts", widgets.facts("Properties", facts)),
        Html("</div></div>"),
    )


def _forms(db: sqlite3.Connection, *, portal: Portal, record: Record) -> Html:
    back, hidden, value = f"/contacts/{record.id}", {"id": str(record.id)}, record.properties.get
    staff = owners(db)
    owner = _address(db, value("hubspot_owner_id", ""))
    return cards(
        card(
            "Change",
            form(
                "owner", choice("owner", "Owner", staff, chosen=owner), button="Set", back=back, hidden=hidden
            ),
            _values(
                db, portal=portal, record=record, what="lifecycle", name="lifecyclestage", label="Lifecycle"
            ),
            _values(
                db, portal=portal, record=record, what="status", name="hs_lead_status", label="Lead status"
            ),
        ),
        card(
            "Log",
            form(
                "log",
                choice("what", "What", [(name, label) for name, (label, _) in LOGGED.items()], wide=True),
                choice("owner", "By", staff, chosen=owner),
                text_field("text", "Notes"),
                button="Log it",
                back=back,
                hidden=hidden,
            ),
        ),
        card(
            "Make a deal",
            form(
                "deal",
                text_field("dealname", "Name", value=value("company", ""), required=True, wide=True),
                text_field("amount", "Amount"),
                choice("dealstage", "Stage", DEAL_STAGE),
                choice("owner", "Owner", staff, chosen=owner),
                button="Make it",
                back=back,
                hidden=hidden,
            ),
        ),
        card(
            "Merge or delete",
            form(
                "merge",
                text_field("other", "Merge with", hint="#52 or its e-mail address", required=True, wide=True),
                button="Merge",
                back=back,
                hidden={"primary": str(record.id)},
            ),
            move("delete", label="Delete", back=back, hidden=hidden),
            move("erase", label="Erase for privacy", back=back, hidden=hidden, mood="bad"),
        ),
    )


def _values(
    db: sqlite3.Connection, *, portal: Portal, record: Record, what: str, name: str, label: str
) -> Html:
    choices = options(db, portal=portal, name=name)
    chosen = record.properties.get(name, "")
    return form(
        what,
        choice("value", label, choices, chosen=chosen),
        button="Set",
        back=f"/contacts/{record.id}",
        hidden={"id": str(record.id)},
    )


def _address(db: sqlite3.Connection, owner_id: str) -> str:
    row = db.execute("SELECT email FROM owners WHERE id = ?", (owner_id or 0,)).fetchone()
    return str(row["email"]) if row else ""


def _changes(db: sqlite3.Connection, *, record: Record, people: dict[str, str]) -> Html:
    rows = [
        [
            widgets.cell(widgets.moment(row["at"]), class_="t"),
            widgets.cell(text(row["property"]), under=people.get(row["value"], row["value"]) or "cleared"),
            widgets.cell(widgets.tag(_WHO.get(row["source"], row["source"].capitalize()))),
        ]
        for row in records.changes(db, kind="contacts", id=record.id)[:200]
    ]
    heads = ["When", "Property", "By"]
    return widgets.table("Changes", heads=heads, rows=rows, note="newest first", empty="None.")


_WHO = {
    "CRM_UI": "a person",
    "INTEGRATION": "the API",
    "IMPORT": "an import",
    "FORM": "a form",
    "MERGE_OBJECTS": "a merge",
    "ENGAGEMENTS": "HubSpot",
    "CALCULATED": "HubSpot",
}
