"""Figures for the first page that leadops.handoff has not: leads by segment, turns and what was due, volume."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from intake.models import Lead, Submission
from routing.engine.rotation_state import HUNDREDTHS, LEAD
from routing.models import LeadScore, Owner, RotationTurn


def leads_by_hour(*, since: datetime) -> dict[tuple[datetime, str], int]:
    """Leads that came in, by hour (UTC) and segment; "unscored" where there is no score."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT date_trunc('hour', s.received_at), coalesce(score.segment, 'unscored'), count(DISTINCT s.lead_id)
            FROM {Submission._meta.db_table} AS s
            JOIN {Lead._meta.db_table} AS lead ON lead.id = s.lead_id AND NOT lead.is_test
            LEFT JOIN {LeadScore._meta.db_table} AS score ON score.lead_id = s.lead_id
            WHERE s.received_at >= %s
            GROUP BY 1, 2
            """,
            [since],
        )
        return {(hour, segment): count for hour, segment, count in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class FigureShare:
    """What an owner got by turns, and what those turns made due to them, in leads."""

    owner: Owner
    actual: int
    target: float


def shares(*, since: datetime) -> list[FigureShare]:
    """By rotation turns since then, without those that came back. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT (member ->> 'owner_id')::bigint AS owner,
                count(*) FILTER (WHERE (member ->> 'owner_id')::bigint = turn.owner_id),
                sum(CASE turn.format
                    WHEN {HUNDREDTHS} THEN (member ->> 'weight')::float / whole.weight
                    ELSE (coalesce((member ->> 'part')::float, 0) + coalesce((member ->> 'moved')::float, 0)) / {LEAD}
                END)
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
    found = [FigureShare(owners[pk], actual, float(target)) for pk, actual, target in counted if pk in owners]
    return sorted(found, key=lambda share: (-share.target, share.owner.name))


@dataclass(frozen=True, slots=True)
class Volume:
    """Leads that came in or came back: each counts once, however often it was submitted. Spam, tests, what was refused
    and what is held are no leads; what is on its way will be one."""

    before: int
    since: int
    hour: int
    latest: datetime | None


def volume(submissions: QuerySet[Submission], *, start: datetime, middle: datetime, hour: datetime) -> Volume:
    """From start to middle, from middle on, and from `hour` on. One query."""
    on_its_way = (Submission.Status.RECEIVED, Submission.Status.PROCESSING, Submission.Status.RETRYING)
    rows = submissions.filter(received_at__gte=start, is_test=False)
    rows = rows.filter(Q(lead__is_test=False) | Q(lead=None, status__in=on_its_way))
    person = Coalesce("lead_id", "pk")
    return Volume(
        **rows.aggregate(
            before=Count(person, filter=Q(received_at__lt=middle), distinct=True),
            since=Count(person, filter=Q(received_at__gte=middle), distinct=True),
            hour=Count(person, filter=Q(received_at__gte=hour), distinct=True),
            latest=Max("received_at"),
        )
    )
