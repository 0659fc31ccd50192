"""Somebody is switched off: first what would happen, then the same.

1. `switch_off`, in one transaction: no new lead goes to them; their rotations and account ownership end. Stickiness ends by
   themselves: whoever is not active holds none (`routing.engine.decide`).
2. Their open leads move, each in a short transaction of its own. A few are moved at once where somebody waits for it; the
   others, however many, are found by a sweep through `Owner.leads_leave_at`, so that nothing is lost when somebody dies
   in the middle. Leads that nobody has talked to are routed again, the others go to the manager's queue; closed ones stay.

Who is unavailable (`routing.handover.unavailable`) keeps rotations and accounts, in case they come back; when their hours are
over, their open leads move by the same sweep.

The manager's queue is an active queue of the owner's team: the one whose holder is the team's manager, else the first one
that is not the fallback, else the fallback queue.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from intake.models import Lead
from plumbing.counting import counted
from plumbing.nudges import nudge
from routing.handover.again import Again, fallback_queue, give_to, rotation_of
from routing.handover.commit import CLOSED
from routing.handover.plan import By
from routing.models import (
    Assignment,
    LeadScore,
    NamedAccount,
    Owner,
    Queue,
    Rotation,
    RoutingRule,
    Team,
)
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

# Whose open leads have to move once `leads_leave_at` has come.
LEAVES = Q(active=False) | Q(unavailable_since__isnull=False)

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
    pairs: Sequence[Owner]
    rules: Sequence[RoutingRule]
    teams: Sequence[Team]
    queues: Sequence[Queue]

    def sentences(self) -> list[str]:
        """What will happen, for people."""
        name, said = self.owner.name, []
        if self.owner.active:
            said.append(f"No new lead goes to {name}, from this moment.")
        if self.waiting:
            said.append(f"{counted(self.waiting, 'lead')} that nobody has talked to: routed again.")
        if self.in_touch:
            where = (
                f"to the queue {self.queue}" if self.queue else "they wait until there is a fallback queue"
            )
            said.append(f"{counted(self.in_touch, 'lead')} that somebody has talked to: {where}.")
        if self.rotations:
            left = ", ".join(map(str, self.rotations))
            said.append(
                f"{name} gets no more turns in {left}; what is due there waits, in case they come back."
            )
        if self.accounts:
            said.append(f"{', '.join(map(str, self.accounts))}: no longer {name}'s.")
        if self.pairs:
            names = ", ".join(map(str, self.pairs))
            said.append(f"{names}: new leads of their accounts go to them again, while {name} is not active.")
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
        pairs=list(owner.takes_leads_for.filter(active=True)),
        rules=list(owner.routing_rules.filter(active=True)),
        teams=list(owner.manages.filter(active=True)),
        queues=list(owner.shown_for_queues.filter(active=True)),
    )


def deactivate(owner: Owner, *, actor: str, user: User | None = None, now: datetime) -> Moved:
    """Switch off, and move the first leads. Call it outside a transaction, or all leads it moves stay locked until the end.

    Done again, it takes up whatever an interruption has left.
    """
    switch_off(owner, actor=actor, user=user, now=now)
    moved = move_on(owner, most=AT_ONCE, now=now)
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


def move_leads_on(*, now: datetime) -> int:
    """The sweep: move what is left of everybody whose leads have to, at most so many at a time; returns how many."""
    room = A_SWEEP
    for owner in Owner.objects.filter(LEAVES, leads_leave_at__lte=now).order_by("leads_leave_at"):
        room -= move_on(owner, most=room, now=now)
        if room <= 0:
            nudge(MOVE_ON)
            break
        if owner.leads_leave_at is not None and owner.leads_leave_at <= now - STRAGGLERS:
            done = Owner.objects.filter(pk=owner.pk, leads_leave_at=owner.leads_leave_at)
            done.exclude(pk__in=_open_leads(owner).values("owner")).update(leads_leave_at=None)
    return A_SWEEP - room


def move_on(owner: Owner, *, most: int, now: datetime) -> int:
    """Move some of the owner's open leads, hot ones first; returns how many. Leads that somebody holds are left for later."""
    points = LeadScore.objects.filter(lead=OuterRef("lead")).values("points")[:1]
    hot_first = _open_leads(owner).order_by(Coalesce(Subquery(points), 0).desc(), "lead")
    moved = 0
    for lead_id in list(hot_first.values_list("lead", flat=True)[:most]):
        try:
            moved += _move(lead_id, owner, now=now)
        except DatabaseError:
            # Its own transaction is undone, the others go on; the next sweep tries it again, and `doctor` sees it wait.
            log.exception("The lead %s could not leave %s", lead_id, owner)
    return moved


def still_there(owner: Owner) -> int:
    """How many open leads the owner has."""
    return _open_leads(owner).count()


def queue_of_manager(owner: Owner) -> Queue:
    """Where the owner's manager looks. Raises Queue.DoesNotExist where there is not even a fallback queue."""
    if owner.team is None:
        return fallback_queue()
    of_team = Queue.objects.filter(team=owner.team, active=True, holding_queue=False).order_by("pk")
    held = of_team.filter(crm_owner=owner.team.manager_id) if owner.team.manager_id else of_team.none()
    return held.first() or of_team.filter(fallback=False).first() or fallback_queue()


def reason_of(owner: Owner) -> str:
    """Stands in the history of everything that changes hands."""
    return f"{owner.name} {owner.unavailable_text if owner.active and not owner.available else 'is not active any more'}"


def open_leads() -> QuerySet[Assignment]:
    """Everybody's leads that would move."""
    return Assignment.objects.exclude(lead__status__in=CLOSED)


def _open_leads(owner: Owner) -> QuerySet[Assignment]:
    return open_leads().filter(owner=owner)


def _move(lead_id: UUID, owner: Owner, *, now: datetime) -> bool:
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=lead_id).first()
        if lead is None or lead.status in CLOSED:
            return False
        if not Assignment.objects.filter(lead=lead, owner=owner).exists():
            return False
        left = Owner.objects.filter(LEAVES, pk=owner.pk)
        actor = left.values_list("leads_leave_by", flat=True).first()
        if actor is None:
            return False  # Switched on again, or back, meanwhile.
        source = Assignment.Source.DEACTIVATION
        by = By(source=source, actor=actor, reason=reason_of(owner), locked=False)
        if lead.contacted_at is not None or lead.status not in OPEN_STATUSES:
            give_to(queue_of_manager(owner), lead, by=by, now=now)
            return True
        again = Again.of([lead], now=now)
        rotation = rotation_of(lead.pk)
        ask = again.through(rotation, lead.pk, by=by) if rotation else again.by_rules(lead.pk, by=by)
        return bool(again.hand_over([ask]))


def _save(row: Owner | NamedAccount, user: User | None, reason: str) -> None:
    setattr(row, "_history_user", user)  # noqa: B010 (read by simple-history)
    setattr(row, "_change_reason", reason[:100])  # noqa: B010
    row.save()
