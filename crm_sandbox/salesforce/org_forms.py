"""The forms of the org's pages: what a person of it does there."""

from __future__ import annotations

import sqlite3

from crm_sandbox import form_widgets
from crm_sandbox.form_widgets import Choices, card, cards, choice, text_field
from crm_sandbox.salesforce import rows, staff
from crm_sandbox.salesforce.automation import assignment_rule
from crm_sandbox.salesforce.org_tables import TO
from crm_sandbox.salesforce.rows import OrgRecord
from crm_sandbox.widgets import Html

HOME = "/org"


def of_overview(db: sqlite3.Connection) -> Html:
    return cards(
        card(
            "Make a lead",
            _form(
                "make",
                text_field("LastName", "Last name", required=True),
                text_field("FirstName", "First name"),
                text_field("Company", "Company", required=True),
                text_field("Email", "E-mail", kind="email", hint="jana@globex.example", wide=True),
                choice("owner", "Owner", owners(db)),
                button="Make it",
                back=HOME,
            ),
        ),
        card(
            "Merge two leads",
            _form(
                "merge",
                text_field("master", "Keep", hint="its id or e-mail address", required=True, wide=True),
                text_field("other", "and give up", hint="its id or e-mail address", required=True, wide=True),
                button="Merge them",
                back=HOME,
            ),
        ),
        card(
            "Assignment rule",
            _form(
                "rule",
                choice("owner", "Leads go to", owners(db), chosen=assignment_rule(db)),
                button="Set",
                back=HOME,
            ),
        ),
    )


def of_record(db: sqlite3.Connection, row: OrgRecord) -> Html:
    back, hidden = f"{HOME}/{row.id}", {"id": row.id}
    if row.deleted:
        return cards(
            card(
                "Deleted",
                form_widgets.move("undelete", label="Take it back", back=back, hidden=hidden, to=TO),
            )
        )
    parts = [_change(db, row, back=back), _log(db, row, back=back)]
    if row.type == "Lead" and not row.fields.get("IsConverted"):
        parts.append(_convert(row, back=back))
    if row.type == "Contact":
        parts.append(_opportunity(db, row, back=back))
    merge = _form(
        "merge",
        text_field("other", "Merge with", hint="id or e-mail address of another", required=True, wide=True),
        button="Merge",
        back=back,
        hidden={"master": row.id},
    )
    delete = form_widgets.move("delete", label="Delete", back=back, hidden=hidden, mood="bad", to=TO)
    return cards(*parts, card("Merge or delete", merge, delete))


def _change(db: sqlite3.Connection, row: OrgRecord, *, back: str) -> Html:
    there = rows.get(db, row.get("OwnerId"))
    chosen = (there.get("Username") or there.get("Name")) if there else ""
    people = owners(db, queues=row.type == "Lead")
    forms = [
        _form(
            "owner",
            choice("owner", "Owner", people, chosen=chosen),
            button="Set",
            back=back,
            hidden={"id": row.id},
        )
    ]
    if row.type == "Lead" and not row.fields.get("IsConverted"):
        statuses = [
            name for name, each in staff.status_values(db, "LeadStatus").items() if not each["IsConverted"]
        ]
        chosen = row.get("Status")
        known = [(name, name) for name in dict.fromkeys([*statuses, chosen])]
        field = choice("value", "Status", known, chosen=chosen)
        forms.append(_form("status", field, button="Set", back=back, hidden={"id": row.id}))
    return card("Change", *forms)


def _log(db: sqlite3.Connection, row: OrgRecord, *, back: str) -> Html:
    return card(
        "Log",
        _form(
            "log",
            choice("what", "What", [("call", "Call"), ("email", "E-mail"), ("meeting", "Meeting")]),
            choice("owner", "By", owners(db, queues=False)),
            text_field("text", "Notes", wide=True),
            button="Log it",
            back=back,
            hidden={"id": row.id},
        ),
    )


def _convert(row: OrgRecord, *, back: str) -> Html:
    name = text_field("opportunity", "Opportunity", value=row.get("Company"), hint="none", wide=True)
    return card("Convert", _form("convert", name, button="Convert it", back=back, hidden={"id": row.id}))


def _opportunity(db: sqlite3.Connection, row: OrgRecord, *, back: str) -> Html:
    return card(
        "Make an opportunity",
        _form(
            "opportunity",
            text_field("name", "Name", required=True, wide=True),
            text_field("amount", "Amount"),
            choice("owner", "Owner", owners(db, queues=False)),
            button="Make it",
            back=back,
            hidden={"id": row.id},
        ),
    )


def owners(db: sqlite3.Connection, *, queues: bool = True) -> Choices:
    """Active users by username, then queues for leads by name."""
    users = [
        (row.get("Username"), row.get("Name"))
        for row in rows.all_of(db, "User")
        if row.fields.get("IsActive") and row.get("UserType") == "Standard"
    ]
    users.sort(key=lambda each: each[1])
    made = [row.get("Name") for row in rows.all_of(db, "Group") if staff.takes(db, queue=row, type="Lead")]
    return [("", "–"), *users, *((name, f"{name} (queue)") for name in made if queues)]


def _form(what: str, *parts: Html, button: str, back: str, hidden: dict[str, str] | None = None) -> Html:
    return form_widgets.form(what, *parts, button=button, back=back, hidden=hidden, to=TO)
