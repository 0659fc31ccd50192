"""Which owner is who in the CRM: by e-mail address, from the CRM's own list."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from crm_sync import exception_kinds as kinds
from crm_sync import outbox
from crm_sync.connection import archived, circuit
from crm_sync.connection.connecting import connect
from crm_sync.connectors import can
from crm_sync.connectors.base import Connector, RemoteOwner, SetupProblem
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, CrmLink, OwnerLink
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items
from plumbing import nudges
from plumbing.http import RemoteError
from routing.models import Assignment, Owner

SUBJECT = "owner"
# Asked for somebody who is not on the list: at most so often.
AT_MOST_EVERY = timedelta(minutes=1)
# While the day's calls are kept for leads.
_SELDOM = timedelta(hours=1)


def ids_of(connection_id: int, emails: Collection[str]) -> dict[str, str]:
    """lower-case e-mail -> the id that goes into records; without those who are archived or not there. Of two who have the same
    address, the first by their id."""
    rows = OwnerLink.objects.filter(connection_id=connection_id, email__in=list(emails), archived=False)
    return dict(rows.order_by("-remote_id").values_list("email", "remote_id"))


def shown_as(connection_id: int, remote_id: str) -> str:
    """The e-mail address of an owner by their id there; the id itself where we do not know them."""
    rows = OwnerLink.objects.filter(connection_id=connection_id, remote_id=remote_id)
    return rows.values_list("email", flat=True).first() or remote_id


def is_somebody(connection_id: int, shown: str) -> bool:
    """Whether `shown`, as `shown_as` says it, is somebody there: an address that an owner has had before is nobody's."""
    return "@" not in shown or OwnerLink.objects.filter(connection_id=connection_id, email=shown).exists()


def may_ask(connection: CrmConnection, *, now: datetime) -> bool:
    """To read our own list costs no call."""
    if not can(connection.kind).owners:
        return True
    return connection.owners_read_at is None or now - connection.owners_read_at >= AT_MOST_EVERY


def refresh(connection: CrmConnection, connector: Connector, *, now: datetime) -> None:
    """Read the CRM's list, or where it has none, ours. Leads of those who have appeared are pushed again, and their items close;
    who is archived there gets no new leads."""
    people = _by_our_names(connector.owners()) if connector.can.owners else _our_own()
    known = set(
        OwnerLink.objects.filter(connection=connection, archived=False).values_list("email", flat=True)
    )
    with transaction.atomic():
        _store(connection, people, now=now)
        connection.owners_read_at = now
        CrmConnection.objects.filter(pk=connection.pk).update(owners_read_at=now)
        if arrived := {each.email for each in people if not each.archived} - known:
            _push_again(connection, arrived, now=now)
            reason = "The owner exists in the CRM now."
            close_items(
                kind=kinds.OWNER_UNKNOWN, subject_type=SUBJECT, subject_ids=arrived, reason=reason, now=now
            )
    archived.settle(now=now)


def refresh_all() -> None:
    """Every active connection that lets us in; `connection.login` asks the others."""
    for connection in CrmConnection.objects.filter(active=True).exclude(
        health=CrmConnection.Health.AUTH_LOST
    ):
        now = timezone.now()
        if connection.not_before is not None and connection.not_before > now:
            continue
        budget = Budget(connection.budget)
        read_at = connection.owners_read_at
        if budget.is_short_today and read_at is not None and now - read_at < _SELDOM:
            continue
        try:
            refresh(connection, connect(connection, budget=budget), now=now)
        except (RemoteError, SetupProblem) as error:
            circuit.failed(connection, error, now=now)
        else:
            if not can(connection.kind).owners:
                continue  # Nobody was asked.
            if connection.health == CrmConnection.Health.OK:
                circuit.answered(connection, now=timezone.now())
            else:
                circuit.resume_now(connection, now=timezone.now())
        CrmConnection.objects.filter(pk=connection.pk).update(budget=budget.state)
    archived.settle(now=timezone.now())  # Also when a connection is switched off, or gone.


def unknown(emails: Collection[str], *, connection: CrmConnection) -> list[ExceptionReport]:
    """Reports of these people who could not be shown there. Of who gets no leads because they are archived there, another item
    tells. No query where it is nobody."""
    if not emails:
        return []
    return [
        ExceptionReport(
            kind=kinds.OWNER_UNKNOWN,
            subject=Subject(type=SUBJECT, id=email, label=email),
            cause=f"{connection.crm_name} has no active owner with the address {email}.",
            cause_key=f"{connection.key} {email}",
            owner_hint=email,
        )
        for email in sorted(set(emails) - archived.gone_in(connection))
    ]


def expire_owner_list(connection: CrmConnection) -> None:
    """The CRM refused an id from our list: read it again before the next unknown owner is reported."""
    connection.owners_read_at = None
    CrmConnection.objects.filter(pk=connection.pk).update(owners_read_at=None)


def retry_unknown(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for owners, by e-mail address: ask the CRM again, and push their leads.

    The push finds them there (then their item closes), or says once more that it does not.
    """
    waiting = set[str]()
    for connection in CrmConnection.objects.filter(active=True):
        expire_owner_list(connection)
        waiting |= _push_again(connection, subject_ids, now=now) - set(ids_of(connection.pk, subject_ids))
    return Attempt(pending=waiting)


def _push_again(connection: CrmConnection, emails: Collection[str], *, now: datetime) -> set[str]:
    """The addresses among these whose leads stand there without their owner; these leads are pushed again."""
    shown = Assignment.objects.annotate(
        shown_to=Lower(Coalesce("owner__email", "queue__crm_owner__email", Value("")))
    )
    owned = dict(shown.filter(shown_to__in=list(emails)).values_list("lead_id", "shown_to"))
    links = CrmLink.objects.filter(connection=connection, lead_id__in=owned, gone_at=None).exclude(
        shown_owner__in=list(emails)
    )
    waiting = list(links.values_list("lead_id", flat=True))
    outbox.queue_for(connection.pk, waiting, now=now)
    nudges.nudge(outbox.DRAIN)
    return {owned[lead_id] for lead_id in waiting}


def _our_own() -> list[RemoteOwner]:
    """Where a connection has no owners of its own, each of ours goes by their address."""
    rows = Owner.objects.values_list("email", "name")
    own = {email.lower(): name for email, name in rows}
    return [RemoteOwner(email, email, name, user_id=email, archived=False) for email, name in own.items()]


def _by_our_names(people: Collection[RemoteOwner]) -> list[RemoteOwner]:
    """Each with the name of theirs that is an owner's address here, where one is."""
    if not any(each.also for each in people):
        return list(people)
    ours = {email.lower() for email in Owner.objects.values_list("email", flat=True)}
    named = ((each, next((name for name in each.also if name in ours), each.email)) for each in people)
    return [replace(each, email=email) for each, email in named]


def _store(connection: CrmConnection, people: Collection[RemoteOwner], *, now: datetime) -> None:
    rows = [
        OwnerLink(
            connection=connection,
            email=each.email[:254],
            remote_id=each.remote_id,
            user_id=each.user_id,
            name=each.name[:200],
            archived=each.archived,
            seen_at=now,
        )
        for each in sorted(people, key=lambda each: each.remote_id)
    ]
    OwnerLink.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "remote_id"],
        update_fields=["email", "user_id", "name", "archived", "seen_at"],
    )
    here = [each.remote_id for each in people]
    OwnerLink.objects.filter(connection=connection).exclude(remote_id__in=here).update(archived=True)
