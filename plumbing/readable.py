"""Text from outside, fit to be shown: on a page, in an answer, in a log line."""

import json
import re
from contextlib import suppress
from typing import Any

# What a page, a JSON answer or a terminal cannot carry, or what changes how the text around it looks: control characters
# (white space may stay), half characters, and the marks that turn the direction of reading.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def readable(text: str) -> str:
    """The text with whatever cannot be shown written as its code (`\\u202e`), so that nothing is hidden and nothing breaks."""
    return text if text.isprintable() else _UNFIT.sub(_code, text)


def readable_line(text: str) -> str:
    """The same on one line: line breaks are written out too."""
    return readable(text).replace("\r", "\\r").replace("\n", "\\n")


def readable_json(text: str) -> str:
    """JSON text with a value per line. As it stands where that would not be the whole of it: text that is no JSON, is nested
    too deep, or has a name twice.
    """
    with suppress(ValueError, RecursionError):
        value = json.loads(text, object_pairs_hook=_object_of_different_names)
        text = json.dumps(value, indent=2, ensure_ascii=False)
    return readable(text)


def _object_of_different_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name stands there twice.")
    return found


def _code(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
