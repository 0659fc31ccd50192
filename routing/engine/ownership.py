"""What the world says of a lead before any rule is asked: who has it, whose account it is, what somebody
fixed by hand."""

from dataclasses import dataclass
from datetime import datetime

from routing.engine.references import Id, Ref
from routing.engine.returning import Returning


@dataclass(frozen=True, slots=True)
class KnownOwner:
    """An owner with a claim on the lead. away_text is for people ("until 4 January"); backup stands in
    while they are away."""

    id: Id
    name: str
    active: bool = True
    away: bool = False
    away_text: str = ""
    backup: "KnownOwner | None" = None

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


@dataclass(frozen=True, slots=True)
class OwnershipContext:
    """manual_lock: a person fixed the owner. open_deal: the deal's owner. account_owner with account_name:
    the named account the lead belongs to. sticky: whom the lead stays with. candidate_owner: who has the likely
    duplicate. current: owner or queue now. returning: what this touch means for a lead that was here
    before. same_rotation: nobody came back, somebody else is needed; this rotation gave the lead out before."""

    manual_lock: KnownOwner | None = None
    open_deal: KnownOwner | None = None
    account_owner: KnownOwner | None = None
    account_name: str = ""
    sticky: StickyOwner | None = None
    candidate_owner: KnownOwner | None = None
    candidate_name: str = ""
    current: Ref | None = None
    current_active: bool = True
    returning: Returning | None = None
    same_rotation: Ref | None = None


NOTHING_KNOWN = OwnershipContext()
