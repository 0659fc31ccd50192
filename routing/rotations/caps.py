"""What somebody was given, as caps count it. The only counting: the engine's candidates, the pages and the simulator share it.

A cap counts automatic assignments, of all rotations, since midnight (or Monday's midnight) on the owner's own wall clock. Each
one counts: a lead that has gone elsewhere since still does, and one that came back and was given again counts twice.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from routing.models import Assignment, Owner
from routing.response.calendars import local_date


@dataclass(frozen=True, slots=True)
class Given:
    """Automatic assignments of the owner's present day and week."""

    today: int = 0
    this_week: int = 0


NOTHING = Given()

_COUNT = f"""
    SELECT since.owner_id, count(*) FILTER (WHERE given.assigned_at >= since.midnight), count(*)
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS since (owner_id, midnight, monday)
    JOIN {Assignment.history.model._meta.db_table} AS given
        ON given.owner_id = since.owner_id AND given.assigned_at >= since.monday
    WHERE given.automatic AND given.history_type <> '-'
    GROUP BY since.owner_id
"""


def given(owners: Iterable[Owner], *, now: datetime) -> dict[int, Given]:
    """By owner, for all of them; one query, none for nobody."""
    listed = list(owners)
    found = {owner.pk: NOTHING for owner in listed}
    if listed:
        windows = [_windows(owner, now) for owner in listed]
        with connection.cursor() as cursor:
            cursor.execute(
                _COUNT,
                [[owner.pk for owner in listed], [day for day, _ in windows], [week for _, week in windows]],
            )
            for owner_id, today, this_week in cursor.fetchall():
                found[owner_id] = Given(today, this_week)
    return found


def reached_at(owners: Collection[Owner], *, now: datetime) -> dict[int, datetime]:
    """Since when owners are at a cap: the instant of the assignment that filled it. Of two full caps the earlier; one query,
    none for nobody. Owners below their caps are left out."""
    capped = {
        owner.pk: owner for owner in owners if owner.daily_cap is not None or owner.weekly_cap is not None
    }
    if not capped:
        return {}
    since = min(_windows(owner, now)[1] for owner in capped.values())
    rows = Assignment.history.filter(automatic=True, owner_id__in=capped, assigned_at__gte=since)
    times: dict[int, list[datetime]] = {}
    for owner_id, at in (
        rows.exclude(history_type="-").order_by("assigned_at").values_list("owner_id", "assigned_at")
    ):
        times.setdefault(owner_id, []).append(at)
    found = {}
    for owner_id, owner in capped.items():
        full = []
        for cap, start in zip((owner.daily_cap, owner.weekly_cap), _windows(owner, now), strict=True):
            inside = [at for at in times.get(owner_id, []) if at >= start]
            if cap is not None and len(inside) >= cap:
                full.append(inside[cap - 1] if cap else start)
        if full:
            found[owner_id] = min(full)
    return found


def _windows(owner: Owner, now: datetime) -> tuple[datetime, datetime]:
    """When the owner's present day and week began, in UTC."""
    midnight = local_date(owner, now).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    monday = midnight - timedelta(days=midnight.weekday())
    return midnight.astimezone(UTC), monday.astimezone(UTC)
