"""Rotations in which a group alone could take more leads than were due to it: from the ledger's last 90 days, in sentences."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
from django.utils.text import get_text_list

from routing.engine.references import Id
from routing.engine.rotation_state import HUNDREDTHS, LEAD
from routing.engine.specialists import Able, Overloaded, overloaded
from routing.models import Rotation, RotationMember, RotationTurn

PERIOD = timedelta(days=90)

_LEADS = f"""
    SELECT turn.rotation_id, able.owner_ids, count(*)
    FROM {RotationTurn._meta.db_table} AS turn
    CROSS JOIN LATERAL (
        SELECT array_agg((member ->> 'owner_id')::bigint ORDER BY (member ->> 'owner_id')::bigint) AS owner_ids
        FROM jsonb_array_elements(turn.rows) AS member WHERE (member ->> 'qualified')::boolean
    ) AS able
    WHERE turn.rotation_id = ANY(%s) AND turn.kind = 'pick' AND turn.at >= %s
    GROUP BY 1, 2
"""
_DUE = f"""
    SELECT turn.rotation_id, (member ->> 'owner_id')::bigint, sum(CASE turn.format
        WHEN {HUNDREDTHS} THEN round({LEAD} * (member ->> 'weight')::numeric / whole.weight)
        ELSE coalesce((member ->> 'part')::numeric, 0)
    END)::bigint
    FROM {RotationTurn._meta.db_table} AS turn
    CROSS JOIN LATERAL jsonb_array_elements(turn.rows) AS member
    CROSS JOIN LATERAL (
        SELECT sum((each ->> 'weight')::numeric) AS weight FROM jsonb_array_elements(turn.rows) AS each
    ) AS whole
    WHERE turn.rotation_id = ANY(%s) AND turn.kind = 'pick' AND turn.at >= %s
    GROUP BY 1, 2
"""


def sentences(rotation_ids: Collection[int] | None = None, *, now: datetime) -> dict[int, list[str]]:
    """By rotation (None: all), for those in which leads that need skills count; a few queries. A group is told of once it
    is ahead by more than the limit allows."""
    rotations = _with_skills(rotation_ids)
    if not rotations:
        return {}
    members = RotationMember.objects.filter(rotation__in=rotations, active=True)
    weights: dict[int, set[object]] = {}
    names: dict[Id, str] = {}
    for rotation, owner, name, weight in members.values_list("rotation", "owner", "owner__name", "weight"):
        weights.setdefault(rotation, set()).add(weight)
        names[owner] = name
    said: dict[int, list[str]] = {}
    for rotation_id, groups in _overloaded(list(rotations), since=now - PERIOD).items():
        limit = rotations[rotation_id].max_leads_ahead
        equal = len(weights.get(rotation_id, ())) == 1
        said[rotation_id] = [
            _sentence(one, sorted(names[owner] for owner in one.owner_ids), equal=equal)
            for one in groups
            # Whoever has left since is nobody to speak of.
            if one.leads_ahead > limit * len(one.owner_ids) and one.owner_ids <= names.keys()
        ]
    return said


def _with_skills(rotation_ids: Collection[int] | None) -> dict[int, Rotation]:
    """Rotations that ask for skills, or get leads from one that does, and in which such leads count."""
    active = Rotation.objects.filter(active=True).in_bulk()
    asking = {pk for pk, rotation in active.items() if rotation.required_skills}
    for rotation in [active[pk] for pk in asking]:
        following: Rotation | None = rotation
        while following is not None and following.when_empty == Rotation.WhenEmpty.ROTATION:
            following = active.get(following.when_empty_rotation_id or 0)
            if following is None or following.pk in asking:
                break
            asking.add(following.pk)
    return {
        pk: active[pk]
        for pk in asking
        if active[pk].specialist_leads == Rotation.SpecialistLeads.COUNT
        and (rotation_ids is None or pk in rotation_ids)
    }


def _overloaded(rotation_ids: list[int], *, since: datetime) -> dict[int, list[Overloaded]]:
    leads: dict[int, dict[Able, int]] = {}
    due: dict[int, dict[Id, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, [rotation_ids, since])
        for rotation, able, count in cursor.fetchall():
            leads.setdefault(rotation, {})[frozenset(able or ())] = count
        cursor.execute(_DUE, [rotation_ids, since])
        for rotation, owner, units in cursor.fetchall():
            due.setdefault(rotation, {})[owner] = units
    return {rotation: overloaded(leads[rotation], due[rotation]) for rotation in leads}


def _sentence(one: Overloaded, names: list[str], *, equal: bool) -> str:
    who = get_text_list(names, "and")
    share = "an equal share" if equal else "the share by weight"
    return (
        f"{who} alone can take {one.percent_alone} % of these leads, {share} is {one.percent_due} %:"
        " the others cannot catch up."
    )
