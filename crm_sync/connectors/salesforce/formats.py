"""How Salesforce writes values and ids down, and how a query quotes them."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# Between the values of a multi-select picklist.
SEPARATOR = ";"
# Of a long text area, as it comes.
_LONGEST = 32_000
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def encode(value: Any) -> str:
    """Times are ISO 8601 in UTC with milliseconds, lists are joined by ";"."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case list() | tuple():
            return SEPARATOR.join(encode(each) for each in value)[:_LONGEST]
    return str(value)[:_LONGEST]


def text_of(value: Any) -> str:
    """A value that Salesforce gave, as `encode` writes ours; whole numbers without a fraction."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return encode(value)


def moment(text: Any) -> datetime | None:
    """A time that Salesforce wrote; None for none and for what is no time."""
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def quoted(text: str) -> str:
    return f"'{text.translate(_ESCAPED)}'"


def listed(texts: Collection[str]) -> str:
    """For IN: never empty."""
    return f"({', '.join(quoted(each) for each in sorted(set(texts)))})"


def at(value: datetime) -> str:
    """A moment in a query."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def long_id(text: str) -> str:
    """The id of 18 characters, which tells upper from lower case by three more; what is no id of 15 stays as it is."""
    if len(text) != 15 or not is_id(text):
        return text
    blocks = (text[start : start + 5] for start in range(0, 15, 5))
    sums = (sum(1 << place for place, each in enumerate(block) if each.isupper()) for block in blocks)
    return text + "".join(_CHECKSUM[each] for each in sums)
