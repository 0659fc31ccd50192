"""The one shape that every vendor's body is turned into."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from intake.notes import Note, add_note
from intake.vendors.clean import is_blank

_NOT_WORDS = re.compile(r"[\W_]+")


@lru_cache(maxsize=8192)
def fold_name(name: str) -> str:
    """What remains of a name when case, spaces and punctuation do not count: "First Name" -> "firstname"."""
    return _NOT_WORDS.sub("", name).casefold()


@dataclass(slots=True)
class Flat:
    """Named values of one submission.

    `values` holds each value under every name it goes by (Typeform: ref, id and title); `main_names` says for
    the other names which one is the value's own, under which it is kept when nobody maps it. `labels` are the
    questions as the visitor saw them, by own name. `event_id` is the vendor's id of this delivery,
    `reference` the id to fetch the answers by when the body carries ids only. `is_test` is the vendor's mark
    on a trial delivery; `meeting` is what it tells of a meeting that is known, where it is no request (`Submission.Meeting`).
    `body` is the cleaned body, for sources given as a path. `notes` say what was left out.
    """

    values: dict[str, Any] = field(default_factory=dict)
    event_id: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    main_names: dict[str, str] = field(default_factory=dict)
    reference: str | None = None
    is_test: bool = False
    meeting: str = ""
    body: Any = None
    notes: list[Note] = field(default_factory=list)

    def add(self, name: Any, value: Any, *, also: Iterable[Any] = (), label: Any = None) -> None:
        """Put a value under its own name and its other names; a name that is taken keeps its first value."""
        name = text_of(name)
        if not name or is_blank(value):
            return
        if name in self.main_names:
            # An earlier value answers to this name as well, but this one owns it.
            del self.main_names[name]
        elif name in self.values:
            if value != self.values[name]:
                message = f"“{name}” was sent twice with different values; the first one counts."
                add_note(self.notes, Note(name[:100], "sent_twice", message))
            return
        self.values[name] = value
        if label := text_of(label):
            self.labels[name] = label
        for other in (*also, label):
            if (other := text_of(other)) and other not in self.values:
                self.values[other] = value
                self.main_names[other] = name

    def own_values(self) -> dict[str, Any]:
        """Each value once, under its own name."""
        return {name: value for name, value in self.values.items() if name not in self.main_names}


def text_of(value: Any) -> str:
    """A name or id as text; anything that is neither text nor a whole number is no name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def id_of_one_site(number: Any, body: Any) -> str | None:
    """The id of a delivery whose number counts on one site only; None for 0, which stands for an entry that is not kept.

    Each WordPress counts for itself, so the number says nothing without the words: others under it are another person's.
    """
    text = text_of(number)
    if not text.strip("0"):
        return None
    said = json.dumps(body, sort_keys=True, default=str)
    return f"{text}:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()}"


def dict_of(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: a vendor's body may say anything anywhere."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; whatever else stands in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def one_or_many(values: list[Any]) -> Any:
    """A list of one is its item, as forms send single choices as lists."""
    return values[0] if len(values) == 1 else values
