"""What people do with a lead: reassign, contacted, disqualify, decline. Console, API and CRM all come through here.

Each is one transaction: it locks the lead, which is the lock for its clock too, and writes assignment, clock, notices and
timeline together. Raises Refused, in words for people, when it cannot be done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from intake.lead_changes import LeadEdit, announce, edit_leads
from intake.models import Lead, Submission, TimelineEntry
from intake.timeline import record
from routing.handover.again import Again, fallback_queue, give_to, rotation_of
from routing.handover.commit import CLOSED
from routing.handover.plan import By
from routing.models import Assignment, Owner, OwnerNotice, Queue, SlaClock
from routing.notices.sending import cancel
from routing.response import clocks
from routing.rotations import ledger

# A turn comes back for these reasons: they are not the owner's doing (semantics, "Turns").
GIVES_BACK = {"spam", "duplicate", "wrong_territory", "wrong territory", "bad_data", "bad data"}


# Clocks of two machines differ by seconds: so far a contact may lie outside of what is possible, and is taken for its edge.
CLOCK_DIFFERENCE = timedelta(minutes=1)


class Refused(ValueError):
    """The action is not possible; the message says why, for people."""


class ImpossibleTime(Refused):
    """Nobody can have answered then."""


@contextmanager
def _held(lead_id: UUID, *, source: str, now: datetime) -> Iterator[Lead]:
    """One transaction that holds the lead; at its end the layers above are told that the lead has changed."""
    with transaction.atomic():
        try:
            lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
        except Lead.DoesNotExist:
            raise Refused("There is no such lead.") from None
        yield lead
        announce([lead.pk], source=source, now=now)


def reassign(
    *,
    lead_id: UUID,
    owner_id: int | None = None,
    queue_id: int | None = None,
    reason: str,
    source: str,
    actor: str,
    lock: bool | None = None,
    now: datetime,
) -> Assignment:
    """A person gives the lead to an owner or a queue. It costs the receiver no turn; the customer's clock goes on."""
    with _held(lead_id, source=source, now=now) as lead:
        before = Assignment.objects.select_related("owner").get(lead=lead)
        if owner_id is not None:
            owner = Owner.objects.filter(pk=owner_id).first()
            if owner is None or not owner.available:
                who = f"{owner.name} {owner.unavailable_text}" if owner else "That owner is not active"
                raise Refused(f"{who}. Choose somebody who is.")
            if before.owner_id == owner_id:
                raise Refused(f"{owner.name} has this lead already.")
            holder: Owner | Queue = owner
        elif queue_id is not None:
            queue = Queue.objects.select_related("team").filter(pk=queue_id).first()
            if queue is None or not queue.active:
                raise Refused("That queue is not active. Choose another one.")
            if before.queue_id == queue_id:
                raise Refused(f"The lead is in {queue.name} already.")
            holder = queue
        else:
            raise Refused("Say who gets the lead: an owner or a queue.")
        by = By(source=source, actor=actor, reason=reason, locked=lock)
        return give_to(holder, lead, by=by, now=now)


def mark_contacted(
    *, lead_id: UUID, at: datetime, by: str, evidence: str, source: str, actor: str, now: datetime
) -> None:
    """Somebody has answered: the clock stops, the lead is contacted. `evidence` is "verified" or "claimed".

    Raises ImpossibleTime for an `at` before the lead came in, or to come.
    """
    with _held(lead_id, source=source, now=now) as lead:
        at = _possible(at, since=came_in(lead.pk), now=now)
        if lead.status in CLOSED:
            raise Refused(
                f"The lead is {lead.get_status_display().lower()}: reopen it before marking a contact."
            )
        clock = clocks.running([lead.pk]).get(lead.pk)
        if clock is not None:
            clocks.meet(clock, at=at, by=by, evidence=evidence)
        elif evidence == clocks.VERIFIED:
            clocks.prove(lead.pk, at=at)
        cancel([lead.pk], kinds=[OwnerNotice.Kind.REMINDER, OwnerNotice.Kind.OVERDUE])
        values: dict[str, object] = {}
        if lead.contacted_at is None or at < lead.contacted_at:
            values["contacted_at"] = at
        if lead.status in (Lead.Status.NEW, Lead.Status.WORKING):
            values["status"] = Lead.Status.CONTACTED
        edit_leads([LeadEdit(lead.pk, values)], actor=actor, source=source, now=now)
        within = clock is not None and at <= clock.due_at
        data = {"by": by, "evidence": evidence, "at": at.isoformat(), "in_time": within if clock else None}
        record(
            [
                TimelineEntry(
                    lead=lead, at=now, verb="routing.contacted", actor=actor, source=source, data=data
                )
            ]
        )


def came_in(lead_id: UUID) -> datetime:
    """Since when somebody can have answered: the start of the running clock, else when the lead's first submission arrived."""
    clocks = SlaClock.objects.filter(lead=lead_id, status=SlaClock.Status.RUNNING)
    started = clocks.values_list("started_at", flat=True).first()
    if started is not None:
        return started
    submissions = Submission.objects.filter(lead=lead_id).order_by("received_at")
    first = submissions.values_list("received_at", flat=True).first()
    return first or Lead.objects.values_list("created_at", flat=True).get(pk=lead_id)


def _possible(at: datetime, *, since: datetime, now: datetime) -> datetime:
    if at - now > CLOCK_DIFFERENCE:
        raise ImpossibleTime("A contact cannot lie in the future.")
    if since - at > CLOCK_DIFFERENCE:
        arrived = since.astimezone(UTC)
        raise ImpossibleTime(
            f"The lead came in on {arrived:%d %B %Y at %H:%M} (UTC). A contact cannot lie before that."
        )
    return max(since, min(at, now))


def disqualify(*, lead_id: UUID, reason: str, source: str, actor: str, now: datetime) -> None:
    """Not a lead after all: it keeps its owner, and loses clock and task."""
    with _held(lead_id, source=source, now=now) as lead:
        if lead.status == Lead.Status.DISQUALIFIED:
            raise Refused("The lead is disqualified already.")
        clock = clocks.running([lead.pk]).get(lead.pk)
        if clock is not None:
            clocks.cancel(clock, reason=f"Disqualified: {reason}"[:300])
        waiting = [
            OwnerNotice.Kind.ASSIGNED,
            OwnerNotice.Kind.RETURNED,
            OwnerNotice.Kind.REMINDER,
            OwnerNotice.Kind.OVERDUE,
        ]
        cancel([lead.pk], kinds=waiting)
        values = {"status": Lead.Status.DISQUALIFIED, "disqualify_reason": reason[:200]}
        edit_leads([LeadEdit(lead.pk, values, reason=reason)], actor=actor, source=source, now=now)


def decline(*, lead_id: UUID, reason: str, source: str, actor: str, now: datetime) -> Assignment:
    """The owner gives the lead back. The turn comes back unless the owner was just busy; somebody else gets it."""
    with _held(lead_id, source=source, now=now) as lead:
        before = Assignment.objects.select_related("owner", "turn").get(lead=lead)
        if before.owner is None:
            raise Refused("Nobody owns this lead, so nobody can give it back.")
        rotation = rotation_of(lead.pk)
        # Read first: from the turn that comes back on, the rotation is locked.
        again = Again.of([lead], now=now) if rotation is not None else None
        if before.turn is not None and reason.strip().casefold() in GIVES_BACK:
            ledger.give_back(before.turn, now=now)
        by = By(source=source, actor=actor, reason=f"Declined by {before.owner.name}: {reason}", locked=False)
        if rotation is None or again is None:
            return give_to(fallback_queue(), lead, by=by, now=now)
        return again.hand_over([again.through(rotation, lead.pk, by=by)])[lead.pk]
