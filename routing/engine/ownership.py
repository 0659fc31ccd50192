"""What the world says of a lead before any rule is asked: who has it, whose account it is, what somebody
fixed by hand."""

from dataclasses import dataclass
from datetime import datetime

from routing.engine.references import Id, Ref
from routing.engine.returning import Returning


@dataclass(frozen=True, slots=True)
class StandingOwner:
    """An owner with a claim on the lead. away_text is for people ("until 4 January"); cover stands in
    while they are away."""

    id: Id
    name: str
    active: bool = True
    away: bool = False
    away_text: str = ""
    cover: "StandingOwner | None" = None

    @property
    def ref(self) -> Ref:
        return Ref("owner", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Bond:
    """Stickiness: since is the last assignment or two-way contact. The bond yields to a lost territory and
    another purpose."""

    owner: StandingOwner
    since: datetime
    territory_lost: bool = False
    purpose_differs: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """manual_lock: a person fixed the owner. open_deal: the deal's owner. account_owner with account_name:
    the named account the lead belongs to. sticky: the lead's own bond. candidate_owner: who has the likely
    duplicate. current: owner or queue now. returning: what this touch means for a lead that was here
    before."""

    manual_lock: StandingOwner | None = None
    open_deal: StandingOwner | None = None
    account_owner: StandingOwner | None = None
    account_name: str = ""
    sticky: Bond | None = None
    candidate_owner: StandingOwner | None = None
    candidate_name: str = ""
    current: Ref | None = None
    current_active: bool = True
    returning: Returning | None = None


NOTHING_KNOWN = Standing()
