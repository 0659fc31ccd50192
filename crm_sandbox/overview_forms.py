"""The forms on the first page: a contact, many contacts, two contacts merged."""

from __future__ import annotations

import sqlite3

from crm_sandbox.form_widgets import Choices, card, cards, choice, form, text_field
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.playing import MOST_IMPORTED
from crm_sandbox.widgets import Html


def shown(db: sqlite3.Connection, *, portal: Portal) -> Html:
    return cards(
        card(
            "Make a contact",
            form(
                "make",
                text_field("email", "E-mail", kind="email", hint="jana@globex.example", wide=True),
                text_field("firstname", "First name"),
                text_field("lastname", "Last name"),
                text_field("company", "Company"),
                choice("owner", "Owner", owners(db)),
                choice("lifecyclestage", "Lifecycle", options(db, portal=portal, name="lifecyclestage")),
                button="Make it",
                back="/",
            ),
        ),
        card(
            "Import contacts",
            form(
                "import",
                text_field("count", "How many", value="100", hint=f"up to {MOST_IMPORTED:,}", required=True),
                text_field("domain", "At the domain", value="imported.example", required=True),
                button="Import them",
                back="/",
            ),
        ),
        card(
            "Merge two contacts",
            form(
                "merge",
                text_field(
                    "primary",
                    "Keep the values of",
                    hint="#51 or its e-mail address",
                    required=True,
                    wide=True,
                ),
                text_field(
                    "other", "and give up", hint="#52 or its e-mail address", required=True, wide=True
                ),
                button="Merge them",
                back="/",
            ),
        ),
    )


def owners(db: sqlite3.Connection) -> Choices:
    """Those who are there, by their addresses, after nobody."""
    rows = db.execute("SELECT * FROM owners WHERE archived = 0 ORDER BY first_name, last_name")
    people = [(row["email"], f"{row['first_name']} {row['last_name']}".strip()) for row in rows]
    return [("", "Nobody"), *people]


def options(db: sqlite3.Connection, *, portal: Portal, name: str) -> Choices:
    """The values that a property of contacts can have, after none."""
    definition = portal.definitions(db, kind="contacts").get(name)
    found = definition["options"] if definition else []
    return [("", "–"), *((each["value"], each["label"]) for each in found)]
