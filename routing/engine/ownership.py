"""What the world says of a lead before any rule is asked: who has it, whose account it is, what somebody
fixed by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.engine.account_match import Judged
from routing.engine.references import Id, Ref
from routing.engine.returning import Returning

# Forms of these purposes take no turn of a rotation when they come from somebody who is known.
TAKES_NO_TURN = ("support", "content")
# How it is said of somebody who was switched off.
INACTIVE = "is not active"


@dataclass(frozen=True, slots=True)
class KnownOwner:
    """An owner with a claim on the lead. inactive_text and away_text are for people ("is not active", "until 4 January");
    backup stands in while they are away. sdr takes the new leads of their accounts; it has none of its own here."""

    id: Id
    name: str
    active: bool = True
    inactive_text: str = INACTIVE
    away: bool = False
    away_text: str = ""
    backup: "KnownOwner | None" = None
    sdr: "KnownOwner | None" = None

    @property
    def unable_text(self) -> str:
        """Why they take nothing now, after their name; "" where they do."""
        if not self.active:
            return self.inactive_text
        return f"is away {self.away_text}".strip() if self.away else ""

    @property
    def ref(self) -> Ref:
        return Ref("owner", self.id, self.name)


@dataclass(frozen=True, slots=True)
class StickyOwner:
    """Stickiness: since is the last assignment or two-way contact. It yields to a lost territory and
    another purpose."""

    owner: KnownOwner
    since: datetime
    territory_lost: bool = False
    purpose_differs: bool = False

    def yields(self, *, days: int, now: datetime) -> str:
        """Why the lead does not stay with its owner, or nothing."""
        if not self.owner.active:
            text = self.owner.inactive_text
            return f"{self.owner.name} {f'{text} any more' if text == INACTIVE else text}"
        if self.territory_lost:
            return f"{self.owner.name} has lost the territory"
        if self.purpose_differs:
            return f"{self.owner.name} had it for another purpose"
        if now - self.since > timedelta(days=days):
            return f"{self.owner.name}, but longer ago than {days} days"
        return ""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody who is in our records already, or whose company is, beside what forms said of them.

    `owner` has their record, where that one counts; `owner_name` names them also where they are no owner here.
    `deal`: a deal of theirs is open. `customers` is where customers go who have no owner.
    """

    owner: KnownOwner | None = None
    owner_name: str = ""
    customer: bool = False
    deal: bool = False
    customers: Ref | None = None


@dataclass(frozen=True, slots=True)
class OwnershipContext:
    """manual_lock: a person fixed the owner. open_deal: the deal's owner. person: whom our records know already.
    account_owner with account_name: the account that the lead belongs to; account_owner_of: the company above it that they
    have, where it is not the account itself; account_by: how it was found; account_candidates: it and the others that there
    were. sticky: whom the lead stays with.
    candidate_owner: who has the likely duplicate. current: owner or queue now. current_waits: that is a queue where a decision
    put it and nobody has taken it. returning: what this touch means for a lead that was here before. same_rotation: nobody
    came back, somebody else is needed; this rotation gave the lead out before."""

    manual_lock: KnownOwner | None = None
    open_deal: KnownOwner | None = None
    person: KnownPerson | None = None
    account_owner: KnownOwner | None = None
    account_name: str = ""
    account_owner_of: str = ""
    account_by: str = ""
    account_candidates: tuple[Judged, ...] = ()
    sticky: StickyOwner | None = None
    candidate_owner: KnownOwner | None = None
    candidate_name: str = ""
    current: Ref | None = None
    current_active: bool = True
    current_waits: bool = False
    returning: Returning | None = None
    same_rotation: Ref | None = None

    def starts_no_clock(self, purpose: str) -> bool:
        """A customer, an open deal, and what is no sales form of somebody known: the owner is told, and no sales clock runs."""
        person = self.person
        return person is not None and (person.customer or person.deal or purpose in TAKES_NO_TURN)


NOTHING_KNOWN = OwnershipContext()
