"""A round over all leads of a connection: some pages at a time, while the CRM has calls to spare and nothing waits to be written.

It goes on where it was, also after a restart. Every round ends in one report; what was found stays open until it is equal again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm_sync import belonging, lost_records, outbox
from crm_sync.connection import circuit, owners
from crm_sync.connection.connecting import connect
from crm_sync.connectors import kinds_that_cannot
from crm_sync.connectors.base import Connector, Present, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import (
    CrmConnection,
    CrmDifference,
    CrmLink,
    InboundEvent,
    KnownContact,
    OutboxEntry,
    OwnerLink,
    Reconciliation,
)
from crm_sync.outbound import lead_push
from crm_sync.outbound.payload import plan_of
from crm_sync.reconcile import keeping
from crm_sync.reconcile.comparing import FoundDifference, Kind, compare
from crm_sync.schema import reading
from exception_queue.queue import open_items
from intake.models import Lead, LeadChange, LeadIdentity
from plumbing.http import RemoteError

RECONCILE = "crm_sync.reconcile"
PAGE = 100
# Of one turn, so that no worker is held: the sweep comes again.
PAGES = 5
# Each night, when few people work.
NIGHTLY = time(2, 30)
# Somebody who has just come in is not missing.
ON_THE_WAY = timedelta(minutes=1)


def start(connection: CrmConnection, *, by: str = "", now: datetime) -> Reconciliation | None:
    """A new round, None while one is under way."""
    links = _links(connection).count()
    total = links + _missing(connection, now=now).count()
    try:
        with transaction.atomic():
            return Reconciliation.objects.create(
                connection=connection, asked_by=by, started_at=now, total=total
            )
    except IntegrityError:
        return None


def work_all() -> int:
    """Begin the nightly rounds that are due, go on with those that are under way, and look again at what was being repaired; how
    many leads were compared."""
    done = 0
    written = CrmConnection.objects.filter(active=True).exclude(mode=CrmConnection.Mode.OBSERVE)
    for connection in written.exclude(kind__in=kinds_that_cannot("reads")):
        now = timezone.now()
        if _is_due(connection, now=now):
            start(connection, now=now)
        for _ in range(PAGES):
            if not _has_time(connection, now=timezone.now()):
                break
            some = _some(connection)
            done += some
            if not some:
                break
    return done


def _is_due(connection: CrmConnection, *, now: datetime) -> bool:
    here = timezone.localtime(now)
    last_night = here.replace(hour=NIGHTLY.hour, minute=NIGHTLY.minute, second=0, microsecond=0)
    if last_night > here:
        last_night -= timedelta(days=1)
    return not Reconciliation.objects.filter(connection=connection, started_at__gte=last_night).exists()


def _has_time(connection: CrmConnection, *, now: datetime) -> bool:
    connection.refresh_from_db(fields=["health", "not_before", "budget"])
    paused = connection.not_before is not None and connection.not_before > now
    healthy = connection.health == CrmConnection.Health.OK
    spare = Budget(connection.budget).has_to_spare(now=now)
    return healthy and not paused and spare and not outbox.has_due(connection.pk, now=now)


def _some(connection: CrmConnection) -> int:
    """What is being repaired first, then the next page of the round."""
    links = list(_in_repair(connection))
    round_ = None
    if not links:
        round_ = Reconciliation.objects.filter(connection=connection, finished_at=None).first()
        if round_ is None:
            return 0
        links = list(_links(connection).filter(pk__gt=round_.reached).order_by("pk")[:PAGE])
        if not links:
            _finish(round_, connection)
            return 0
    now = timezone.now()
    budget = Budget(connection.budget)
    try:
        connector = connect(connection, budget=budget)
        names = connection.mappings.filter(active=True).values_list("property", flat=True)
        present = connector.read([link.remote_id for link in links], by="id", properties=sorted(set(names)))
    except (RemoteError, SetupProblem) as error:
        circuit.failed(connection, error, now=now)
        if round_ is not None:
            Reconciliation.objects.filter(pk=round_.pk).update(last_error=str(error))
        return 0
    finally:
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    found, waiting = _compare(connection, connector, links, present, now=now)
    if round_ is not None:
        keeping.count(round_, links, found, waiting=len(waiting))
    return len(links)


def _in_repair(connection: CrmConnection) -> Sequence[CrmLink]:
    """Links of leads that somebody asked to be put right, and that are written by now."""
    asked = CrmDifference.objects.filter(
        connection=connection,
        settled_at=None,
        repair_asked_at__isnull=False,
        repair_asked_at__lte=timezone.now(),
    ).order_by("repair_asked_at")
    lead_ids = list(asked.values_list("lead_id", flat=True).distinct()[: 10 * PAGE])
    ready = set(lead_ids) - _on_their_way(connection, lead_ids)
    missing = asked.filter(kind=Kind.MISSING, lead_id__in=ready)
    links = list(CrmLink.objects.filter(connection=connection, lead_id__in=ready).order_by("pk")[:PAGE])
    there = {link.lead_id for link in links}
    keeping.settle(missing.filter(lead_id__in=there), now=timezone.now())
    return links


def _on_their_way(connection: CrmConnection, lead_ids: Collection[UUID]) -> set[UUID]:
    """Leads of which something is still to be written there, or taken over from there."""
    pending = OutboxEntry.objects.filter(
        connection=connection, lead_id__in=lead_ids, status=OutboxEntry.Status.PENDING
    )
    changed = LeadChange.objects.filter(lead_id__in=lead_ids)
    told = InboundEvent.objects.filter(connection=connection, status=InboundEvent.Status.WAITING)
    links = CrmLink.objects.filter(
        connection=connection, lead_id__in=lead_ids, remote_id__in=told.values("remote_id")
    )
    return {pk for rows in (pending, changed, links) for pk in rows.values_list("lead_id", flat=True)}


def _compare(
    connection: CrmConnection,
    connector: Connector,
    links: Sequence[CrmLink],
    present: dict[str, Present],
    *,
    now: datetime,
) -> tuple[dict[UUID, list[FoundDifference]], set[UUID]]:
    """What differs by lead, written down; and who is on the way there."""
    mappings = list(connection.mappings.filter(active=True))
    properties = reading.known(connection.pk, [mapping.property for mapping in mappings])
    plan = plan_of(connection, mappings, connector=connector, properties=properties)
    asked = [OutboxEntry(connection=connection, lead_id=link.lead_id) for link in links]
    pushes = {
        push.lead.pk: push
        for push in lead_push.load(
            asked, connection_id=connection.pk, email_property=plan.names.email, fields=plan.fields
        )
        if push.lead.merged_into_id is None
    }
    ids = owners.ids_of(connection.pk, {push.owner for push in pushes.values() if push.owner})
    for push in pushes.values():
        push.owner_id = ids.get(push.owner, "")
    twice = _twice(connection, links)
    with transaction.atomic():
        # Whatever was written or told about meanwhile is newer than what we have read.
        held = {link.pk: link for link in links}
        same_as_read = [
            link
            for link in CrmLink.objects.filter(pk__in=held).order_by("pk").select_for_update(no_key=True)
            if link.pushed_at == held[link.pk].pushed_at and link.remote_id == held[link.pk].remote_id
        ]
        lead_ids = [link.lead_id for link in same_as_read]
        waiting = _on_their_way(connection, lead_ids)
        people = dict(OwnerLink.objects.filter(connection=connection).values_list("remote_id", "email"))
        found: dict[UUID, list[FoundDifference]] = {}
        problems = []
        for link in same_as_read:
            link.connection = connection
            stands = present.get(link.remote_id)
            problems += lost_records.compare(link, stands, now=now)
            known = pushes.get(link.lead_id)
            if known is None:
                continue
            known.link = link
            is_waiting = link.lead_id in waiting
            theirs = compare(known, plan, stands, people=people, is_waiting=is_waiting)
            theirs += [FoundDifference(Kind.DUPLICATE, other) for other in twice.get(link.lead_id, ())[:1]]
            if theirs:
                found[link.lead_id] = theirs
        keeping.keep(connection, lead_ids, found, waiting=waiting, now=now)
        open_items(problems, now=now)
    return found, waiting


def _twice(connection: CrmConnection, links: Sequence[CrmLink]) -> dict[UUID, list[str]]:
    """Other records with an address of these leads, as the mirror knows them; records of other leads are not among them."""
    lead_ids = [link.lead_id for link in links]
    identities = LeadIdentity.objects.filter(lead_id__in=lead_ids, kind=LeadIdentity.Kind.EMAIL)
    by_email = {value.lower(): lead_id for lead_id, value in identities.values_list("lead_id", "value")}
    if not by_email:
        return {}
    ours = {link.remote_id for link in links}
    others = KnownContact.objects.filter(connection=connection, gone=False, emails__overlap=sorted(by_email))
    numbers = {
        remote_id: emails
        for remote_id, emails in others.values_list("remote_id", "emails")
        if remote_id not in ours
    }
    linked = set(
        CrmLink.objects.filter(connection=connection, remote_id__in=numbers).values_list(
            "remote_id", flat=True
        )
    )
    found: dict[UUID, list[str]] = {}
    for remote_id, emails in sorted(numbers.items()):
        for lead_id in (
            {by_email[email] for email in emails if email in by_email} if remote_id not in linked else ()
        ):
            found.setdefault(lead_id, []).append(remote_id)
    return found


def _links(connection: CrmConnection) -> QuerySet[CrmLink]:
    """What is compared: a lead that is not written there is behind in any case."""
    return outbox.only_written(connection, CrmLink.objects.filter(connection=connection))


def _missing(connection: CrmConnection, *, now: datetime) -> QuerySet[Lead]:
    pending = OutboxEntry.objects.filter(connection=connection, status=OutboxEntry.Status.PENDING)
    rows = outbox.missing(connection).filter(created_at__lt=now - ON_THE_WAY)
    return rows.exclude(pk__in=pending.values("lead_id"))


def _finish(round_: Reconciliation, connection: CrmConnection) -> None:
    """Who has no record at all is found here; no call is needed for it."""
    now = timezone.now()
    missing = list(_missing(connection, now=now).values_list("pk", flat=True))
    lead_ids = belonging.missing(connection, lead_ids=missing)
    with transaction.atomic():
        keeping.keep_missing(connection, lead_ids, now=now)
        keeping.finish(round_, missing=len(lead_ids), now=now)
