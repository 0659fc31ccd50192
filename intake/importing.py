"""Rows of a CSV file as submissions of a form: each is taken through `accept`, one by one, and goes the way of any other.

A row is known by what it says: the same row again, in this file or in a later run, is no second submission.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from intake import accept, aliases, bodies
from intake.canonical import CANONICAL_FIELDS
from intake.csv_tables import Row, UnreadableCsv
from intake.models import IntakeForm, Submission
from intake.reading import contract_errors, flatten, read
from intake.values.normalize import FoldedAliases
from intake.vendors.field_map import apply_field_map

VENDOR = "generic"
_REACH = ("email", "phone")
_CHUNK = 500

State = Literal["new", "known", "held", "bad"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row. new: a submission; held: one that a person has to look at, as `said`; known: it was here
    already; bad: none, or a refused one.
    """

    line: int
    state: State
    said: str = ""


def meaning(form: IntakeForm, columns: list[str]) -> dict[str, str]:
    """column -> canonical field or `extra.<name>`, as the form's field map and the names have it. Raises UnreadableCsv
    where nothing says how to reach anybody.
    """
    cells = {f"column {number}": name for number, name in enumerate(columns)}
    named = bodies.ParsedBody({name: cell for cell, name in cells.items()})
    mapped = apply_field_map(flatten(form, named), form.field_map, {})
    fields = {str(value): name for name, value in mapped.values.items()}
    fields |= {str(value): f"extra.{name}" for name, value in mapped.extra.items()}
    if not any(name in _REACH for name in (*fields.values(), *form.defaults)):
        raise UnreadableCsv(
            f"No column is an e-mail address or phone number: {', '.join(columns)}. "
            f"Name one “email” or “phone”, or map it in the field map of the form {form.key}."
        )
    return {name: fields.get(cell, f"extra.{name}") for cell, name in cells.items()}


def take(form: IntakeForm, rows: Iterator[Row], *, now: datetime) -> Iterator[Taken]:
    """Accept row after row; each is committed when it is told. Call it outside a transaction."""
    known = aliases.load()
    for row in rows:
        if row.problem:
            yield Taken(row.line, "bad", row.problem)
            continue
        envelope = accept.Envelope(
            body=row.body,
            content_type=bodies.JSON,
            headers={"user-agent": "leadops import"},
            ip=None,
            idempotency_key="",
            event_id=row.event_id,
        )
        (accepted,) = accept.accept(form, envelope, bodies.ParsedBody(row.values), now=now)
        if accepted.replayed or accepted.errors:
            yield _again(accepted.submission, line=row.line)
        else:
            yield _looked_at(form, row, known)


def try_out(form: IntakeForm, rows: Iterator[Row]) -> Iterator[Taken]:
    """What `take` would say; writes nothing. One query for each chunk of rows."""
    aliases_known = aliases.load()
    # What it would say of a row that it has seen before: refused ones stay refused.
    seen: dict[str | None, Taken] = {}
    while chunk := list(islice(rows, _CHUNK)):
        keys = {row.line: accept.event_key(row.event_id) for row in chunk if not row.problem}
        for submission in Submission.objects.filter(form=form, idempotency_key__in=keys.values()):
            seen[submission.idempotency_key] = _again(submission, line=0)
        for row in chunk:
            if row.problem:
                yield Taken(row.line, "bad", row.problem)
                continue
            key = keys[row.line]
            if key in seen:
                yield replace(seen[key], line=row.line)
                continue
            found = _looked_at(form, row, aliases_known)
            seen[key] = found if found.state == "bad" else Taken(row.line, "known")
            yield found


def _again(submission: Submission, *, line: int) -> Taken:
    if submission.status == Submission.Status.REJECTED and submission.lead_id is None:
        return Taken(line, "bad", submission.reason)
    return Taken(line, "known")


def _looked_at(form: IntakeForm, row: Row, known: FoldedAliases) -> Taken:
    """What becomes of a row that nobody has seen before."""
    normalized = read(form, body=row.body, content_type=bodies.JSON, aliases=known).normalized
    if errors := contract_errors(form, normalized):
        said = " ".join(text for listed in errors.values() for text in listed)
        return Taken(row.line, "bad" if form.on_invalid == IntakeForm.OnInvalid.REJECT else "held", said)
    if not any(name in normalized.values for name in _REACH):
        labels = " nor ".join(CANONICAL_FIELDS[name].label.lower() for name in _REACH)
        return Taken(row.line, "held", f"Neither {labels}.")
    return Taken(row.line, "new")
