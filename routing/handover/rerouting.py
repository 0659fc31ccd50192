"""A lead that has an owner needs another one: through its rotation again, without those who had it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.models import IntakeForm, Lead
from routing import facts
from routing.accounts import Accounts
from routing.assignment import Move
from routing.engine.decide import RoutingDecision, decide
from routing.engine.ownership import OwnershipContext
from routing.engine.references import Ref
from routing.engine.resolve import Resolution
from routing.models import Assignment, LeadScore, Queue, RotationTurn
from routing.rotations import ledger, roster
from routing.rotations.book import RotationBook, open_book
from routing.rules import publishing


@dataclass(frozen=True, slots=True)
class NobodyOnDuty:
    """Nobody can take it now; `opens_at` is when the next member comes on duty, if that is known."""

    opens_at: datetime | None


def past_owners(lead_id: UUID) -> set[int]:
    """Everybody who has had this lead, the present owner included."""
    rows = Assignment.history.filter(lead_id=lead_id, owner_id__isnull=False).order_by()
    return set(rows.values_list("owner_id", flat=True).distinct())


def rotation_of(lead_id: UUID) -> int | None:
    """The rotation that last picked for this lead."""
    turn = (
        RotationTurn.objects.filter(lead=lead_id, kind=RotationTurn.Kind.PICK).order_by("-at", "-pk").first()
    )
    return turn.rotation_id if turn else None


def fallback_queue() -> Queue:
    """The queue for whatever has no other place. Raises Queue.DoesNotExist when none is set."""
    return Queue.objects.get(fallback=True, active=True)


def decide_again(lead: Lead, *, now: datetime) -> RoutingDecision:
    """What the rules in force say of the lead as it is now, as if nobody had it. Raises publishing.NothingPublished."""
    seen = facts.of_lead(lead, form=IntakeForm.objects.filter(key=lead.last_form_key).first())
    score = LeadScore.objects.filter(lead=lead).first()
    if score is not None:
        seen["score"], seen["segment"] = score.points, score.segment
    account = Accounts([seen]).of(seen)
    owner_ids = [account.owner_id] if account is not None and account.owner_id is not None else []
    people = roster.load(now=now, owner_ids=owner_ids)
    ownership = OwnershipContext(
        account_owner=people.known_owner(account.owner_id) if account else None,
        account_name=account.company if account else "",
    )
    return decide(seen, publishing.compiled(), ownership, now=now)


def pick_again(
    lead_id: UUID, *, rotation_id: int, exclude: Collection[int], only_on_duty: bool, now: datetime
) -> tuple[Resolution, RotationBook] | NobodyOnDuty:
    """Settle the lead in this rotation; the turn is not written yet. Locks the rotation; the caller holds the lead."""
    people, queue = roster.load(now=now), fallback_queue()
    book = open_book([rotation_id], people, fallback=Ref("queue", queue.pk, queue.name), lock=True)
    rotation = book.rotations.rotations[rotation_id]
    if only_on_duty:
        able = [
            member.owner_id
            for member in book.rotations.members[rotation_id]
            if people.owners[member.owner_id].active
            and member.owner_id not in exclude
            and people.away(member.owner_id) is None
        ]
        if able and not any(people.on_duty(people.owners[pk]) for pk in able):
            openings = [at for pk in able if (at := people.next_opening(people.owners[pk]))]
            return NobodyOnDuty(min(openings, default=None))
    decision = RoutingDecision(
        step="rule", target=Ref("rotation", rotation.pk, rotation.name), reason=rotation.name
    )
    return book.resolve(decision, past_owners=exclude)[0], book


def move_of(
    lead_id: UUID,
    resolution: Resolution,
    book: RotationBook,
    *,
    reason: str,
    source: str,
    actor: str,
    now: datetime,
) -> Move:
    """Write the settlement's turn, if it used one, and say where the lead goes."""
    turn_row = None
    if resolution.turn is not None:
        rows = ledger.write_turns(book.rotations, [(resolution.turn, lead_id, resolution.left_out)], now=now)
        turn_row = next(iter(rows.values()))
    target = book.destination(resolution)
    return Move(
        lead_id=lead_id,
        owner_id=int(target.id) if target.kind == "owner" else None,
        queue_id=int(target.id) if target.kind == "queue" else None,
        reason=reason,
        source=source,
        actor=actor,
        automatic=target.kind == "owner",
        turn_id=turn_row.pk if turn_row else None,
        turn_number=turn_row.number if turn_row else None,
    )
