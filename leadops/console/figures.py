"""Figures of the hand-off, joined from above: how many, how fast, and how far behind. Times are in seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import connection
from django.db.models import Count, Max, Q

from crm_sync.models import CrmConnection
from intake.models import IntakeForm, Submission, TimelineEntry
from routing.models import LeadScore, Owner, OwnerNotice, RotationTurn

By = Literal["form", "source", "connection"]
STEPS = ("handed_off", "in_crm", "told")


@dataclass(frozen=True, slots=True)
class Latency:
    """From received to a step; None where nothing has got there."""

    p50: float | None
    p95: float | None
    slowest: float | None


@dataclass(frozen=True, slots=True)
class Handoff:
    """Submissions received in a time, by form, source or connection.

    `new_leads` are those that made a lead; only they count for `in_crm` (arrived in any CRM; by connection: in that one).
    `latency` has the keys of STEPS.
    """

    key: str
    received: int
    handed_off: int
    held: int
    rejected: int
    spam: int
    new_leads: int
    in_crm: int
    told: int
    latency: dict[str, Latency]

    @property
    def hand_off_rate(self) -> float:
        """Share of what was neither spam nor refused that has been handed off, 0 to 1."""
        wanted = self.received - self.spam - self.rejected
        return self.handed_off / wanted if wanted else 1.0

    @property
    def crm_rate(self) -> float:
        return self.in_crm / self.new_leads if self.new_leads else 1.0

    @property
    def in_crm_latency(self) -> Latency:
        return self.latency["in_crm"]


# The columns of one submission on its way. A lead is new by the submission that came before it was made.
_WAYS = f"""
    SELECT s.received_at, s.status, s.form_id, s.values ->> 'utm_source' AS source, c.key AS connection,
        (s.handed_off_at IS NOT NULL AND lead.created_at >= s.received_at) AS is_new,
        extract(epoch FROM s.handed_off_at - s.received_at) AS handed_off,
        extract(epoch FROM arrived.at - s.received_at) AS in_crm,
        extract(epoch FROM notice.at - s.received_at) AS told
    FROM {Submission._meta.db_table} AS s
    LEFT JOIN intake_lead AS lead ON lead.id = s.lead_id
    {{connections}}
    LEFT JOIN LATERAL (
        SELECT min(t.at) AS at FROM {TimelineEntry._meta.db_table} AS t
        WHERE t.lead_id = s.lead_id AND t.verb IN ('crm_sync.created', 'crm_sync.adopted')
            AND lead.created_at >= s.received_at AND t.at >= s.received_at
            AND (c.key IS NULL OR t.data ->> 'connection' = c.key)
    ) AS arrived ON true
    LEFT JOIN LATERAL (
        SELECT min(n.sent_at) AS at FROM {OwnerNotice._meta.db_table} AS n
        WHERE n.lead_id = s.lead_id AND n.cause = 'submission:' || s.id::text AND n.status = 'sent'
    ) AS notice ON true
    WHERE s.received_at >= %(since)s
"""
_ANY_CONNECTION = "CROSS JOIN (SELECT NULL::text AS key) AS c"
_EACH_CONNECTION = f"CROSS JOIN (SELECT key FROM {CrmConnection._meta.db_table} WHERE active) AS c"
_KEYS = {
    "form": f"(SELECT key FROM {IntakeForm._meta.db_table} AS form WHERE form.id = way.form_id)",
    "source": "coalesce(nullif(way.source, ''), 'unknown')",
    "connection": "way.connection",
    "hour": "date_trunc('hour', way.received_at)",
    "all": "'all'",
}


def handoff(*, since: datetime, by: By) -> list[Handoff]:
    """One row per form key, utm_source or connection key, the busiest first. One query."""
    return [_handoff(str(row[0]), row) for row in _grouped(by, since=since)]


def handoff_in_all(*, since: datetime) -> Handoff:
    """Everything received since then, as one row."""
    rows = _grouped("all", since=since)
    return _handoff("all", rows[0] if rows else ("all", *([0] * 8), *([None] * 9)))


def handoff_by_hour(*, since: datetime) -> dict[datetime, Handoff]:
    """By the hour in which it was received (UTC)."""
    return {row[0]: _handoff(row[0].isoformat(), row) for row in _grouped("hour", since=since)}


def leads_by_hour(*, since: datetime) -> dict[tuple[datetime, str], int]:
    """Leads that came in, by hour (UTC) and segment; "unscored" where there is no score."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT date_trunc('hour', s.received_at), coalesce(score.segment, 'unscored'), count(DISTINCT s.lead_id)
            FROM {Submission._meta.db_table} AS s
            LEFT JOIN {LeadScore._meta.db_table} AS score ON score.lead_id = s.lead_id
            WHERE s.received_at >= %s AND s.lead_id IS NOT NULL
            GROUP BY 1, 2
            """,
            [since],
        )
        return {(hour, segment): count for hour, segment, count in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Share:
    """What an owner got by turns, and what was due to them: sum over the picks of weight / weight of all present."""

    owner: Owner
    actual: int
    target: float


def shares(*, since: datetime) -> list[Share]:
    """By rotation turns since then, without those that came back. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT (member ->> 'owner_id')::bigint AS owner,
                count(*) FILTER (WHERE (member ->> 'owner_id')::bigint = turn.owner_id),
                sum((member ->> 'weight')::float / whole.weight)
            FROM {RotationTurn._meta.db_table} AS turn
            CROSS JOIN LATERAL jsonb_array_elements(turn.rows) AS member
            CROSS JOIN LATERAL (
                SELECT sum((each ->> 'weight')::float) AS weight FROM jsonb_array_elements(turn.rows) AS each
            ) AS whole
            WHERE turn.kind = 'pick' AND turn.at >= %s
                AND NOT EXISTS (SELECT FROM {RotationTurn._meta.db_table} AS back WHERE back.reverses_id = turn.id)
            GROUP BY 1
            """,
            [since],
        )
        counted = cursor.fetchall()
    owners = Owner.objects.in_bulk([row[0] for row in counted])
    found = [Share(owners[pk], actual, float(target)) for pk, actual, target in counted if pk in owners]
    return sorted(found, key=lambda share: (-share.target, share.owner.name))


def submissions_between(start: datetime, middle: datetime) -> dict[str, Any]:
    """{"before": leads' submissions from start to middle, "since": from middle on, "latest": the newest}. One query."""
    rows = Submission.objects.filter(received_at__gte=start).exclude(status=Submission.Status.SPAM)
    return rows.aggregate(
        before=Count("pk", filter=Q(received_at__lt=middle)),
        since=Count("pk", filter=Q(received_at__gte=middle)),
        latest=Max("received_at"),
    )


def _grouped(by: str, *, since: datetime) -> list[tuple[Any, ...]]:
    ways = _WAYS.format(connections=_EACH_CONNECTION if by == "connection" else _ANY_CONNECTION)
    percentiles = ", ".join(
        f"(percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY way.{step})) [{place}]"
        for step in STEPS
        for place in (1, 2)
    )
    slowest = ", ".join(f"max(way.{step})" for step in STEPS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {_KEYS[by]} AS key, count(*),
                count(*) FILTER (WHERE way.status = 'handed_off'),
                count(*) FILTER (WHERE way.status IN ('held', 'retrying')),
                count(*) FILTER (WHERE way.status = 'rejected'),
                count(*) FILTER (WHERE way.status = 'spam'),
                count(*) FILTER (WHERE way.is_new),
                count(way.in_crm) FILTER (WHERE way.is_new),
                count(way.told),
                {percentiles}, {slowest}
            FROM ({ways}) AS way
            GROUP BY 1 ORDER BY 2 DESC, 1
            """,
            {"since": since},
        )
        return list(cursor.fetchall())


def _handoff(key: str, row: Iterable[Any]) -> Handoff:
    _, received, handed_off, held, rejected, spam, new_leads, in_crm, told, *times = row
    seconds = [float(value) if value is not None else None for value in times]
    latency = {
        step: Latency(p50=seconds[2 * place], p95=seconds[2 * place + 1], slowest=seconds[6 + place])
        for place, step in enumerate(STEPS)
    }
    return Handoff(key, received, handed_off, held, rejected, spam, new_leads, in_crm, told, latency)
