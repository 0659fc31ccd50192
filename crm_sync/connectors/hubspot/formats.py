"""How HubSpot writes values down: every property value is a string."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

SEPARATOR = ";"
# Of HubSpot's 65,536 characters.
_LONGEST = 60_000


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


def moment(text: Any) -> datetime | None:
    """A time that HubSpot wrote; None for none and for what is no time."""
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
