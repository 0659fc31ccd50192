"""What was decided for a lead, from which facts, step by step."""

from dataclasses import dataclass, field
from typing import Literal

from routing.engine.references import Facts, Id, Ref, Row

Step = Literal[
    "same_rotation",
    "manual_lock",
    "returning",
    "open_deal",
    "record_owner",
    "customer",
    "account_owner",
    "stickiness",
    "candidate",
    "rule",
    "fallback",
]


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """target.kind is owner, queue or rotation (`resolve_target` follows a rotation to a person). reason is for
    people.

    sticky_owner: the sticky owner is away and somebody else takes this touch; the lead stays theirs until that one
    has contacted. facts: those the decision used, with territory and account, for storing and replaying.
    """

    step: Step
    target: Ref
    reason: str
    rule_id: Id | None = None
    rule_name: str | None = None
    segment: str = ""
    score: int | None = None
    territories: tuple[str, ...] = ()
    no_rule_matched: bool = False
    sticky_owner: Ref | None = None
    ruleset_version: int = 0
    facts: Facts = field(default_factory=dict)
    trace: tuple[Row, ...] = ()

    def to_json(self) -> Row:
        """Without the facts, which are stored beside it."""
        return {
            "step": self.step,
            "target": self.target.to_json(),
            "reason": self.reason,
            "rule": {"id": self.rule_id, "name": self.rule_name} if self.rule_name is not None else None,
            "segment": self.segment,
            "score": self.score,
            "territories": list(self.territories),
            "no_rule_matched": self.no_rule_matched,
            "sticky_owner": self.sticky_owner.to_json() if self.sticky_owner else None,
            "ruleset_version": self.ruleset_version,
            "trace": list(self.trace),
        }
