"""What happens when somebody leaves: first what would happen, then the same, lead by lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from intake.lead_changes import announce
from intake.models import Lead
from plumbing.nudges import nudge
from routing import rerouting, rotations
from routing.actions import CHANGES, CLOSED, hand_over
from routing.assignment import Move
from routing.models import Assignment, NamedAccount, Owner, Queue, Rotation, RoutingRule, Team
from routing.notices import SEND
from routing.roster import OPEN_STATUSES
from routing.rotations import Member


@dataclass(frozen=True, slots=True)
class Leaving:
    """`waiting` leads are routed again, `in_touch` ones go to `queue`; closed leads stay where they are."""

    waiting: int
    in_touch: int
    queue: Queue
    rotations: Sequence[Rotation]
    accounts: Sequence[NamedAccount]
    rules: Sequence[RoutingRule]
    teams: Sequence[Team]
    queues: Sequence[Queue]


def preview(owner: Owner) -> Leaving:
    """What `deactivate` would do; changes nothing. Raises Queue.DoesNotExist without a fallback queue."""
    waiting, in_touch = _open_leads(owner)
    memberships = owner.memberships.filter(active=True).select_related("rotation")
    return Leaving(
        waiting=len(waiting),
        in_touch=len(in_touch),
        queue=_queue_of(owner),
        rotations=[member.rotation for member in memberships],
        accounts=list(owner.named_accounts.filter(active=True)),
        rules=list(owner.routing_rules.filter(active=True)),
        teams=list(owner.manages.filter(active=True)),
        queues=list(owner.holds_queues.filter(active=True)),
    )


def deactivate(owner: Owner, *, by: str, user: User | None = None, now: datetime) -> int:
    """Nothing new goes to the owner from here on; then their open leads move, each in a transaction of its own.

    Returns how many moved. Done again, it takes up whatever an interruption has left.
    """
    reason = f"{owner.name} is not active any more"
    with transaction.atomic():
        if owner.active:
            owner.active = False
            _save(owner, user, reason)
        for member in (
            owner.memberships.filter(active=True).order_by("rotation_id").select_related("rotation")
        ):
            rest = member.rotation.members.exclude(owner=owner)
            members = [Member(one.owner_id, one.weight, one.active) for one in rest]
            rotations.set_members(member.rotation, members, now=now, user=user, reason=reason)
        for account in owner.named_accounts.filter(active=True):
            account.owner = None
            _save(account, user, reason)
    queue = _queue_of(owner)
    waiting, in_touch = _open_leads(owner)
    for lead_id in waiting:
        _move(lead_id, owner, queue=None, reason=reason, actor=by, now=now)
    for lead_id in in_touch:
        _move(lead_id, owner, queue=queue, reason=reason, actor=by, now=now)
    if waiting or in_touch:
        nudge(CHANGES)
        nudge(SEND)
    return len(waiting) + len(in_touch)


def _open_leads(owner: Owner) -> tuple[list[UUID], list[UUID]]:
    """Those that nobody has talked to, and those that somebody has; closed ones are neither."""
    rows = (
        Assignment.objects.filter(owner=owner, lead__merged_into=None)
        .exclude(lead__status__in=CLOSED)
        .order_by("lead_id")
        .values_list("lead_id", "lead__status", "lead__contacted_at")
    )
    waiting: list[UUID] = []
    in_touch: list[UUID] = []
    for lead_id, status, contacted_at in rows:
        (waiting if status in OPEN_STATUSES and contacted_at is None else in_touch).append(lead_id)
    return waiting, in_touch


def _queue_of(owner: Owner) -> Queue:
    """Where the owner's manager looks: the team's own queue, else the fallback."""
    of_team = Queue.objects.filter(team=owner.team_id, active=True, waiting_line=False, fallback=False)
    found = of_team.order_by("pk").first() if owner.team_id else None
    return found or rerouting.fallback_queue()


def _move(
    lead_id: UUID, owner: Owner, *, queue: Queue | None, reason: str, actor: str, now: datetime
) -> None:
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
        before = Assignment.objects.select_related("owner").get(lead=lead)
        if before.owner_id != owner.pk:
            return
        rotation_id = None if queue else rerouting.rotation_of(lead.pk)
        if rotation_id is None:
            to = queue or rerouting.fallback_queue()
            move = Move(lead_id=lead.pk, queue_id=to.pk, reason=reason, source="console", actor=actor)
        else:
            move = _pick(lead.pk, rotation_id, reason=reason, actor=actor, now=now)
        hand_over(lead, move, before=before, now=now)
        announce([lead.pk], source="console", now=now)


def _pick(lead_id: UUID, rotation_id: int, *, reason: str, actor: str, now: datetime) -> Move:
    exclude = rerouting.past_owners(lead_id)
    found = rerouting.pick_again(
        lead_id, rotation_id=rotation_id, exclude=exclude, only_on_duty=False, now=now
    )
    if isinstance(found, rerouting.NobodyOnDuty):
        queue = rerouting.fallback_queue()
        return Move(lead_id=lead_id, queue_id=queue.pk, reason=reason, source="console", actor=actor)
    return rerouting.move_of(lead_id, *found, reason=reason, source="console", actor=actor, now=now)


def _save(row: Owner | NamedAccount, user: User | None, reason: str) -> None:
    setattr(row, "_history_user", user)  # noqa: B010 (read by simple-history)
    setattr(row, "_change_reason", reason[:100])  # noqa: B010
    row.save()
