"""Any JSON or form body: nested values by dotted path, and by their last name where only one value has it."""

import re
from collections import Counter
from typing import Any

from intake.notes import Note, add_note
from intake.vendors.clean import MAX_DEPTH, clean
from intake.vendors.flat import Flat, dict_of, fold_name, text_of
from intake.vendors.json_text import decode

MAX_VALUES = 1000
_DEEPEST = 24
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NAME_KEYS = ("name", "key", "field", "id", "label", "title", "question")
_VALUE_KEYS = ("value", "answer", "values")


def flatten(body: Any) -> Flat:
    """Values by dotted path and last name; `[{"name": .., "value": ..}]` lists are read as named values.

    There is no `event_id`: a hidden field of that name may well be the same on every post, and would swallow leads.
    """
    flat = Flat()
    flat.body = opened(unbracket(body), flat.notes)
    add_nested(flat, dict_of(flat.body))
    return flat


def opened(body: Any, notes: list[Note]) -> Any:
    """With the objects that stand as JSON text in one value (`data.json` of page builders) in place of their text.

    What somebody writes about is text, whatever it looks like.
    """
    if not isinstance(body, dict):
        return body
    return {
        name: value
        if not isinstance(value, str) or fold_name(name) == "message"
        else _object_in(value, notes) or value
        for name, value in body.items()
    }


def _object_in(text: str, notes: list[Note]) -> Any:
    start = text.lstrip()[:1]
    if start not in ("{", "[") or text.rstrip()[-1:] not in ("}", "]"):
        return None
    try:
        value = clean(decode(text, []), notes, depth=MAX_DEPTH - 1)
    except (ValueError, RecursionError):
        return None
    objects = value if isinstance(value, list) else [value]
    return value if objects and all(isinstance(one, dict) and one for one in objects) else None


def add_nested(flat: Flat, body: Any, *, path: str = "") -> None:
    """Add every leaf below `body` to `flat`; a last name that two leaves share names neither."""
    leaves: list[tuple[str, str, Any, Any]] = []
    _walk(body, path, leaves)
    if len(leaves) > MAX_VALUES:
        message = f"More than {MAX_VALUES:,} values were sent; the rest is not read. The body as it came in has them."
        add_note(flat.notes, Note("", "too_many", message))
        leaves = leaves[:MAX_VALUES]
    shared = Counter(last for _, last, _, _ in leaves)
    # Names of the top level first: they are the body's own words, before any last name of something nested.
    for full, last, value, label in sorted(leaves, key=lambda leaf: leaf[0] != leaf[1]):
        flat.add(full, value, also=[last] if shared[last] == 1 else [], label=label)


def unbracket(body: Any) -> Any:
    """PHP's form keys as nesting: `fields[email][value]=x` -> `{"fields": {"email": {"value": "x"}}}`."""
    if not isinstance(body, dict) or not any("[" in key for key in body):
        return body
    nested: dict[str, Any] = {}
    for key, value in body.items():
        head, bracket, rest = key.partition("[")
        parts = [head, *_BRACKETS.findall(bracket + rest)] if head and bracket else [key]
        if len(parts) > 1 and parts[-1] == "":
            # `interests[]` is PHP's spelling of a list.
            parts.pop()
        if len(parts) > _DEEPEST:
            parts = [*parts[: _DEEPEST - 1], ".".join(parts[_DEEPEST - 1 :])]
        _put(nested, parts, value)
    return nested


def _put(nested: dict[str, Any], parts: list[str], value: Any) -> None:
    place = nested
    for part in parts[:-1]:
        below = place.setdefault(part, {})
        if not isinstance(below, dict):
            below = place[part] = {"": below}
        place = below
    last = parts[-1]
    if last not in place:
        place[last] = value
    elif isinstance(place[last], dict):
        _put(place[last], [""], value)
    else:
        # `interests` beside `interests[]`: both are values of the one name.
        place[last] = [*_listed(place[last]), *_listed(value)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _walk(value: Any, path: str, leaves: list[tuple[str, str, Any, Any]]) -> None:
    if len(leaves) > MAX_VALUES:
        return  # One more than is read says that there were more.
    if isinstance(value, dict):
        for key, item in value.items():
            _walk(item, f"{path}.{key}" if path else key, leaves)
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for index, item in enumerate(value):
            if named := _named(dict_of(item)):
                name, label, inner = named
                leaves.append((f"{path}.{name}" if path else name, name, inner, label))
            else:
                _walk(item, f"{path}[{index}]", leaves)
    else:
        leaves.append((path, path.rpartition(".")[2], value, None))


def _named(item: Any) -> tuple[str, Any, Any] | None:
    """(name, label, value) of an item such as {"name": "email", "label": "E-mail", "value": "x"}, else None."""
    value_key = next((key for key in _VALUE_KEYS if key in item), None)
    if value_key is None or isinstance(item[value_key], dict):
        return None
    name = next((text for key in _NAME_KEYS if (text := text_of(item.get(key)))), "")
    value = item[value_key]
    if value_key == "values" and isinstance(value, list) and len(value) == 1:
        value = value[0]
    return (name, item.get("label") or item.get("title"), value) if name else None
