"""What another ruleset would have decided: the pipeline's own `score` and `decide` over the stored facts of past decisions.

What is compared is the target (rotation, queue or owner), not who of a rotation had the turn. What the world said of a
lead (standing) counts as it was then. Nothing is written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from routing.engine import decide as engine
from routing.engine.ownership import OwnershipContext
from routing.engine.references import Ref
from routing.engine.ruleset import CompiledRuleSet
from routing.engine.scoring import Score, after_return
from routing.engine.seen import ownership_from_json
from routing.models import Decision
from routing.rules import publishing

DRAFT, PUBLISHED = "draft", "published"
# What routing has added to the facts; it is found out anew.
_OURS = ("territory", "account", "score", "segment")


@dataclass(frozen=True, slots=True)
class Compared:
    """One past decision: `before` as it was made, `after` as the other ruleset makes it; with why, in each case."""

    lead_id: UUID
    submission_id: UUID | None
    at: datetime
    before: Ref
    after: Ref
    why_before: str
    why_after: str
    segment_before: str
    segment_after: str

    @property
    def elsewhere(self) -> bool:
        return (self.before.kind, self.before.id) != (self.after.kind, self.after.id)


def ruleset_named(name: str) -> CompiledRuleSet:
    """ "draft", "published" or a version. Raises RuleSet.DoesNotExist, publishing.NothingPublished, ValueError for another
    word, and for drafts that do not hold together RuleSetError or TerritoryError.
    """
    if name == DRAFT:
        return publishing.compiled_draft()
    return publishing.compiled() if name == PUBLISHED else publishing.compiled_version(int(name))


def past(*, since: datetime | None = None, limit: int | None = None) -> QuerySet[Decision]:
    """Past decisions by rules, newest first. Leads that only needed somebody else of their rotation asked no rule."""
    rows = Decision.objects.exclude(outcome__step="same_rotation").order_by("-at", "-pk")
    rows = rows.defer("trace", "seen", "row_versions")
    if since is not None:
        rows = rows.filter(at__gte=since)
    return rows[:limit] if limit else rows


def compare(rows: Iterable[Decision], ruleset: CompiledRuleSet) -> Iterator[Compared]:
    """No query of its own. Raises routing.engine.ruleset.NoFallbackQueue for drafts without one."""
    for row in rows:
        ownership = ownership_from_json(row.ownership)
        facts = _facts(row.facts, ownership, ruleset)
        decision = engine.decide(facts, ruleset, ownership, now=row.at)
        yield Compared(
            lead_id=row.lead_id,
            submission_id=row.submission_id,
            at=row.at,
            before=Ref(**row.outcome["target"]),
            after=decision.target,
            why_before=row.outcome["reason"],
            why_after=decision.reason,
            segment_before=row.outcome["segment"],
            segment_after=decision.segment,
        )


def _facts(stored: dict[str, Any], ownership: OwnershipContext, ruleset: CompiledRuleSet) -> dict[str, Any]:
    facts = {name: value for name, value in stored.items() if name not in _OURS}
    # A pipeline that routes before it scores has decided without a score.
    if "score" in stored:
        score = engine.score(facts, ruleset, account=ownership.account_name)
        if ownership.returning is not None:
            score = after_return(Score(stored["score"], stored["segment"], (), ""), score)
        facts |= {"score": score.points, "segment": score.segment}
    return facts
