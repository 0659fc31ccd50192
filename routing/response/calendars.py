"""Work calendars as the engine reads them, built once per version of the row."""

import json
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from routing.engine.business_time import Calendar
from routing.models import Owner, Queue, WorkCalendar


def calendar_of(row: WorkCalendar | None) -> Calendar | None:
    """Raises routing.engine.opening_hours.CalendarError when the row cannot be read."""
    if row is None or not row.active:
        return None
    return _built(
        json.dumps(
            {
                "name": row.name,
                "timezone": row.timezone,
                "hours": row.hours,
                "holidays": row.holidays,
                "days": row.days,
            },
            sort_keys=True,
        )
    )


@lru_cache(maxsize=512)
def _built(data: str) -> Calendar:
    return Calendar.from_json(json.loads(data))


def owner_calendar_row(owner: Owner) -> WorkCalendar | None:
    """The owner's own calendar, else the team's."""
    return owner.calendar or (owner.team.calendar if owner.team else None)


def team_calendar_row(owner: Owner | None, queue: Queue | None) -> WorkCalendar | None:
    """The calendar of the team that answers: the owner's, or the queue's."""
    team = owner.team if owner else queue.team if queue else None
    return team.calendar if team else None


def zone_of(owner: Owner) -> tzinfo:
    """The owner's zone: that of the calendar they work by, else UTC."""
    row = owner_calendar_row(owner)
    return ZoneInfo(row.timezone) if row else UTC


def local_date(owner: Owner, at: datetime) -> datetime:
    """`at` on the owner's own wall clock."""
    return at.astimezone(zone_of(owner))
