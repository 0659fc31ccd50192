"""Leads that exist need somebody else: their owner does not answer, gave them back, left, or a queue is emptied.

What can be read is read before a rotation is locked: `Again.of` for the leads at hand, then asks, then `hand_over`, which
locks, folds and writes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intake.models import Lead
from routing import background, facts
from routing.accounts import Belonging
from routing.assignment import StickyTo
from routing.engine.decide import decide
from routing.engine.ownership import OwnershipContext
from routing.engine.references import Ref
from routing.engine.ruleset import CompiledRuleSet
from routing.handover.commit import commit
from routing.handover.plan import Ask, By, Placement, holder_of, plan, rotations_of
from routing.models import (
    Assignment,
    LeadBackground,
    Owner,
    Queue,
    Rotation,
    RotationMember,
    RotationTurn,
    RuleSet,
)
from routing.rotations import roster
from routing.rotations.book import open_book
from routing.rotations.roster import Roster
from routing.rules import publishing


@dataclass(frozen=True, slots=True)
class NobodyOnDuty:
    """Nobody can take it now; `opens_at` is when the next member comes on duty, if that is known."""

    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class Again:
    """Leads that the caller's transaction holds, with what the rules and rotations are asked about them."""

    leads: dict[UUID, Lead]
    before: dict[UUID, Assignment]
    past_owners: dict[UUID, set[int]]
    facts: dict[UUID, dict[str, object]]
    belongs: dict[UUID, Belonging]
    known: dict[UUID, LeadBackground]
    people: Roster
    ruleset: CompiledRuleSet
    ruleset_row: RuleSet
    now: datetime

    @classmethod
    def of(cls, leads: Sequence[Lead], *, now: datetime) -> "Again":
        """Nine queries, however many they are. Raises publishing.NothingPublished."""
        by_id = {lead.pk: lead for lead in leads}
        ruleset, row = publishing.compiled_with_row()
        past: dict[UUID, set[int]] = {pk: set() for pk in by_id}
        history = Assignment.history.filter(lead__in=by_id, owner_id__isnull=False).order_by()
        for lead_id, owner_id in history.values_list("lead_id", "owner_id").distinct():
            past[lead_id].add(owner_id)
        told = facts.of_leads(leads, rules=ruleset.account_match)
        return cls(
            leads=by_id,
            before=holders(by_id),
            past_owners=past,
            facts=told.facts,
            belongs=told.belongs,
            known=told.known,
            people=roster.load(now=now),
            ruleset=ruleset,
            ruleset_row=row,
            now=now,
        )

    def by_rules(self, lead_id: UUID, *, by: By) -> Ask:
        """What the rules in force say of the lead as it is now, as if nobody had it."""
        return self._ask(lead_id, self._claims(lead_id), by=by)

    def starts_no_clock(self, lead_id: UUID) -> bool:
        """Whether nobody of sales has to answer it, by what is known of it."""
        return self._claims(lead_id).starts_no_clock(str(self.facts[lead_id].get("purpose") or ""))

    def through(
        self,
        rotation: Rotation,
        lead_id: UUID,
        *,
        by: By,
        exclude: Collection[int] | None = None,
        on_duty_only: bool = False,
    ) -> Ask:
        """Through the rotation that gave it out before, without those who have had it, or whom `exclude` names."""
        again = OwnershipContext(same_rotation=Ref("rotation", rotation.pk, rotation.name))
        past = self.past_owners[lead_id] if exclude is None else exclude
        return self._ask(lead_id, again, by=by, past_owners=past, on_duty_only=on_duty_only)

    def nobody_on_duty(self, rotation: Rotation, *, exclude: Collection[int] = ()) -> NobodyOnDuty | None:
        """If all who could take a lead of the rotation are off duty. None also where nobody could take it at all: the rotation
        says where it goes then."""
        members = RotationMember.objects.filter(rotation=rotation, active=True).exclude(owner__in=exclude)
        able = [
            owner
            for owner in (self.people.owners[pk] for pk in members.values_list("owner", flat=True))
            if owner.available and self.people.away(owner.pk) is None
        ]
        if not able or any(self.people.on_duty(owner) for owner in able):
            return None
        return NobodyOnDuty(
            min((at for owner in able if (at := self.people.next_opening(owner))), default=None)
        )

    def hand_over(self, asks: Sequence[Ask]) -> dict[UUID, Assignment]:
        """Lock what the asks can reach, find somebody for each, in order, and write it; returns those that moved."""
        fallback = self.ruleset.queue_of_last_resort
        book = open_book(rotations_of(asks), self.people, fallback=fallback, lock=True)
        placements = [one for one in plan(asks, book) if one.moved]
        return commit(placements, self.leads, self.before, book=book, ruleset=self.ruleset_row, now=self.now)

    def _claims(self, lead_id: UUID) -> OwnershipContext:
        known = self.known.get(lead_id)
        return background.Backgrounds.of(self.people, [known]).ownership(self.belongs[lead_id], known)

    def _ask(
        self,
        lead_id: UUID,
        ownership: OwnershipContext,
        *,
        by: By,
        past_owners: Collection[int] = (),
        on_duty_only: bool = False,
    ) -> Ask:
        account = self.belongs[lead_id].account
        return Ask(
            lead_id=lead_id,
            by=by,
            decision=decide(self.facts[lead_id], self.ruleset, ownership, now=self.now),
            ownership=ownership,
            has=holder_of(self.before[lead_id]),
            sticky_to=_sticky_to(self.before[lead_id], self.leads[lead_id]),
            past_owners=past_owners,
            on_duty_only=on_duty_only,
            account_id=account.pk if account is not None else None,
        )


def give_to(holder: Owner | Queue, lead: Lead, *, by: By, now: datetime) -> Assignment:
    """A person or a fixed step says who gets the lead, which the caller holds. It costs nobody a turn. An owner whom somebody
    chose stands in for nobody."""
    before = holders([lead.pk])
    sticky_to = _sticky_to(before[lead.pk], lead) if isinstance(holder, Queue) else None
    placement = Placement(lead_id=lead.pk, by=by, to=holder, sticky_to=sticky_to)
    return commit([placement], {lead.pk: lead}, before, now=now)[lead.pk]


def holders(lead_ids: Collection[UUID]) -> dict[UUID, Assignment]:
    """Who has these leads; one query."""
    rows = Assignment.objects.select_related("owner__team", "queue__team", "turn", "sticky_owner")
    return {row.lead_id: row for row in rows.filter(lead__in=lead_ids)}


def _sticky_to(row: Assignment, lead: Lead) -> StickyTo | None:
    """Whom the lead still goes back to."""
    owner, since = row.sticky_owner, row.sticky_since
    if owner is None or since is None or not row.stands_in(lead.contacted_at):
        return None
    return StickyTo(owner.pk, owner.name, since)


def rotation_of(lead_id: UUID) -> Rotation | None:
    """The active rotation that last picked for this lead."""
    turns = RotationTurn.objects.filter(lead=lead_id, kind=RotationTurn.Kind.PICK)
    turn = turns.select_related("rotation").order_by("-at", "-pk").first()
    return turn.rotation if turn is not None and turn.rotation.active else None


def fallback_queue() -> Queue:
    """The queue for whatever has no other place. Raises Queue.DoesNotExist when none is set."""
    return Queue.objects.select_related("team").get(fallback=True, active=True)
