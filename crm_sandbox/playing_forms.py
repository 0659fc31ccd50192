"""What a person does on the page: each form is one control, asked in the same way as a program asks it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs

from crm_sandbox import control, records
from crm_sandbox.sandbox import Sandbox
from crm_sandbox.wire import Json, Reply, Request, digits

# What is logged: its name in a form, what people call it, and what the control is asked.
LOGGED: dict[str, tuple[str, Json]] = {
    "connected": ("Call: connected", {"kind": "call", "outcome": "connected"}),
    "no_answer": ("Call: no answer", {"kind": "call", "outcome": "no answer"}),
    "voicemail": ("Call: left voicemail", {"kind": "call", "outcome": "left voicemail"}),
    "sent": ("E-mail: sent", {"kind": "email", "direction": "outbound"}),
    "replied": ("E-mail: reply came in", {"kind": "email", "direction": "inbound"}),
    "met": ("Meeting: held", {"kind": "meeting", "outcome": "completed"}),
    "no_show": ("Meeting: no show", {"kind": "meeting", "outcome": "no show"}),
    "note": ("Note", {"kind": "note"}),
}
# What is said once it is done.
DONE = {
    "make": "The contact is made.",
    "import": "The contacts are imported.",
    "owner": "The owner is changed.",
    "lifecycle": "The lifecycle stage is changed.",
    "status": "The lead status is changed.",
    "log": "It is logged.",
    "deal": "The deal is made.",
    "won": "The deal is won.",
    "lost": "The deal is lost.",
    "reopened": "The deal is open again.",
    "merge": "The two are merged: this is the third contact, which both old numbers find.",
    "delete": "The contact is in the recycling bin.",
    "erase": "The contact is erased.",
}
# Method and path below /control/hubspot/, and the body.
_Asked = tuple[str, str, Json]
_Form = dict[str, str]


FROM_ELSEWHERE = Reply(
    403, {"error": "The page's forms are for the page itself, not for pages from elsewhere."}
)


class BadForm(Exception):
    """str() says what is wrong with what was filled in; `back` is the page that the form stands on."""

    back = "/"


def answer(sandbox: Sandbox, request: Request) -> Reply:
    """Leads on to the page that shows what was done. Raises BadForm."""
    filled = filled_in(request)
    if filled is None:
        return FROM_ELSEWHERE
    back = filled.get("back", "/")
    if not re.fullmatch(r"/(contacts/[0-9]{1,18})?", back):
        back = "/"
    try:
        return _played(sandbox, request, filled=filled, back=back)
    except BadForm as error:
        error.back = back
        raise


def _played(sandbox: Sandbox, request: Request, *, filled: _Form, back: str) -> Reply:
    what = filled.get("do", "")
    if what not in _MOVES:
        raise BadForm("There is no such form.")
    with sandbox.store.reading() as db:
        method, path, body = _MOVES[what](db, filled)
    reply = carry_out(sandbox, request, method=method, path=f"hubspot/{path}", body=body)
    return Reply(303, None, {"Location": f"{_shown_on(what, reply, back=back)}?done={what}"})


def filled_in(request: Request) -> dict[str, str] | None:
    """What a form was sent with, by the names of its fields; None where it comes from a page that is not ours."""
    if not control.is_ours(request, origin=request.headers.get("origin", "")):
        return None
    given = parse_qs(request.body.decode("utf-8", "replace"))
    return {name: values[-1].strip() for name, values in given.items()}


def carry_out(sandbox: Sandbox, request: Request, *, method: str, path: str, body: Json) -> Reply:
    """One control, by its method and its path below /control/. Raises BadForm with what it complains of."""
    path, _, query = path.partition("?")
    asked = replace(
        request,
        method=method,
        path=f"/control/{path}",
        query=parse_qs(query),
        body=json.dumps(body).encode(),
    )
    reply = control.carry_out(sandbox, asked)
    if reply.status >= 400:
        raise BadForm(str(reply.body.get("error") or reply.body.get("message")))
    return reply


def _shown_on(what: str, reply: Reply, *, back: str) -> str:
    if what in ("make", "merge"):
        return f"/contacts/{reply.body['id']}"
    return "/" if what in ("delete", "erase") else back


def _make(db: sqlite3.Connection, form: _Form) -> _Asked:
    names = ("email", "firstname", "lastname", "company", "lifecyclestage")
    properties = {name: form[name] for name in names if form.get(name)}
    return "POST", "contacts", {"properties": properties, "owner": form.get("owner", "")}


def _import(db: sqlite3.Connection, form: _Form) -> _Asked:
    (made,) = db.execute("SELECT COUNT(*) FROM records WHERE kind = 'contacts'").fetchone()
    body = {"count": digits(form.get("count", "")), "domain": form.get("domain", ""), "start": int(made)}
    return "POST", "imports", body


def _owner(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "POST", f"contacts/{_id(form)}/owner", {"owner": form.get("owner", "")}


def _lifecycle(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "POST", f"contacts/{_id(form)}/lifecycle", {"stage": form.get("value", "")}


def _status(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "PATCH", f"contacts/{_id(form)}", {"properties": {"hs_lead_status": form.get("value", "")}}


def _log(db: sqlite3.Connection, form: _Form) -> _Asked:
    _, body = LOGGED.get(form.get("what", ""), ("", {}))
    return (
        "POST",
        "engagements",
        body
        | {
            "contact": _id(form),
            "owner": form.get("owner", ""),
            "text": form.get("text", ""),
        },
    )


def _deal(db: sqlite3.Connection, form: _Form) -> _Asked:
    properties = {name: form[name] for name in ("dealname", "amount", "dealstage") if form.get(name)}
    return "POST", "deals", {"properties": properties, "contact": _id(form), "owner": form.get("owner", "")}


def _merge(db: sqlite3.Connection, form: _Form) -> _Asked:
    ends = {name: _called(db, form.get(name, "")) for name in ("primary", "other")}
    return "POST", "contacts/merge", ends


def _delete(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "DELETE", f"contacts/{_id(form)}", {}


def _erase(db: sqlite3.Connection, form: _Form) -> _Asked:
    return "DELETE", f"contacts/{_id(form)}?privacy=true", {}


def _closing(what: str) -> Callable[[sqlite3.Connection, _Form], _Asked]:
    return lambda db, form: ("POST", f"deals/{_id(form)}/{what}", {})


def _id(form: _Form) -> str:
    return str(digits(form.get("id", "")) or 0)


def _called(db: sqlite3.Connection, name: str) -> str:
    """A contact's number from what a person writes: 51, #51 or its e-mail address. Raises BadForm: nobody's."""
    number = digits(name.lstrip("#"))
    if "@" in name:
        number = records.holder(db, kind="contacts", property="email", value=name)
    if number is None or records.get(db, kind="contacts", id=number) is None:
        raise BadForm(f"There is no contact {name}.")
    return str(number)


_MOVES: dict[str, Callable[[sqlite3.Connection, _Form], _Asked]] = {
    "make": _make,
    "import": _import,
    "owner": _owner,
    "lifecycle": _lifecycle,
    "status": _status,
    "log": _log,
    "deal": _deal,
    "merge": _merge,
    "delete": _delete,
    "erase": _erase,
    **{what: _closing(what) for what in ("won", "lost", "reopened")},
}
