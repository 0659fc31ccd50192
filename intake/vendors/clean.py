"""Bodies as PostgreSQL accepts them: no NUL, no lone surrogate, no NaN, no bottomless nesting."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MAX_DEPTH = 24
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_FORBIDDEN: dict[int, str | None] = {0: None, **_SURROGATES}
# PostgreSQL's numeric holds 131,072 digits before the point; nobody means a number of more than a few dozen.
_MAX_INTEGER = 10**40


def clean_text(text: str) -> str:
    """Without NUL characters; lone surrogates become U+FFFD (both are refused by text and JSONB columns)."""
    # Almost all text is printable, and the check is far cheaper than a translation.
    return text if text.isprintable() else text.translate(_FORBIDDEN)


def clean(value: Any, *, depth: int = MAX_DEPTH) -> Any:
    """A copy made of dict, list, str, int, float, bool and None only; deeper than `depth` there is None."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MAX_INTEGER else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        if depth <= 0:
            return None
        return {clean_text(str(key)): clean(item, depth=depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item, depth=depth - 1) for item in value] if depth > 0 else None
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
