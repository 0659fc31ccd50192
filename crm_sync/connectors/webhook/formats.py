"""How our values are written down: as text until a message is filled, then as JSON values."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# Between the values of a list.
SEPARATOR = ";"
_LONGEST = 16_000


def encode(value: Any) -> str:
    """Times are ISO 8601 in UTC to the second, lists are joined by ";"."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case list() | tuple():
            return SEPARATOR.join(encode(each) for each in value)[:_LONGEST]
        case dict():
            return json.dumps(value, ensure_ascii=False)[:_LONGEST]
    return str(value)[:_LONGEST]


def typed(values: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Any]:
    """property -> JSON value: a text that says nothing is null, and one that is not of its type stays a text."""
    return {name: _typed(text, types.get(name, "text")) for name, text in values.items()}


def _typed(text: str, type_: str) -> Any:
    if not text:
        return None
    if type_ == "boolean" and text in ("true", "false"):
        return text == "true"
    if type_ == "number":
        try:
            number = float(text)
        except ValueError:
            return text
        return (
            int(number)
            if number.is_integer() and abs(number) < 2**53
            else number
            if number - number == 0
            else text
        )
    return text
