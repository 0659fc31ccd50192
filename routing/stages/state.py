"""What routing's stages tell each other about one work: its slot of type `Routed`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from intake.batch import Batch, LeadWork
from intake.outcomes import Hold
from routing import background, facts
from routing.accounts import NOWHERE, Accounts, Belonging
from routing.engine.decision import RoutingDecision
from routing.engine.references import Ref
from routing.engine.resolve import Resolution
from routing.engine.returning import Returning
from routing.engine.ruleset import CompiledRuleSet
from routing.engine.scoring import Score
from routing.exception_kinds import NO_RULESET
from routing.models import LeadBackground, NamedAccount, Owner, Queue, RuleSet
from routing.rules import publishing

ASK_AGAIN = timedelta(seconds=30)


@dataclass
class Routed:
    """Filled stage by stage. `facts` are what rules see, by name."""

    facts: dict[str, Any] = field(default_factory=dict)
    belongs: Belonging = NOWHERE
    background: LeadBackground | None = None
    returning: Returning | None = None
    score: Score | None = None
    decision: RoutingDecision | None = None
    resolution: Resolution | None = None
    # The owner or queue that has it now.
    target: Ref | None = None
    owner: Owner | None = None
    queue: Queue | None = None
    # Who had it before this touch, since when its holder has it, and whether that is somebody else now.
    had: Owner | None = None
    assigned_at: datetime | None = None
    moved: bool = False
    # No sales clock runs: a customer, an open deal, no sales form of somebody known.
    no_clock: bool = False

    @property
    def account(self) -> NamedAccount | None:
        return self.belongs.account


def look(batch: Batch, works: Sequence[LeadWork]) -> None:
    """Facts, background and accounts of works that nobody has looked at yet; whichever of score and route is first does it."""
    new = [(work, routed(work)) for work in works if not routed(work).facts]
    for work, found in new:
        found.facts = facts.of_lead(work.lead, form=work.form)
        if (told := background.of_work(work)) is not None:
            found.background = told
            found.facts |= told.facts()
            batch.leave(background.write_backgrounds, told)
    accounts = Accounts((found.facts for _work, found in new), ruleset_of(batch)[0].account_match)
    for _work, found in new:
        found.belongs = accounts.of(found.facts)
        if found.account is not None:
            found.facts.pop("account_owner", None)
        found.facts |= facts.of_account(found.belongs)


def ruleset_or_hold(batch: Batch) -> tuple[CompiledRuleSet, RuleSet] | None:
    """The ruleset in force, the same for all stages of a batch. Without one all works are held; they ask again by themselves,
    so nobody has to press a button."""
    try:
        return ruleset_of(batch)
    except publishing.NothingPublished as error:
        for work in batch.going():
            work.outcome = Hold(NO_RULESET, str(error), release_at=batch.now + ASK_AGAIN)
        return None


def ruleset_of(batch: Batch) -> tuple[CompiledRuleSet, RuleSet]:
    """Raises publishing.NothingPublished."""
    return batch.once(publishing.compiled_with_row)


def routed(work: LeadWork) -> Routed:
    """What routing knows about this work."""
    return work.slot(Routed)
