"""Rows of a CSV file as submissions of a form: each is taken through `accept`, one by one, and goes the way of any other.

A row is known by what it says: the same row again, in this file or in a later run, is no second submission.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Literal, TextIO

from intake import accept, aliases, bodies
from intake.canonical import CANONICAL_FIELDS
from intake.models import IntakeForm, Submission
from intake.reading import contract_errors, flatten, read
from intake.values.normalize import FoldedAliases
from intake.vendors.field_map import apply_field_map

VENDOR = "generic"
_DELIMITERS = ",;\t|"
_REACH = ("email", "phone")
_CHUNK = 500

State = Literal["new", "known", "held", "bad"]


class UnreadableCsv(ValueError):
    """The file as a whole cannot be imported; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where the row begins, the header being line 1. `values` by column, blank cells left out; `problem` where
    there is none to be had.
    """

    line: int
    values: Mapping[str, str]
    problem: str = ""

    @property
    def body(self) -> bytes:
        return json.dumps(self.values, ensure_ascii=False).encode()

    @property
    def event_id(self) -> str:
        content = json.dumps(self.values, sort_keys=True)
        return f"csv:{hashlib.sha256(content.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row. new: a submission; held: one that a person has to look at, as `said`; known: it was here
    already; bad: none, or a refused one.
    """

    line: int
    state: State
    said: str = ""


class Table:
    """A CSV file: its columns, and its rows as they are read. Comma, semicolon, tab or bar, whichever its header has most of.

    `file` must be opened with newline="" and errors="surrogateescape". Raises UnreadableFile.
    """

    def __init__(self, file: TextIO) -> None:
        first = file.readline()
        if "\0" in first or not _is_text(first):
            raise UnreadableCsv("The file is not UTF-8 text. Save it as “CSV UTF-8”.")
        self._delimiter = max(_DELIMITERS, key=lambda each: len(_cells(first, each)))
        self._reader = csv.reader(chain([first], file), delimiter=self._delimiter)
        self.columns = [cell.strip() for cell in next(self._reader, [])]
        while self.columns and not self.columns[-1]:
            self.columns.pop()
        if not self.columns:
            raise UnreadableCsv("The first line has no names of columns.")
        for number, name in enumerate(self.columns, start=1):
            if not name:
                raise UnreadableCsv(f"Column {number} has no name.")
            if name in self.columns[: number - 1]:
                raise UnreadableCsv(f"Two columns are named “{name}”.")

    def rows(self) -> Iterator[Row]:
        """Rows that say something. What cannot be read is a row with a problem."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, {}, f"It cannot be read as CSV: {error}.")
                continue
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        if any(cells[len(self.columns) :]):
            return Row(line, {}, f"It has {len(cells)} cells, and the header has {len(self.columns)}.")
        row = Row(line, {name: cell for name, cell in zip(self.columns, cells, strict=False) if cell})
        if not all(map(_is_text, cells)):
            return Row(line, {}, "It is not UTF-8 text.")
        if len(row.body) > bodies.MAX_BYTES:
            return Row(line, {}, f"It is larger than {bodies.MAX_BYTES // 1024} KiB.")
        return row


def meaning(form: IntakeForm, columns: list[str]) -> dict[str, str]:
    """column -> canonical field or `extra.<name>`, as the form's field map and the names have it. Raises UnreadableFile
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


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _is_text(text: str) -> bool:
    """Bytes that were no UTF-8 came in as lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
