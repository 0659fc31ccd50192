"""The last few tries to write a lead into a CRM: what was sent, and what the CRM answered. For people; nothing depends on it.

What people have typed is not kept a second time: their values stand here as `HIDDEN`, in the CRM's words too.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import connection as database

from crm_sync.models import CrmConnection, LeftOutValue, PushTries
from crm_sync.outbound.crm_fields import CRM_FIELDS
from crm_sync.outbound.lead_push import Push
from crm_sync.outbound.payload import Plan
from crm_sync.outbound.session import ConnectionSession
from intake.canonical import CANONICAL_FIELDS

Outcome = Literal["written", "refused", "put_off", "gone"]

MOST = 5
HIDDEN = "•••"
_LONGEST_VALUE, _LONGEST_WORDS = 200, 500
_ADDRESS = re.compile(r"[^\s@\"'<>(),;:]+@[^\s@\"'<>(),;:]+")
# What says nothing about who somebody is.
_PLAIN_KINDS = frozenset({"country", "integer", "boolean", "datetime", "language", "timezone"})
_SHOWN = {each.name for each in CRM_FIELDS} | {
    each.name for each in CANONICAL_FIELDS.values() if each.kind in _PLAIN_KINDS
}

_KEEP = f"""
    INSERT INTO {PushTries._meta.db_table} AS kept (connection_id, lead_id, tries, at)
    SELECT %(connection)s, new.lead, jsonb_build_array(new.try), %(now)s
    FROM json_to_recordset(%(rows)s::json) AS new(lead uuid, try jsonb)
    ON CONFLICT (connection_id, lead_id) DO UPDATE SET
        at = excluded.at,
        tries = jsonb_path_query_array(excluded.tries || kept.tries, '$[0 to {MOST - 1}]')
"""


@dataclass(frozen=True, slots=True)
class Try:
    """`sent` is property -> text, `left_out` property -> why; `said` are the CRM's words, "" where it has just said yes.

    `made`: the record was new. `at` is an ISO moment in UTC.
    """

    at: str
    outcome: Outcome
    record: str = ""
    made: bool = False
    sent: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def label(self) -> str:
        if self.outcome == "written":
            return "Record made" if self.made else "Written"
        return {"refused": "Refused", "put_off": "To be tried again", "gone": "Not there any more"}[
            self.outcome
        ]

    @property
    def tone(self) -> str:
        tones = {"written": "success", "refused": "danger", "put_off": "warning", "gone": "danger"}
        return tones[self.outcome]


def keep_answers(
    session: ConnectionSession,
    pushes: Iterable[Push],
    *,
    refused: Mapping[str, str],
    again: Mapping[str, str],
    now: datetime,
) -> None:
    """What became of the records of a batch, by key; whoever was not reached is left out. One statement."""
    rows: list[tuple[UUID, Try]] = []
    for push in pushes:
        if push.written is not None:
            rows.append((push.lead.pk, _of(session.plan, push, "written", now=now)))
        elif push.gone:
            rows.append((push.lead.pk, _of(session.plan, push, "gone", now=now)))
        elif push.key in refused:
            rows.append((push.lead.pk, _of(session.plan, push, "refused", said=refused[push.key], now=now)))
        elif push.key in again:
            rows.append((push.lead.pk, _of(session.plan, push, "put_off", said=again[push.key], now=now)))
    _keep(session.pk, rows, now=now)


def keep_failure(session: ConnectionSession, pushes: Iterable[Push], *, words: str, now: datetime) -> None:
    """A call failed as a whole. Of what stands there already only the task was still to be written."""
    rows = [(push.lead.pk, _of(session.plan, push, "put_off", said=words, now=now)) for push in pushes]
    _keep(session.pk, rows, now=now)


def keep_tasks(
    session: ConnectionSession,
    *,
    refused: Mapping[UUID, str],
    again: Mapping[UUID, str],
    now: datetime,
) -> None:
    """What did not become of follow-up tasks, by lead."""
    at = now.isoformat(timespec="seconds")
    rows = [(lead, Try(at, "refused", said=_words(said))) for lead, said in refused.items()]
    rows += [
        (lead, Try(at, "put_off", said=_words(f"Follow-up task: {said}"))) for lead, said in again.items()
    ]
    _keep(session.pk, rows, now=now)


def of_lead(lead_id: UUID) -> list[tuple[CrmConnection, list[Try]]]:
    """The primary connection first, of each the newest try first. One query."""
    rows = PushTries.objects.filter(lead=lead_id).select_related("connection")
    return [
        (row.connection, [Try(**each) for each in row.tries])
        for row in rows.order_by("-connection__primary", "connection__key")
    ]


def _keep(connection_id: int, rows: Collection[tuple[UUID, Try]], *, now: datetime) -> None:
    if not rows:
        return
    document = [
        {"lead": str(lead), "try": asdict(each)} for lead, each in sorted(rows, key=lambda row: row[0])
    ]
    with database.cursor() as cursor:
        cursor.execute(_KEEP, {"connection": connection_id, "rows": json.dumps(document), "now": now})


def _of(plan: Plan, push: Push, outcome: Outcome, *, now: datetime, said: str = "") -> Try:
    there = outcome == "put_off" and push.written is not None
    sent = {} if there else push.sending
    hidden = {name for name in sent if not _is_shown(plan, name)}
    written = push.written
    return Try(
        at=now.isoformat(timespec="seconds"),
        outcome=outcome,
        record=written.remote_id if written else push.link.remote_id if push.link else "",
        made=bool(written and written.created and not there),
        sent={
            name: HIDDEN if name in hidden and text else text[:_LONGEST_VALUE] for name, text in sent.items()
        },
        left_out={} if there else {name: _why(push, name, why) for name, why in push.left_out.items()},
        said=_words(said, *(sent[name] for name in hidden)),
    )


def _is_shown(plan: Plan, name: str) -> bool:
    lines = plan.lines_of(name)
    return bool(lines) and all(each.canonical in _SHOWN for each in lines)


def _why(push: Push, name: str, why: str) -> str:
    return _words(push.refused_values.get(name, "")) or str(LeftOutValue.Why(why).label)


def _words(said: str, *hidden: str) -> str:
    """Without addresses, and without these values."""
    for text in sorted((each for each in hidden if len(each) > 2), key=len, reverse=True):
        said = said.replace(text, HIDDEN)
    return _ADDRESS.sub(HIDDEN, said)[:_LONGEST_WORDS]
