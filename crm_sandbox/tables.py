"""The tables of records on the pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from crm_sandbox import form_widgets, records, widgets
from crm_sandbox.hubspot import associations, owners, pipelines
from crm_sandbox.hubspot.default_choices import CALL_OUTCOME, EMAIL_DIRECTION, LIFECYCLE, MEETING_OUTCOME
from crm_sandbox.hubspot.kinds import ENGAGEMENTS, KINDS
from crm_sandbox.records import Record
from crm_sandbox.widgets import Html, text

MOST_ROWS = 50
TASK_IS_DONE = ("COMPLETED", "DEFERRED")
_STAGES = dict(LIFECYCLE)
_OUTCOMES = dict((*CALL_OUTCOME, *EMAIL_DIRECTION, *MEETING_OUTCOME))
_CALLED = {"calls": "Call", "emails": "E-mail", "meetings": "Meeting", "notes": "Note"}
_OUTCOME_OF = {
    "calls": "hs_call_disposition",
    "emails": "hs_email_direction",
    "meetings": "hs_meeting_outcome",
}
_WORDS_OF = {
    "calls": ("hs_call_title", "hs_call_body"),
    "emails": ("hs_email_subject", "hs_email_text"),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
    "notes": ("hs_note_body",),
}


def owners_by_id(db: sqlite3.Connection) -> dict[str, str]:
    """Everybody's name, of those who have left too."""
    shown = (owners.shown(row) for row in db.execute("SELECT * FROM owners"))
    return {each["id"]: f"{each['firstName']} {each['lastName']}".strip() for each in shown}


def name_of(contact: Record) -> str:
    value = contact.properties.get
    return f"{value('firstname', '')} {value('lastname', '')}".strip() or value(
        "email", f"Contact {contact.id}"
    )


def contacts(found: list[Record], *, people: dict[str, str], query: str) -> Html:
    rows = []
    for record in found:
        value = record.properties.get
        rows.append(
            [
                widgets.cell(
                    widgets.link(f"/contacts/{record.id}", name_of(record)), under=value("email", "")
                ),
                widgets.cell(text(value("company", "")), under=value("jobtitle", "")),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(text(_STAGES.get(value("lifecyclestage", ""), value("lifecyclestage", "")))),
                widgets.cell(widgets.tag(value("hs_lead_status", "").replace("_", " ").capitalize())),
                widgets.cell(
                    widgets.segment(value("leadops_segment", ""), points=value("leadops_score", ""))
                ),
                widgets.cell(_ago(value("notes_last_contacted", "")), class_="t"),
                widgets.cell(widgets.moment(record.updated_at), class_="t"),
                widgets.cell(text(f"#{record.id}"), class_="n"),
            ]
        )
    heads = [
        "Contact",
        "Company",
        "Owner",
        "Lifecycle",
        "Lead status",
        "Segment",
        "Contacted",
        "Changed",
        "ID",
    ]
    empty = (
        f"No contact matches “{query}”."
        if query
        else "No contacts yet. They appear here once they are written."
    )
    return widgets.table("Contacts", heads=heads, rows=rows, note=_note(rows), empty=empty, right=("ID",))


def deals(
    db: sqlite3.Connection, found: list[Record], *, people: dict[str, str], back: str, query: str = ""
) -> Html:
    """Each with what a person can do with it; `back` is the page that the table is on: a contact's names no contacts."""
    labels = {stage["id"]: stage["label"] for pipeline in pipelines.known(db) for stage in pipeline["stages"]}
    rows = []
    for record in found:
        value = record.properties.get
        rows.append(
            [
                widgets.cell(text(value("dealname", f"Deal {record.id}")), under=value("amount", "")),
                widgets.cell(_linked_contacts(db, record)),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(_stage(record, label=labels.get(value("dealstage", ""), ""))),
                widgets.cell(widgets.moment(record.updated_at), class_="t"),
                widgets.cell(_deal_moves(record, back=back), class_="m"),
                widgets.cell(text(f"#{record.id}"), class_="n"),
            ]
        )
    heads = ["Deal", "Contact", "Owner", "Stage", "Changed", "Close", "ID"]
    if back != "/":
        heads, rows = _without_contacts(heads, rows)
    empty = f"No deal matches “{query}”." if query else "No deals. A contact's page makes one."
    return widgets.table("Deals", heads=heads, rows=rows, note=_note(rows), empty=empty, right=("ID",))


def tasks(
    db: sqlite3.Connection, found: list[Record], *, people: dict[str, str], back: str, query: str = ""
) -> Html:
    rows = []
    for record in found:
        value = record.properties.get
        rows.append(
            [
                widgets.cell(text(value("hs_task_subject", "Task")), under=value("hs_task_type", "").lower()),
                widgets.cell(_linked_contacts(db, record)),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(
                    widgets.due(
                        value("hs_timestamp", ""), open=value("hs_task_status", "") not in TASK_IS_DONE
                    ),
                    class_="t",
                ),
                widgets.cell(widgets.task_status(value("hs_task_status", ""))),
                widgets.cell(widgets.tag(value("hs_task_priority", "").capitalize())),
                widgets.cell(text(f"#{record.id}"), class_="n"),
            ]
        )
    heads = ["Task", "Contact", "Assigned to", "Due", "Status", "Priority", "ID"]
    if back != "/":
        heads, rows = _without_contacts(heads, rows)
    empty = f"No task matches “{query}”." if query else "No tasks."
    return widgets.table("Tasks", heads=heads, rows=rows, note=_note(rows), empty=empty, right=("ID",))


def engagements(db: sqlite3.Connection, *, contact: Record, people: dict[str, str]) -> Html:
    """What was done with a contact, newest first."""
    found = [each for kind in ENGAGEMENTS for each in linked(db, contact=contact, kind=kind)]
    found.sort(key=lambda record: record.properties["hs_timestamp"], reverse=True)
    rows = []
    for record in found[:MOST_ROWS]:
        value = record.properties.get
        words = [value(name, "") for name in _WORDS_OF[record.kind]]
        outcome = _OUTCOMES.get(value(_OUTCOME_OF.get(record.kind, ""), ""), "")
        rows.append(
            [
                widgets.cell(text(_CALLED[record.kind]), under=" · ".join(filter(None, words))),
                widgets.cell(widgets.tag(outcome)),
                widgets.cell(widgets.person(people.get(value("hubspot_owner_id", ""), ""))),
                widgets.cell(_ago(value("hs_timestamp", "")), class_="t"),
            ]
        )
    heads = ["What", "Outcome", "By", "When"]
    return widgets.table("Calls, e-mails, meetings, notes", heads=heads, rows=rows, note="", empty="None.")


def linked(db: sqlite3.Connection, *, contact: Record, kind: str) -> list[Record]:
    numbers = associations.linked(db, start=KINDS["contacts"], start_id=contact.id, end=KINDS[kind])
    return [found for number in numbers if (found := records.get(db, kind=kind, id=number))]


def _linked_contacts(db: sqlite3.Connection, record: Record) -> Html:
    numbers: Iterable[int] = associations.linked(
        db, start=KINDS[record.kind], start_id=record.id, end=KINDS["contacts"], limit=3
    )
    found = [records.get(db, kind="contacts", id=number) for number in numbers]
    return widgets.join(
        *(widgets.link(f"/contacts/{each.id}", name_of(each)) for each in found if each), between=", "
    )


def _without_contacts(heads: list[str], rows: list[list[Html]]) -> tuple[list[str], list[list[Html]]]:
    place = heads.index("Contact")
    return [head for head in heads if head != "Contact"], [row[:place] + row[place + 1 :] for row in rows]


def _stage(deal: Record, *, label: str) -> Html:
    value = deal.properties.get
    mood = (
        "blue" if value("hs_is_closed") != "true" else "good" if value("hs_is_closed_won") == "true" else ""
    )
    return widgets.tag(label, mood=mood)


def _deal_moves(deal: Record, *, back: str) -> Html:
    is_open = deal.properties.get("hs_is_closed") != "true"
    moves = [("won", "Win", "good"), ("lost", "Lose", "")] if is_open else [("reopened", "Reopen", "")]
    hidden = {"id": str(deal.id)}
    return widgets.join(
        *(
            form_widgets.move(what, label=label, back=back, hidden=hidden, mood=mood)
            for what, label, mood in moves
        )
    )


def _ago(stamp: str) -> Html:
    return widgets.moment(round(datetime.fromisoformat(stamp).timestamp() * 1000)) if stamp else Html("")


def _note(rows: list[list[Html]]) -> str:
    return f"newest {MOST_ROWS}" if len(rows) == MOST_ROWS else "newest first"
