"""How well the hand-off goes: counts, rates and latency percentiles per step, counted by PostgreSQL in one statement.

The steps of a submission: received -> handed off (all stages committed) -> in the CRM (the record was made or adopted, and
shows whom the lead belongs to: a record without its owner is not handed over) and -> told (the notice of this submission
was sent, or, where the lead went to somebody else before that, theirs). A submission of somebody whose record is there
already has no CRM step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import connection

from crm_sync.models import CrmConnection
from intake.models import IntakeForm, Lead, Submission, TimelineEntry
from routing.models import OwnerNotice

By = Literal["form", "source", "connection"]
PERCENTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class HandoffStep:
    """Seconds; None where nothing was counted."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of submissions received in a span of time, without vendors' test deliveries and test leads. `waiting` are those still on
    their way; `new_leads` made a lead, and only they count in `received_to_crm`.
    """

    key: str
    received: int
    handed_off: int
    waiting: int
    held: int
    rejected: int
    spam: int
    received_to_handed_off: HandoffStep
    handed_off_to_crm: HandoffStep
    handed_off_to_notified: HandoffStep
    new_leads: int
    received_to_crm: HandoffStep

    @property
    def handed_off_rate(self) -> float | None:
        """Of those that should be handed off: neither spam nor rejected."""
        wanted = self.received - self.spam - self.rejected
        return self.handed_off / wanted if wanted else None

    @property
    def notified_rate(self) -> float | None:
        """Of those handed off."""
        return self.handed_off_to_notified.count / self.handed_off if self.handed_off else None


_KEYS: Mapping[By, str] = {
    "form": "form.key",
    "source": "coalesce(nullif(lower(s.values ->> 'utm_source'), ''), '(none)')",
    "connection": "crm.key",
}

_TABLES = {
    model.__name__: model._meta.db_table
    for model in (Submission, IntakeForm, Lead, TimelineEntry, OwnerNotice, CrmConnection)
}

_SQL = """
WITH counted AS (
    SELECT {key} AS key, s.status,
        extract(epoch FROM s.handed_off_at - s.received_at) AS to_handed_off,
        extract(epoch FROM arrived.at - s.handed_off_at) AS to_crm,
        lead.created_at >= s.received_at AS is_new,
        CASE WHEN lead.created_at >= s.received_at THEN extract(epoch FROM arrived.at - s.received_at) END AS all_the_way,
        extract(epoch FROM told.at - s.handed_off_at) AS to_told
    FROM {Submission} s
    JOIN {IntakeForm} form ON form.id = s.form_id
    LEFT JOIN {Lead} lead ON lead.id = s.lead_id
    {crm}
    LEFT JOIN LATERAL (
        SELECT min(entry.at) AS at FROM {TimelineEntry} entry
        WHERE entry.lead_id = s.lead_id AND entry.at >= s.handed_off_at
            AND entry.verb IN ('crm_sync.created', 'crm_sync.adopted', 'crm_sync.owner_shown')
            AND coalesce((entry.data ->> 'owner_shown')::boolean, true) {of_connection}
    ) arrived ON s.handed_off_at IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT coalesce(notice.sent_at, (
            SELECT min(following.sent_at) FROM {OwnerNotice} following
            WHERE notice.status = 'cancelled' AND following.lead_id = notice.lead_id
                AND following.created_at >= notice.created_at AND following.kind IN ('assigned', 'queued')
        )) AS at FROM {OwnerNotice} notice
        WHERE notice.lead_id = s.lead_id AND notice.cause = 'submission:' || s.id
    ) told ON s.handed_off_at IS NOT NULL
    WHERE s.received_at >= %(since)s AND s.received_at < %(until)s AND NOT s.is_test
        AND lead.is_test IS NOT TRUE
)
SELECT key,
    count(*),
    count(*) FILTER (WHERE status = 'handed_off'),
    count(*) FILTER (WHERE status IN ('received', 'processing', 'retrying')),
    count(*) FILTER (WHERE status = 'held'),
    count(*) FILTER (WHERE status = 'rejected'),
    count(*) FILTER (WHERE status = 'spam'),
    count(to_handed_off), percentile_cont(%(percentiles)s) WITHIN GROUP (ORDER BY to_handed_off),
    count(to_crm), percentile_cont(%(percentiles)s) WITHIN GROUP (ORDER BY to_crm),
    count(to_told), percentile_cont(%(percentiles)s) WITHIN GROUP (ORDER BY to_told),
    count(*) FILTER (WHERE is_new),
    count(all_the_way), percentile_cont(%(percentiles)s) WITHIN GROUP (ORDER BY all_the_way)
FROM counted GROUP BY key ORDER BY count(*) DESC, key
"""


def total(*, since: datetime, until: datetime) -> Figures:
    """Of everything received in the span; `until` is not in it. The CRM step ends in the first CRM."""
    rows = _read("'all'", crm="", of_connection="", since=since, until=until)
    return rows[0] if rows else _NOTHING


def by_hour(*, since: datetime, until: datetime) -> dict[datetime, Figures]:
    """By the hour in which it was received (UTC); hours without submissions are missing."""
    hour = "to_char(date_trunc('hour', s.received_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD\"T\"HH24:MI:SS+00:00')"
    rows = _read(hour, crm="", of_connection="", since=since, until=until)
    return {datetime.fromisoformat(row.key): row for row in rows}


def grouped(by: By, *, since: datetime, until: datetime) -> list[Figures]:
    """The largest first. By connection, every active one is asked about every submission."""
    if by == "connection":
        return _read(
            _KEYS[by],
            crm="CROSS JOIN (SELECT key FROM {CrmConnection} WHERE active) crm",
            of_connection="AND entry.source = crm.key",
            since=since,
            until=until,
        )
    return _read(_KEYS[by], crm="", of_connection="", since=since, until=until)


_EMPTY = HandoffStep(0, None, None, None)
_NOTHING = Figures("all", 0, 0, 0, 0, 0, 0, _EMPTY, _EMPTY, _EMPTY, 0, _EMPTY)


def _read(key: str, *, crm: str, of_connection: str, since: datetime, until: datetime) -> list[Figures]:
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL.format(key=key, crm=crm.format(**_TABLES), of_connection=of_connection, **_TABLES),
            {"since": since, "until": until, "percentiles": list(PERCENTILES)},
        )
        return [_figures(row) for row in cursor.fetchall()]


def _figures(row: tuple[Any, ...]) -> Figures:
    key, received, handed_off, waiting, held, rejected, spam, *rest = row
    handed, crm, notified, all_the_way = (_step(rest[place], rest[place + 1]) for place in (0, 2, 4, 7))
    return Figures(
        key, received, handed_off, waiting, held, rejected, spam, handed, crm, notified, rest[6], all_the_way
    )


def _step(count: int, percentiles: list[float] | None) -> HandoffStep:
    if not count or percentiles is None:
        return _EMPTY
    p50, p95, p99 = (round(float(value), 3) for value in percentiles)
    return HandoffStep(count, p50, p95, p99)
