"""The one statement that opens items and counts them up."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from exception_queue.models import ExceptionItem

# A snoozed item that has happened so many times as often as when it was put to sleep is another problem.
_WAKING_GROWTH = 10

_UPSERT = """
    INSERT INTO exception_queue_exceptionitem AS item (
        kind, subject_type, subject_id, subject_label, cause, cause_key, detail, owner_hint,
        status, count, first_seen_at, last_seen_at, claimed_by, retried_by, retried_cause_key, resolved_by, resolution
    )
    SELECT kind, subject_type, subject_id, subject_label, cause, cause_key, detail, owner_hint,
        'open', count, %(now)s, %(now)s, '', '', '', '', ''
    FROM jsonb_to_recordset(%(problems)s::jsonb) AS problem (
        kind text, subject_type text, subject_id text, subject_label text,
        cause text, cause_key text, detail jsonb, owner_hint text, count int
    )
    ON CONFLICT (kind, subject_type, subject_id) WHERE status IN ('open', 'snoozed')
    DO UPDATE SET
        count = item.count + excluded.count,
        last_seen_at = greatest(item.last_seen_at, excluded.last_seen_at),
        subject_label = excluded.subject_label,
        cause = excluded.cause,
        cause_key = excluded.cause_key,
        detail = excluded.detail,
        owner_hint = excluded.owner_hint,
        status = CASE
            WHEN item.status = 'snoozed' AND item.count + excluded.count < %(growth)s * item.snoozed_at_count
            THEN 'snoozed' ELSE 'open' END
    RETURNING item.*, (item.xmax = 0) AS is_new
"""


def upsert(rows: Sequence[dict[str, Any]], *, now: datetime) -> list[tuple[ExceptionItem, bool]]:
    """The item of each row, in the rows' order, and whether it is new.

    `rows` have the columns of the problem above, one per kind and subject, in byte order of these: that is
    the order in which they are locked. A snoozed item that woke is open and still has its `snoozed_until`.
    """
    params = {"now": now, "problems": json.dumps(rows), "growth": _WAKING_GROWTH}
    return [(item, item.__dict__["is_new"]) for item in ExceptionItem.objects.raw(_UPSERT, params)]
