"""Points in time, as aware datetimes in UTC."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from intake.values.refusal import ValueRefused
from intake.values.text import one_line

_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Seconds since 1970 stay below this until the year 5138; milliseconds are above it since 1973.
_MILLISECONDS_FROM = 10**11
_DATE = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?)?", re.IGNORECASE
)
# "GMT+0200 (Central European Summer Time)": the offset counts, and its name is for people.
_ZONE_NAME = re.compile(r"\s*\([^()]*\)\s*$")
_OFFSET_OF_GMT = re.compile(r"\s*\b(?:GMT|UTC)\s*([+-])(\d{1,2}):?(\d{2})?\s*$", re.IGNORECASE)
_OF_SCRIPTS = re.compile(
    r"(?:[A-Z][a-z]{2},? )?([A-Z][a-z]{2}) (\d{1,2}),? (\d{4}),? (\d{1,2}:\d{2}(?::\d{2})?)(?: ?([+-]\d{4}))?"
)


def normalize_datetime(raw: str | int | float, *, timezone: str | None) -> datetime:
    """In UTC. Takes ISO 8601, seconds or milliseconds since 1970, RFC 5322, and dates with points or slashes.

    A time without an offset is read in `timezone`, or as UTC without one. 3/4/2026 is refused: it is two days.
    """
    moment = (
        _from_number(float(raw)) if isinstance(raw, (int, float)) else _from_text(one_line(raw), timezone)
    )
    if not _EARLIEST <= moment < _LATEST:
        raise ValueRefused("datetime_out_of_range", "This point in time lies too far away.")
    return moment


def _from_number(number: float) -> datetime:
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) >= _MILLISECONDS_FROM else number, tz=UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueRefused("datetime_out_of_range", "This point in time lies too far away.") from None


def _from_text(text: str, timezone: str | None) -> datetime:
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return _from_number(float(text))
    text = _ZONE_NAME.sub("", text)
    text = _OFFSET_OF_GMT.sub(lambda match: f" {match[1]}{match[2]:0>2}{match[3] or '00'}", text)
    moment = _parse_iso(text) or _parse_of_scripts(text) or _parse_date(text) or _parse_mail_date(text)
    if moment is None:
        raise ValueRefused("datetime_invalid", "This is no date or time we can read.")
    try:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(timezone) if timezone else UTC)
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueRefused("datetime_out_of_range", "This point in time lies too far away.") from None


def _parse_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    # "+0000" behind a space, "Z" behind a space, "UTC": near enough to be meant.
    try:
        return datetime.fromisoformat(
            re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", text, flags=re.IGNORECASE).replace(" +", "+")
        )
    except ValueError:
        return None


def _parse_of_scripts(text: str) -> datetime | None:
    """As JavaScript says a date: "Fri Jun 05 2026 10:33:12 +0200"."""
    if not (match := _OF_SCRIPTS.fullmatch(text)):
        return None
    month, day, year, time, offset = match.groups()
    return _parse_mail_date(f"{day} {month} {year} {time} {offset or ''}".strip())


def _parse_mail_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parse_date(text: str) -> datetime | None:
    if not (match := _DATE.fullmatch(text)):
        return None
    first, mark, second, third, hour, minute, second_of_minute, half = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) != 4:
        return None
    elif mark == "." or int(first) > 12:
        year, month, day = int(third), int(second), int(first)
    elif int(second) > 12 or first == second:
        year, month, day = int(third), int(first), int(second)
    else:
        raise ValueRefused("datetime_ambiguous", "Day and month of this date cannot be told apart.")
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return datetime(year, month, day, hours, int(minute or 0), int(second_of_minute or 0))  # noqa: DTZ001
    except ValueError:
        return None
