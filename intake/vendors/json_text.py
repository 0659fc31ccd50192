"""JSON as forms post it, strictly: what would be lost in silence is refused or noted."""

import json
import math
from typing import Any, NoReturn

from intake.notes import Note, add_note
from intake.vendors.clean import clean_text

_LONGEST_NAME = 100


def decode(text: str, notes: list[Note]) -> Any:
    """The value; a name that one object has twice with different values is noted, and its last value counts.

    Raises ValueError, also for NaN and Infinity, which JSON does not have; RecursionError for what is nested without end.
    """

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            _note_repeated(pairs, notes)
        return found

    decoder = json.JSONDecoder(
        object_pairs_hook=to_object, parse_constant=_refuse_constant, parse_float=_finite
    )
    return decoder.decode(text)


def _note_repeated(pairs: list[tuple[str, Any]], notes: list[Note]) -> None:
    before: dict[str, Any] = {}
    for key, value in pairs:
        if key in before and before[key] != value:
            name = clean_text(key[:_LONGEST_NAME])
            message = f"“{name}” was sent twice with different values; the last one counts."
            lost = before[key]
            raw = (
                clean_text(lost) if isinstance(lost, str) else lost if isinstance(lost, int | float) else None
            )
            add_note(notes, Note(name, "sent_twice", message, raw))
        before[key] = value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is larger than any number that can be kept")
    return number
