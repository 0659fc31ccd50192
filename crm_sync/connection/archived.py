"""Owners who are archived in the CRM: they get no new leads from that moment, and their open ones move when the hours are over.

Who is asked: the primary connection, if it knows the person. Somebody whom it does not know, or whom no primary connection
could know, is gone when every active connection that knows them says so. A connection whose list has nobody active has
said nothing: that is a list that could not be read, and not a company without people.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Lower

from crm_sync import exception_kinds as kinds
from crm_sync.connection import circuit
from crm_sync.connectors import kinds_that_cannot
from crm_sync.models import CrmConnection, OwnerLink
from exception_queue.models import ExceptionItem
from exception_queue.queue import Attempt, ExceptionReport, Subject, close_items, open_items
from plumbing import nudges
from plumbing.counting import counted
from plumbing.locks import lock_keys
from routing.handover import deactivation, unavailable
from routing.handover.unavailable import Gone
from routing.models import Owner

SUBJECT = "owner"
_LOCK = "crm_sync.archived"


def settle(*, now: datetime) -> None:
    """By the lists as they were read last: tell routing who is gone and who is back, and open and close their items."""
    with transaction.atomic():
        # One after the other: nobody goes by a list that somebody else has replaced.
        lock_keys([_LOCK])
        gone = _gone(Owner.objects.order_by("pk"))
        unavailable.settle(gone, now=now)
        waiting = list(Owner.objects.filter(pk__in=gone, active=True).order_by("email"))
        still = {owner.email.lower() for owner in waiting}
        back = ExceptionItem.objects.filter(
            kind=kinds.OWNER_ARCHIVED, status__in=ExceptionItem.UNRESOLVED
        ).exclude(subject_id__in=still)
        close_items(
            kind=kinds.OWNER_ARCHIVED,
            subject_type=SUBJECT,
            subject_ids=list(back.values_list("subject_id", flat=True)),
            reason="They are active there again, or switched off here.",
            now=now,
        )
        reports = [_report(owner, now=now) for owner in waiting]
        known = _told(still)
        open_items(
            [one for one in reports if (one.subject.id, one.detail["they_move"]) not in known], now=now
        )


def gone_in(connection: CrmConnection) -> set[str]:
    """Lower-case addresses of those who get no leads here and are archived there; one query."""
    there = OwnerLink.objects.filter(connection=connection, archived=True).values(address=Lower("email"))
    gone = Owner.objects.filter(active=True, unavailable_since__isnull=False)
    return set(
        gone.annotate(address=Lower("email")).filter(address__in=there).values_list("address", flat=True)
    )


def ask_again(subject_ids: Collection[str], *, by: str, now: datetime) -> Attempt:
    """The retry handler for owners, by e-mail address: the CRM's list is read anew, and settled."""
    nudges.nudge(circuit.REFRESH)
    return Attempt(pending=set(subject_ids))


def _gone(people: Iterable[Owner]) -> dict[int, Gone]:
    # One without owners of its own only repeats ours.
    asked_for = CrmConnection.objects.filter(active=True).exclude(kind__in=kinds_that_cannot("owners"))
    connections = {each.pk: each for each in asked_for.order_by("key")}
    rows = OwnerLink.objects.filter(connection__in=connections).values_list("connection", "email", "archived")
    # connection -> lower-case e-mail -> whether somebody active has it.
    said: dict[int, dict[str, bool]] = defaultdict(dict)
    for connection_id, email, archived in rows:
        there = said[connection_id]
        there[email.lower()] = there.get(email.lower(), False) or not archived
    asked = [(each, said[pk]) for pk, each in connections.items() if any(said[pk].values())]
    found = {}
    for owner in people:
        if (one := _said_gone(owner.email.lower(), asked)) is not None:
            found[owner.pk] = Gone(f"archived in {one.crm_name}", actor=one.crm_name)
    return found


def _said_gone(email: str, asked: Sequence[tuple[CrmConnection, Mapping[str, bool]]]) -> CrmConnection | None:
    knowing = [(each, there[email]) for each, there in asked if email in there]
    knowing = [one for one in knowing if one[0].primary] or knowing
    if not knowing or any(is_active for _, is_active in knowing):
        return None
    return knowing[0][0]


def _told(subject_ids: Collection[str]) -> set[tuple[str, str]]:
    """What is open and says the same already. Whoever has it tried again waits for an answer."""
    items = ExceptionItem.objects.filter(
        kind=kinds.OWNER_ARCHIVED,
        status__in=ExceptionItem.UNRESOLVED,
        subject_id__in=subject_ids,
        retried_at=None,
    )
    return {
        (subject_id, detail.get("they_move", ""))
        for subject_id, detail in items.values_list("subject_id", "detail")
    }


def _report(owner: Owner, *, now: datetime) -> ExceptionReport:
    left, leave_at = deactivation.still_there(owner), owner.leads_leave_at
    if not left:
        moves, what = "there are none", "They have no open leads."
    elif leave_at is None or leave_at <= now:
        moves, what = "now", f"{counted(left, 'open lead moves', 'open leads move')} now."
    else:
        moves = f"{leave_at:%H:%M on %-d %B %Y} UTC"
        what = f"{counted(left, 'open lead moves', 'open leads move')} at {moves}."
    return ExceptionReport(
        kind=kinds.OWNER_ARCHIVED,
        subject=Subject(type=SUBJECT, id=owner.email.lower(), label=owner.name),
        cause=f"{owner.name} is {owner.unavailable_because}: no new lead goes to them. {what}",
        detail={"they_move": moves},
        cause_key=f"{owner.unavailable_because} {owner.email.lower()}",
        owner_hint=owner.email,
    )
