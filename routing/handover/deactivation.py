"""Somebody is switched off: first what would happen, then the same.

1. `switch_off`, in one transaction: no new lead goes to them; their rotations and account ownership end. Stickiness ends by
   themselves: whoever is not active holds none (`routing.engine.decide`).
2. Their open leads move, each in a short transaction of its own. A few are moved at once where somebody waits for it; the
   others, however many, are found by a sweep through `Owner.leads_leave_at`, so that nothing is lost when somebody dies
   in the middle. Leads that nobody has talked to are routed again, the others go to the manager's queue; closed ones stay.

The manager's queue is an active queue of the owner's team: the one whose holder is the team's manager, else the first one
that is not the fallback, else the fallback queue.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from intake.lead_changes import announce
from intake.models import Lead
from plumbing.nudges import nudge
from routing.assignment import Move
from routing.handover import rerouting
from routing.handover.actions import CLOSED, hand_over
from routing.models import (
    Assignment,
    LeadScore,
    NamedAccount,
    Owner,
    OwnerNotice,
    Queue,
    Rotation,
    RoutingRule,
    Team,
)
from routing.notices.sending import SEND, cancel
from routing.rotations import membership
from routing.rotations.membership import Member
from routing.rotations.roster import OPEN_STATUSES

log = logging.getLogger(__name__)

MOVE_ON = "routing.move_leads_on"
AT_ONCE = 50
"""Leads that are moved while somebody looks on."""
A_SWEEP = 200
# A batch of the pipeline that had read the owner as active may commit a little later.
STRAGGLERS = timedelta(minutes=5)

_UNTOUCHED = Q(lead__status__in=OPEN_STATUSES, lead__contacted_at=None)


@dataclass(frozen=True, slots=True)
class Leaving:
    """`waiting` leads are routed again, `in_touch` ones go to `queue`; closed leads stay where they are. `rules`, `teams`
    and `queues` still name the owner and are for a person to change.
    """

    owner: Owner
    waiting: int
    in_touch: int
    queue: Queue | None
    rotations: Sequence[Rotation]
    accounts: Sequence[NamedAccount]
    rules: Sequence[RoutingRule]
    teams: Sequence[Team]
    queues: Sequence[Queue]

    def sentences(self) -> list[str]:
        """What will happen, for people."""
        name, said = self.owner.name, []
        if self.owner.active:
            said.append(f"No new lead goes to {name}, from this moment.")
        if self.waiting:
            said.append(f"{_leads(self.waiting)} that nobody has talked to: routed again.")
        if self.in_touch:
            where = (
                f"to the queue {self.queue}" if self.queue else "they wait until there is a fallback queue"
            )
            said.append(f"{_leads(self.in_touch)} that somebody has talked to: {where}.")
        if self.rotations:
            left = ", ".join(map(str, self.rotations))
            said.append(
                f"{name} gets no more turns in {left}; what is due there waits, in case they come back."
            )
        if self.accounts:
            said.append(f"{', '.join(map(str, self.accounts))}: no longer {name}'s.")
        said.append("Returning leads go to somebody else. Disqualified and lost leads stay as they are.")
        return said


@dataclass(frozen=True, slots=True)
class Moved:
    """`left` leads are moved by the sweep, within minutes."""

    moved: int
    left: int


def preview(owner: Owner) -> Leaving:
    """What `deactivate` would do; changes nothing."""
    counts = _open_leads(owner).aggregate(
        waiting=Count("pk", filter=_UNTOUCHED), in_touch=Count("pk", filter=~_UNTOUCHED)
    )
    memberships = owner.memberships.filter(active=True).select_related("rotation")
    try:
        queue = queue_of_manager(owner)
    except Queue.DoesNotExist:
        queue = None
    return Leaving(
        owner=owner,
        waiting=counts["waiting"],
        in_touch=counts["in_touch"],
        queue=queue,
        rotations=[member.rotation for member in memberships],
        accounts=list(owner.named_accounts.filter(active=True)),
        rules=list(owner.routing_rules.filter(active=True)),
        teams=list(owner.manages.filter(active=True)),
        queues=list(owner.shown_for_queues.filter(active=True)),
    )


def deactivate(owner: Owner, *, actor: str, user: User | None = None, now: datetime) -> Moved:
    """Switch off, and move the first leads. Call it outside a transaction, or all leads it moves stay locked until the end.

    Done again, it takes up whatever an interruption has left.
    """
    switch_off(owner, actor=actor, user=user, now=now)
    moved = move_on(owner, most=AT_ONCE)
    return Moved(moved, still_there(owner))


def switch_off(
    owner: Owner,
    *,
    actor: str,
    user: User | None = None,
    leave_rotations: bool = True,
    leave_accounts: bool = True,
    now: datetime,
) -> None:
    """Nothing new goes to the owner, and the sweep is told that their leads have to move. False leaves that part as it is,
    for callers who say themselves what it is to be.
    """
    reason = reason_of(owner)
    with transaction.atomic():
        if owner.active:
            owner.active = False
            _save(owner, user, reason)
        Owner.objects.filter(pk=owner.pk).update(leads_leave_at=now, leads_leave_by=actor[:200])
        if leave_rotations:
            for member in (
                owner.memberships.filter(active=True).order_by("rotation").select_related("rotation")
            ):
                members = [
                    Member(one.owner_id, one.weight, one.active and one.owner_id != owner.pk)
                    for one in member.rotation.members.all()
                ]
                membership.set_members(member.rotation, members, now=now, user=user, reason=reason)
        if leave_accounts:
            for account in owner.named_accounts.filter(active=True):
                account.owner = None
                _save(account, user, reason)
        nudge(MOVE_ON)


def move_leads_on() -> int:
    """The sweep: move what is left of everybody who was switched off, at most so many at a time; returns how many."""
    now = timezone.now()
    room = A_SWEEP
    for owner in Owner.objects.filter(active=False, leads_leave_at__lte=now).order_by("leads_leave_at"):
        room -= move_on(owner, most=room)
        if room <= 0:
            nudge(MOVE_ON)
            break
        if owner.leads_leave_at is not None and owner.leads_leave_at <= now - STRAGGLERS:
            done = Owner.objects.filter(pk=owner.pk, leads_leave_at=owner.leads_leave_at)
            done.exclude(pk__in=_open_leads(owner).values("owner")).update(leads_leave_at=None)
    return A_SWEEP - room


def move_on(owner: Owner, *, most: int) -> int:
    """Move some of the owner's open leads, hot ones first; returns how many. Leads that somebody holds are left for later."""
    points = LeadScore.objects.filter(lead=OuterRef("lead")).values("points")[:1]
    hot_first = _open_leads(owner).order_by(Coalesce(Subquery(points), 0).desc(), "lead")
    moved = 0
    for lead_id in list(hot_first.values_list("lead", flat=True)[:most]):
        try:
            moved += _move(lead_id, owner)
        except DatabaseError:
            # Its own transaction is undone, the others go on; the next sweep tries it again, and `doctor` sees it wait.
            log.exception("The lead %s could not leave %s", lead_id, owner)
    if moved:
        nudge(SEND)
    return moved


def still_there(owner: Owner) -> int:
    """How many open leads the owner has."""
    return _open_leads(owner).count()


def queue_of_manager(owner: Owner) -> Queue:
    """Where the owner's manager looks. Raises Queue.DoesNotExist where there is not even a fallback queue."""
    if owner.team is None:
        return rerouting.fallback_queue()
    of_team = Queue.objects.filter(team=owner.team, active=True, holding_queue=False).order_by("pk")
    held = of_team.filter(crm_owner=owner.team.manager_id) if owner.team.manager_id else of_team.none()
    return held.first() or of_team.filter(fallback=False).first() or rerouting.fallback_queue()


def reason_of(owner: Owner) -> str:
    """Stands in the history of everything that changes hands."""
    return f"{owner.name} is not active any more"


def _open_leads(owner: Owner) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(owner=owner, lead__merged_into=None)
    return rows.exclude(lead__status__in=CLOSED)


def _move(lead_id: UUID, owner: Owner) -> bool:
    now = timezone.now()
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=lead_id).first()
        if lead is None:
            return False
        before = Assignment.objects.select_related("owner").get(lead=lead)
        if before.owner_id != owner.pk or lead.status in CLOSED:
            return False
        by = Owner.objects.filter(pk=owner.pk, active=False).values_list("leads_leave_by", flat=True).first()
        if by is None:
            return False  # Switched on again meanwhile.
        if lead.status in OPEN_STATUSES and lead.contacted_at is None:
            move = _routed_again(lead, reason=reason_of(owner), actor=by, now=now)
        else:
            move = _to(queue_of_manager(owner), lead, reason=reason_of(owner), actor=by)
        hand_over(lead, move, before=before, now=now)
        # Nobody reads that mail.
        cancel([lead.pk], kinds=[OwnerNotice.Kind.LOST])
        announce([lead.pk], source=Assignment.Source.DEACTIVATION, now=now)
        return True


def _routed_again(lead: Lead, *, reason: str, actor: str, now: datetime) -> Move:
    """Through the rotation it came from, else by the rules in force."""
    rotation_id = rerouting.rotation_of(lead.pk)
    if rotation_id is None or not Rotation.objects.filter(pk=rotation_id, active=True).exists():
        target = rerouting.decide_again(lead, now=now).target
        if target.kind == "queue":
            return _to(Queue.objects.get(pk=target.id), lead, reason=reason, actor=actor)
        if target.kind == "owner":
            if not Owner.objects.filter(pk=target.id, active=True).exists():
                return _to(rerouting.fallback_queue(), lead, reason=reason, actor=actor)
            return Move(
                lead_id=lead.pk,
                owner_id=int(target.id),
                reason=reason,
                source=Assignment.Source.DEACTIVATION,
                actor=actor,
                automatic=True,
                locked=False,
            )
        rotation_id = int(target.id)
    found = rerouting.pick_again(
        lead.pk,
        rotation_id=rotation_id,
        exclude=rerouting.past_owners(lead.pk),
        only_on_duty=False,
        now=now,
    )
    assert not isinstance(found, rerouting.NobodyOnDuty)  # Off-duty members may be asked here.
    move = rerouting.move_of(
        lead.pk, *found, reason=reason, source=Assignment.Source.DEACTIVATION, actor=actor, now=now
    )
    return replace(move, locked=False)


def _to(queue: Queue, lead: Lead, *, reason: str, actor: str) -> Move:
    return Move(
        lead_id=lead.pk,
        queue_id=queue.pk,
        reason=reason,
        source=Assignment.Source.DEACTIVATION,
        actor=actor,
        locked=False,
    )


def _leads(count: int) -> str:
    return f"{count} lead{'' if count == 1 else 's'}"


def _save(row: Owner | NamedAccount, user: User | None, reason: str) -> None:
    setattr(row, "_history_user", user)  # noqa: B010 (read by simple-history)
    setattr(row, "_change_reason", reason[:100])  # noqa: B010
    row.save()
