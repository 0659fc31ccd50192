"""The only writer that writes outbox rows (rule 2): one per lead and connection, and it says "push the newest".

A row has no payload. Whoever asks for a push bumps `generation`; the sender deletes the row only if the
generation is still the one it sent, so a change made meanwhile is sent next, and ten changes are one push.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from crm_sync.alike_there import AlikeSaid
from crm_sync.models import CrmConnection, CrmLink, OutboxEntry
from exception_queue.queue import Attempt, RetryRefused
from intake.models import Lead
from plumbing import nudges
from plumbing.backoff import RetryPolicy
from plumbing.bulk import update_rows

Row = TypeVar("Row", bound=Model)

Status = OutboxEntry.Status
Mode = CrmConnection.Mode

DRAIN = "crm_sync.drain_outbox"
# What fails goes on for ever: in the end every few minutes, and from the third time on by itself.
RETRIES = RetryPolicy(base=0.5, alone_after=3, shortest=timedelta(milliseconds=250))
# A person hears of a row that has failed so often while the CRM took others.
NEWS_AFTER = 6

# Nobody has to find these there.
_NOT_SENT = (Lead.Status.SPAM, Lead.Status.DISQUALIFIED, Lead.Status.CLOSED_LOST)
# Rows that may be sent, by the mode of this moment. Who is live is asked first, so nobody's lead is looked at for that.
_WRITTEN = Q(connection__active=True) & (
    Q(connection__mode=Mode.LIVE)
    | Q(Exists(Lead.objects.filter(pk=OuterRef("lead"), is_test=True)), connection__mode=Mode.TEST)
)

_QUEUE = f"""
    INSERT INTO {OutboxEntry._meta.db_table} AS entry
        (connection_id, lead_id, status, generation, due_at, attempts, ambiguous, created_at, last_error)
    SELECT c.id, wanted.lead_id, 'pending', 1, %(now)s, 0, false, %(now)s, ''
    FROM {CrmConnection._meta.db_table} AS c
    CROSS JOIN (SELECT DISTINCT unnest(%(leads)s::uuid[]) AS lead_id) AS wanted
    WHERE c.active AND (%(connection)s::bigint IS NULL OR c.id = %(connection)s)
        AND (c.mode = 'live' OR c.mode = 'test' AND EXISTS (
            SELECT FROM {Lead._meta.db_table} AS lead WHERE lead.id = wanted.lead_id AND lead.is_test
        ))
    ORDER BY c.id, wanted.lead_id
    ON CONFLICT (connection_id, lead_id) DO UPDATE SET
        generation = entry.generation + 1,
        due_at = least(entry.due_at, excluded.due_at),
        attempts = CASE WHEN entry.status = 'dead' THEN 0 ELSE entry.attempts END,
        status = 'pending'
"""

_DONE = f"""
    DELETE FROM {OutboxEntry._meta.db_table} AS entry
    USING unnest(%(ids)s::bigint[], %(generations)s::int[]) AS sent (id, generation)
    WHERE entry.id = sent.id AND entry.generation = sent.generation AND entry.status = 'pending'
    RETURNING entry.id
"""


def queue_rows(rows: Sequence[UUID], *, now: datetime) -> None:
    """Ask for a push of these leads to every connection that writes them. One statement, in the caller's transaction."""
    _queue(rows, connection_id=None, now=now)


def missing(connection: CrmConnection) -> QuerySet[Lead]:
    """Leads without a record there, of whom somebody there should know. Of one that is observed: as if it were live."""
    there = CrmLink.objects.filter(connection=connection, lead=OuterRef("pk"))
    rows = Lead.objects.filter(~Exists(there), merged_into=None).exclude(status__in=_NOT_SENT)
    return rows.filter(is_test=True) if connection.mode == Mode.TEST else rows


def only_written(connection: CrmConnection, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Of rows of this connection with a lead each, those of leads that it writes in its mode: in test mode, test leads."""
    return rows.filter(lead__is_test=True) if connection.mode == Mode.TEST else rows


def queue_for(connection_id: int, lead_ids: Sequence[UUID], *, now: datetime) -> None:
    """Ask for a push to this connection only."""
    _queue(lead_ids, connection_id=connection_id, now=now)


def _queue(lead_ids: Sequence[UUID], *, connection_id: int | None, now: datetime) -> None:
    if not lead_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, {"now": now, "leads": list(lead_ids), "connection": connection_id})


def due(connection_id: int, *, limit: int, now: datetime) -> list[OutboxEntry]:
    """The rows to send next: up to `limit`, or one alone that has failed before."""
    rows = to_be_sent().filter(connection_id=connection_id, due_at__lte=now)
    found = list(rows.order_by("due_at", "id")[:limit])
    if found and RETRIES.is_alone(found[0].attempts):
        return found[:1]
    return [entry for entry in found if not RETRIES.is_alone(entry.attempts)]


def has_due(connection_id: int, *, now: datetime) -> bool:
    """Whether this connection is written to, is let in, may be called now, and has something to send."""
    callable_now = Q(connection__not_before__isnull=True) | Q(connection__not_before__lte=now)
    rows = to_be_sent().filter(callable_now, connection_id=connection_id, due_at__lte=now)
    return rows.exclude(connection__health=CrmConnection.Health.AUTH_LOST).exists()


def not_waited_for(lead_ids: Sequence[UUID]) -> list[UUID]:
    """Of these, the leads whose owners nobody has to show in a CRM before they are told: the primary connection, where there is
    one, does not write them."""
    primary = CrmConnection.objects.filter(primary=True, active=True).only("active", "mode").first()
    if primary is None or not primary.writes:
        return list(lead_ids)
    if primary.writes_lead(is_test=False):
        return []
    return list(Lead.objects.filter(pk__in=lead_ids, is_test=False).values_list("pk", flat=True))


def to_be_sent() -> QuerySet[OutboxEntry]:
    """What waits for connections that write it, due or not. What is only kept until one is live again is not among it."""
    return OutboxEntry.objects.filter(_WRITTEN, status=Status.PENDING)


def has_pending(connection_id: int) -> bool:
    """Whether anything is to be sent by this connection, due or not."""
    return to_be_sent().filter(connection_id=connection_id).exists()


def mark_done(entries: Sequence[OutboxEntry]) -> None:
    """Sent as they were loaded. A row that was asked for again meanwhile stays and starts anew; a dead one stays dead."""
    if not entries:
        return
    ids = [entry.pk for entry in entries]
    with connection.cursor() as cursor:
        cursor.execute(_DONE, {"ids": ids, "generations": [entry.generation for entry in entries]})
        gone = {row[0] for row in cursor.fetchall()}
    if again := [pk for pk in ids if pk not in gone]:
        waiting = OutboxEntry.objects.filter(pk__in=again, status=Status.PENDING)
        waiting.update(
            attempts=0, ambiguous=False, last_error="", rule="", alike={}, same_as="", anyway=False
        )


def mark_failed(entries: Sequence[OutboxEntry], *, error: str, ambiguous: bool, now: datetime) -> None:
    """Not sent: later, with backoff. `ambiguous` sticks until the row has been sent."""
    rows = _locked(entries)
    for row in rows:
        row.attempts += 1
        row.due_at = now + RETRIES.delay_after(row.attempts)
        row.ambiguous = row.ambiguous or ambiguous
        row.last_error = error
    update_rows(rows, fields=["attempts", "due_at", "ambiguous", "last_error"])


def wait(entries: Sequence[OutboxEntry], *, until: datetime) -> None:
    """Not sent yet, without anything having failed."""
    rows = _locked(entries)
    for row in rows:
        row.due_at = until
    update_rows(rows, fields=["due_at"])


def mark_dead(
    entries: Sequence[OutboxEntry],
    *,
    errors: Mapping[UUID, str],
    now: datetime,
    rules: Mapping[UUID, str] = MappingProxyType({}),
    alike: Mapping[UUID, AlikeSaid] = MappingProxyType({}),
) -> list[OutboxEntry]:
    """Given up, with the CRM's words, the key of the rule that they break and whom they are too much alike, by lead id; returns
    those that nobody has asked for again meanwhile.

    The others stay pending: what they will send is something else.
    """
    sent = {entry.pk: entry.generation for entry in entries}
    rows = [row for row in _locked(entries) if row.generation == sent[row.pk]]
    for row in rows:
        row.status = Status.DEAD
        row.attempts += 1
        row.last_error = errors[row.lead_id]
        row.rule = rules.get(row.lead_id, "")
        row.alike = alike.get(row.lead_id, AlikeSaid())
    update_rows(rows, fields=["status", "attempts", "last_error", "rule", "alike"])
    return rows


def retry_dead(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads: what was given up is due again, whichever connection gave it up.

    Raises RetryRefused when none of the connections that gave up is active any more.
    """
    dead = OutboxEntry.objects.filter(lead_id__in=lead_ids(subject_ids), status=Status.DEAD)
    return Attempt(pending={str(row.lead_id) for row in try_again(dead, now=now)})


def answer(
    keys: Collection[int], *, now: datetime, same_as: str = "", anyway: bool = False
) -> list[OutboxEntry]:
    """A person has said which record these are, or that they are saved anyway: due again, so. Raises RetryRefused."""
    with transaction.atomic():
        rows = try_again(OutboxEntry.objects.filter(pk__in=list(keys)), now=now)
        for row in rows:
            row.same_as, row.anyway = same_as, anyway
        update_rows(rows, fields=["same_as", "anyway"])
    return rows


def try_again(dead: QuerySet[OutboxEntry], *, now: datetime, skip_locked: bool = False) -> list[OutboxEntry]:
    """Of what was given up these rows are due again; which. Raises RetryRefused when no connection of theirs is active."""
    with transaction.atomic():
        rows = list(
            dead.filter(status=Status.DEAD)
            .select_related("connection")
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)
        )
        if rows and not any(row.connection.active for row in rows):
            raise RetryRefused("The connection that gave up is switched off: switch it on first.")
        for row in rows:
            row.status, row.attempts, row.due_at, row.last_error = Status.PENDING, 0, now, ""
            row.generation += 1
        update_rows(rows, fields=["status", "attempts", "due_at", "last_error", "generation"])
        nudges.nudge(DRAIN)
    return rows


def retry_failing(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for leads that the CRM keeps failing on: due at once, and failures count on."""
    failing = OutboxEntry.objects.filter(
        lead_id__in=lead_ids(subject_ids), status=Status.PENDING, attempts__gt=0
    )
    with transaction.atomic():
        rows = list(failing.order_by("pk").select_for_update(no_key=True))
        for row in rows:
            row.due_at = now
        update_rows(rows, fields=["due_at"])
        nudges.nudge(DRAIN)
    return Attempt(pending={str(row.lead_id) for row in rows})


def lead_ids(subject_ids: Collection[str]) -> list[UUID]:
    """Exception subjects of the type "lead" carry the lead's id as text."""
    return [UUID(subject_id) for subject_id in subject_ids]


def _locked(entries: Sequence[OutboxEntry]) -> list[OutboxEntry]:
    rows = OutboxEntry.objects.filter(pk__in=[entry.pk for entry in entries])
    return list(rows.order_by("pk").select_for_update(no_key=True))
