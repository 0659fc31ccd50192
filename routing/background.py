"""The door for what records elsewhere say of leads: who looks it up leaves it with the work, or writes it here.

Whoever decides reads it as facts, and as an OwnershipContext: whose deal, whose record, whose account.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from intake.batch import LeadWork
from routing.accounts import Belonging
from routing.engine.account_match import Judged
from routing.engine.ownership import KnownOwner, KnownPerson, OwnershipContext
from routing.engine.references import Ref
from routing.models import LeadBackground, Queue
from routing.rotations.roster import Roster

_COLUMNS = [one.name for one in LeadBackground._meta.concrete_fields if one.name != "lead"]


@dataclass
class Told:
    """A work's slot. `background` has no lead yet above the line where leads are found; None where nobody looked."""

    background: LeadBackground | None = None


def of_work(work: LeadWork) -> LeadBackground | None:
    """What was told of this work's person, now belonging to its lead."""
    background = work.slot(Told).background
    if background is not None:
        background.lead_id = work.lead.pk
    return background


def of_leads(lead_ids: Collection[UUID]) -> dict[UUID, LeadBackground]:
    """What is stored of these leads; one query."""
    return LeadBackground.objects.in_bulk(list(lead_ids))


def write_backgrounds(rows: Sequence[LeadBackground], *, now: datetime) -> None:
    """The writer: the newest of each lead wins."""
    newest = {row.lead_id: row for row in rows}
    LeadBackground.objects.bulk_create(
        newest.values(), update_conflicts=True, unique_fields=["lead"], update_fields=_COLUMNS
    )


@dataclass
class Backgrounds:
    """Claims on leads by what is known of them. `customers` is the queue for customers without an owner."""

    people: Roster
    customers: Ref | None = None
    _by_email: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Roster, backgrounds: Iterable[LeadBackground | None]) -> "Backgrounds":
        """One query where a customer is among them."""
        customers = None
        if any(one is not None and one.is_customer for one in backgrounds):
            queue = Queue.objects.filter(customers=True, active=True).first()
            customers = Ref("queue", queue.pk, queue.name) if queue is not None else None
        return cls(people, customers, {owner.email.lower(): owner.pk for owner in people.owners.values()})

    def ownership(self, belongs: Belonging, told: LeadBackground | None) -> OwnershipContext:
        """Claims that do not depend on whether the lead is new. An account of ours goes before one of theirs."""
        claims = OwnershipContext(account_candidates=belongs.match.judged)
        if (account := belongs.account) is not None:
            claims = replace(
                claims,
                account_owner=self.people.account_owner(
                    belongs.owner.pk if belongs.owner is not None else None
                ),
                account_name=account.company,
                account_owner_of=belongs.owner_of,
                account_by=belongs.match.step or "",
            )
        if told is None:
            return claims
        if account is None:
            theirs = tuple(map(Judged.from_json, told.account_candidates))
            claims = replace(claims, account_candidates=(*theirs, *claims.account_candidates))
        if account is None and told.account:
            claims = replace(
                claims,
                account_owner=self.people.account_owner(self._id_of(told.account_owner)),
                account_name=told.account,
                account_owner_of=told.account_owner_of,
                account_by=told.account_by,
            )
        return replace(
            claims,
            open_deal=self._known(told.deal_owner) if told.has_open_deal else None,
            person=self._person(told) if told.is_known or told.is_customer or told.has_open_deal else None,
        )

    def _person(self, told: LeadBackground) -> KnownPerson:
        owner = self._known(told.crm_owner)
        keeps = told.keeps_owner == LeadBackground.Keeps.ALWAYS
        if told.keeps_owner == LeadBackground.Keeps.WHILE_ACTIVE:
            keeps = owner is not None and owner.active
        return KnownPerson(
            owner=owner if keeps else None,
            owner_name=(told.crm_owner_name or told.crm_owner) if keeps else "",
            customer=told.is_customer,
            deal=told.has_open_deal,
            customers=self.customers,
        )

    def _known(self, email: str) -> KnownOwner | None:
        return self.people.known_owner(self._id_of(email))

    def _id_of(self, email: str) -> int | None:
        return self._by_email.get(email.lower()) if email else None
