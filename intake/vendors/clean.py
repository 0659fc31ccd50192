"""Bodies as PostgreSQL accepts them: no NUL, no lone surrogate, no NaN, no bottomless nesting."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from intake.notes import Note, add_note

MAX_DEPTH = 24
_LOST = "\ufffd"
# A character that cannot be kept leaves a mark: taking it out would make another address of an address.
_FORBIDDEN: dict[int, str] = {0: _LOST, **dict.fromkeys(range(0xD800, 0xE000), _LOST)}
# PostgreSQL's numeric holds 131,072 digits before the point; nobody means a number of more than a few dozen.
_MAX_INTEGER = 10**40
_TOO_DEEP = Note(
    "",
    "too_deep",
    f"Values nested more than {MAX_DEPTH} levels deep are not read. The body as it came in has them.",
)


def clean_text(text: str) -> str:
    """With U+FFFD for each NUL and lone surrogate (both are refused by text and JSONB columns)."""
    # Almost all text is printable, and the check is far cheaper than a translation.
    return text if text.isprintable() else text.translate(_FORBIDDEN)


def clean(value: Any, notes: list[Note], *, depth: int = MAX_DEPTH, name: str = "") -> Any:
    """A copy made of dict, list, str, int, float, bool and None only; what had to be left out is None and noted.

    `name` is what the value stands under.
    """
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) < _MAX_INTEGER:
            return value
        add_note(
            notes,
            Note(name, "number_too_large", f"The number under “{name}” has too many digits to be read."),
        )
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        if depth <= 0:
            add_note(notes, _TOO_DEEP)
            return None
        found: dict[str, Any] = {}
        for key, item in value.items():
            key = clean_text(str(key))
            if key in found:
                message = f"Two names become “{key}” once they can be read; the last value counts."
                add_note(notes, Note(key, "sent_twice", message))
            found[key] = clean(item, notes, depth=depth - 1, name=key)
        return found
    if isinstance(value, (list, tuple)):
        if depth <= 0:
            add_note(notes, _TOO_DEEP)
            return None
        return [clean(item, notes, depth=depth - 1, name=name) for item in value]
    if isinstance(value, bytes):
        return clean_text(value.decode("utf-8", errors="replace"))
    return clean_text(str(value))


def is_blank(value: Any) -> bool:
    """Whether a form's value says nothing: None, an empty list or object, or text of white space only."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, (list, dict)) and not value


def form_body(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The body of a urlencoded or multipart post as a dict; a key that comes several times becomes a list."""
    body: dict[str, Any] = {}
    for key, value in pairs:
        if key not in body:
            body[key] = value
        elif isinstance(body[key], list):
            body[key].append(value)
        else:
            body[key] = [body[key], value]
    return body
