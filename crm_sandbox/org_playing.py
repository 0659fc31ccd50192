"""What a person does on the org's pages: each form is one control, asked in the same way as a program asks it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from crm_sandbox.playing_forms import FROM_ELSEWHERE, BadForm, carry_out, filled_in
from crm_sandbox.salesforce import moments, rows
from crm_sandbox.salesforce.ids import read, type_of
from crm_sandbox.salesforce.org_tables import TO
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json, Reply, Request

PATH = TO
# What is said once it is done.
DONE = {
    "make": "The lead is made.",
    "merge": "The two are one: what the kept one lacked it has from the other.",
    "rule": "The assignment rule is set.",
    "owner": "The owner is changed.",
    "status": "The status is changed.",
    "log": "It is logged.",
    "convert": "The lead is converted: this is the contact.",
    "opportunity": "The opportunity is made.",
    "won": "The opportunity is won.",
    "lost": "The opportunity is lost.",
    "delete": "It is in the recycle bin.",
    "undelete": "It is back.",
}
# Method and path below /control/salesforce/, and the body.
_Asked = tuple[str, str, Json]
_Form = dict[str, str]


def answer(sandbox: Sandbox, request: Request) -> Reply:
    """Leads on to the page that shows what was done. Raises BadForm."""
    filled = filled_in(request)
    if filled is None:
        return FROM_ELSEWHERE
    back = filled.get("back", "/org")
    if not re.fullmatch(r"/org(/\w{18})?", back):
        back = "/org"
    what = filled.get("do", "")
    try:
        if what not in _MOVES:
            raise BadForm("There is no such form.")
        with sandbox.store.reading() as db:
            method, path, body = _MOVES[what](db, filled)
        reply = carry_out(sandbox, request, method=method, path=f"salesforce/{path}", body=body)
    except BadForm as error:
        error.back = back
        raise
    return Reply(303, None, {"Location": f"{_shown_on(what, filled, reply, back=back)}?done={what}"})


def _shown_on(what: str, filled: _Form, reply: Reply, *, back: str) -> str:
    if what in ("make", "merge"):
        return f"/org/{reply.body['id']}"
    return f"/org/{reply.body['contactId']}" if what == "convert" else back


def _make(db: sqlite3.Connection, form: _Form) -> _Asked:
    names = ("LastName", "FirstName", "Company", "Email")
    fields = {name: form[name] for name in names if form.get(name)}
    return "POST", "Lead", {"fields": fields, "owner": form.get("owner", "")}


def _merge(db: sqlite3.Connection, form: _Form) -> _Asked:
    master = _called(db, form.get("master", ""), type="")
    type = type_of(master)
    return (
        "POST",
        f"{type}/merge",
        {"master": master, "others": [_called(db, form.get("other", ""), type=type)]},
    )


def _rule(db: sqlite3.Connection, form: _Form) -> _Asked:
    owner = form.get("owner", "")
    return ("POST" if owner else "DELETE"), "assignment_rule", {"owner": owner}


def _owner(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "POST", f"{_record(form)}/owner", {"owner": form.get("owner", "")}


def _status(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "PATCH", _record(form), {"fields": {"Status": form.get("value", "")}}


def _log(db: sqlite3.Connection, form: _Form) -> _Asked:
    body = {
        "kind": form.get("what", ""),
        "who": _id(form),
        "owner": form.get("owner", ""),
        "text": form.get("text", ""),
    }
    return "POST", "activities", body


def _convert(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "POST", f"Lead/{_id(form)}/convert", {"opportunity": form.get("opportunity", "")}


def _opportunity(db: sqlite3.Connection, form: _Form) -> _Asked:
    contact = rows.get(db, _id(form))
    if contact is None:
        raise BadForm("There is no such contact.")
    fields = {
        "Name": form.get("name", ""),
        "Amount": form.get("amount", ""),
        "ContactId": contact.id,
        "AccountId": contact.fields.get("AccountId"),
        "StageName": "Prospecting",
        "CloseDate": moments.in_days(90),
    }
    return "POST", "Opportunity", {"fields": fields, "owner": form.get("owner", "")}


def _delete(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "DELETE", _record(form), {}


def _undelete(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "POST", f"{_record(form)}/undelete", {}


def _closing(what: str) -> Callable[[sqlite3.Connection, _Form], _Asked]:
    return lambda db, form: ("POST", f"Opportunity/{_id(form)}/{what}", {})


def _id(form: _Form) -> str:
    id = read(form.get("id", ""))
    if id is None:
        raise BadForm("There is no such record.")
    return id


def _record(form: _Form) -> str:
    return f"{type_of(_id(form)) or 'Lead'}/{_id(form)}"


def _called(db: sqlite3.Connection, name: str, *, type: str) -> str:
    """The id of what a person names by its id or e-mail address. Raises BadForm: there is none."""
    id = read(name)
    if id is not None and rows.get(db, id) is not None:
        return id
    found = rows.holding(db, type=type or "Lead", name="Email", value=name) if "@" in name else []
    if not found:
        raise BadForm(f"There is no {type.lower() or 'lead'} {name}.")
    return found[0].id


_MOVES: dict[str, Callable[[sqlite3.Connection, _Form], _Asked]] = {
    "make": _make,
    "merge": _merge,
    "rule": _rule,
    "owner": _owner,
    "status": _status,
    "log": _log,
    "convert": _convert,
    "opportunity": _opportunity,
    "won": _closing("won"),
    "lost": _closing("lost"),
    "delete": _delete,
    "undelete": _undelete,
}
