"""Dates and times as Salesforce writes them: UTC, seconds, and texts that are in the order of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from crm_sandbox.wire import now_ms


def now() -> str:
    return of(now_ms())


def of(milliseconds: int) -> str:
    """2026-11-22T13:00:00.000+0000"""
    return f"{datetime.fromtimestamp(milliseconds // 1000, tz=UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def today() -> str:
    return f"{datetime.now(tz=UTC):%Y-%m-%d}"


def in_days(days: int) -> str:
    return f"{datetime.now(tz=UTC) + timedelta(days=days):%Y-%m-%d}"


def read(text: str) -> str | None:
    """A moment with any ISO offset as it is stored; one without a zone is UTC. None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text and " " not in text:
        return None
    whole = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.000+0000"


def read_date(text: str) -> str | None:
    """A date; of a moment its day in UTC."""
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else (read(text) or "")[:10] or None
    except ValueError:
        return None


def milliseconds(stored: str) -> int:
    return round(datetime.fromisoformat(stored).timestamp() * 1000)
