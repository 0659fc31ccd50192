"""Who gets leads, as a fold: each lead of the list sees what those before it were given. Nothing is asked of the database.

Whoever hands leads over decides first (`Ask`), then opens a book of the rotations that the decisions can reach
(`routing.rotations.book`), under their lock where turns are to be used, folds, and has it written (`routing.handover.commit`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from routing.assignment import StickyTo
from routing.engine.decision import RoutingDecision
from routing.engine.ownership import OwnershipContext
from routing.engine.references import Ref
from routing.engine.resolve import Resolution
from routing.engine.seen import Seen
from routing.models import Assignment, Owner, Queue
from routing.rotations.book import RotationBook


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """On whose behalf a lead is handed over, as its history says it. `reason` is for people, "" for that of the decision;
    `locked` None leaves the manual lock as it is."""

    source: str
    actor: str = ""
    reason: str = ""
    locked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A lead that needs somebody, and what was decided for it. `has` is who has it now; `later` is what to ask instead once
    leads before it in the list have found a place."""

    lead_id: UUID
    by: By
    decision: RoutingDecision
    ownership: OwnershipContext
    has: Ref | None = None
    # From before, where the decision does not ask about it.
    sticky_to: StickyTo | None = None
    past_owners: Collection[int] = ()
    on_duty_only: bool = False
    submission_id: UUID | None = None
    account_id: int | None = None
    later: "Callable[[Mapping[UUID, Ref]], Ask] | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one lead goes. `ask`, `resolution` and `seen` are None where a person said so. `moved`: somebody else has it then.
    `assigned`: it is an assignment of its own, which somebody who is given their lead once more gets too."""

    lead_id: UUID
    by: By
    to: Owner | Queue
    moved: bool = True
    assigned: bool = True
    ask: Ask | None = None
    resolution: Resolution | None = None
    seen: Seen | None = None
    sticky_to: StickyTo | None = None

    @property
    def target(self) -> Ref:
        return ref_to(self.to)


def plan(asks: Iterable[Ask], book: RotationBook) -> list[Placement]:
    """One placement for each, in order. Turns, caps and loads of the book are used up on the way."""
    places: dict[UUID, Ref] = {}
    found = []
    for asked in asks:
        ask = asked.later(places) if asked.later is not None else asked
        first = ask.lead_id not in places
        resolution, seen = book.resolve(
            ask.decision, past_owners=ask.past_owners, on_duty_only=ask.on_duty_only
        )
        to = book.row_of(book.destination(resolution))
        target, back = ref_to(to), ask.ownership.returning
        moved = first and (ask.has is None or (ask.has.kind, ask.has.id) != (target.kind, target.id))
        # A sticky pick with a new clock is an assignment of its own: it counts toward caps.
        assigned = moved or (first and back is not None and back.routes_again)
        if assigned and isinstance(to, Owner):
            book.people.give(to.pk)
        if back is None or back.action != "timeline_only":
            places[ask.lead_id] = target
        found.append(
            Placement(
                lead_id=ask.lead_id,
                by=ask.by,
                to=to,
                moved=moved,
                assigned=assigned,
                ask=ask,
                resolution=resolution,
                seen=seen,
                sticky_to=_sticky_to(ask, target),
            )
        )
    return found


def _sticky_to(ask: Ask, target: Ref) -> StickyTo | None:
    """Whom the lead goes back to: the owner that the decision calls away, or whoever it was before."""
    away, sticky = ask.decision.sticky_owner, ask.ownership.sticky
    found = StickyTo(int(away.id), away.name, sticky.since) if away and sticky else ask.sticky_to
    return None if found is None or target == Ref("owner", found.owner_id, found.name) else found


def rotations_of(asks: Iterable[Ask]) -> set[int]:
    """The rotations that the decisions name."""
    return {int(ask.decision.target.id) for ask in asks if ask.decision.target.kind == "rotation"}


def ref_to(row: Owner | Queue) -> Ref:
    """An owner or queue as the engine names it."""
    return Ref("owner" if isinstance(row, Owner) else "queue", row.pk, row.name)


def holder_of(row: Assignment) -> Ref:
    """Who has the lead, as the engine names it."""
    holder = row.owner or row.queue
    assert holder is not None  # The database sees to it.
    return ref_to(holder)
