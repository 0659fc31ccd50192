"""The published, immutable ruleset: rules, territories, scoring, stickiness, SLA policies. `from_json`
compiles it once; `to_json` gives back the same dict. Things are referred to by id, with the name they had
when it was published beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

from routing.engine.account_family import OWNER_FROM, USUAL_RULES, AccountRules, OwnerFrom
from routing.engine.account_match import ALL_STEPS, Step
from routing.engine.conditions import Condition
from routing.engine.durations import CLOCKS, Clock
from routing.engine.references import Id, Ref, Row
from routing.engine.rule_index import RuleIndex
from routing.engine.scoring import CompiledScoringRule, Disqualifier, Scoring
from routing.engine.territories import CompiledTerritory, TerritoryMap

FORMAT = 1
TARGET_KINDS = ("owner", "queue", "rotation", "account_owner")

WhenAway = Literal["rotate", "keep"]


class RuleSetError(ValueError):
    """The snapshot cannot be read; the message says which part and why."""


class NoFallbackQueue(ValueError):
    """The ruleset names no fallback queue. The publish gate refuses such a ruleset."""


@dataclass(frozen=True, slots=True)
class Rule:
    """target.kind is owner, queue, rotation or account_owner (which has the id "" and no name)."""

    id: Id
    name: str
    target: Ref
    when: Condition = field(default_factory=dict)
    position: int = 0
    active: bool = True

    def to_json(self) -> Row:
        return {
            "id": self.id,
            "name": self.name,
            "target": self.target.to_json(),
            "when": dict(self.when),
            "position": self.position,
            "active": self.active,
        }


@dataclass(frozen=True, slots=True)
class Stickiness:
    enabled: bool = True
    days: int = 90
    when_owner_away: WhenAway = "rotate"

    def to_json(self) -> Row:
        return {"enabled": self.enabled, "days": self.days, "when_owner_away": self.when_owner_away}


@dataclass(frozen=True, slots=True)
class CompiledSlaStep:
    """at is a share of the first response time (50%) or a duration after the start; params is whatever
    else the step says."""

    at: str
    do: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Row:
        return {"at": self.at, "do": self.do, **self.params}


@dataclass(frozen=True, slots=True)
class CompiledSlaPolicy:
    id: Id
    name: str
    first_response: str
    clock: Clock = "team"
    when: Condition = field(default_factory=dict)
    steps: tuple[CompiledSlaStep, ...] = ()

    def to_json(self) -> Row:
        return {
            "id": self.id,
            "name": self.name,
            "when": dict(self.when),
            "clock": self.clock,
            "first_response": self.first_response,
            "steps": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True)
class CompiledRuleSet:
    """Rules stand in their order of position; inactive ones are kept and never match."""

    rules: tuple[Rule, ...] = ()
    territories: tuple[CompiledTerritory, ...] = ()
    scoring: Scoring = field(default_factory=lambda: Scoring(thresholds={"hot": 70, "warm": 40}))
    stickiness: Stickiness = field(default_factory=Stickiness)
    sla_policies: tuple[CompiledSlaPolicy, ...] = ()
    fallback_queue: Ref | None = None
    account_match: AccountRules = USUAL_RULES
    version: int = 0

    @cached_property
    def territory_map(self) -> TerritoryMap:
        return TerritoryMap(self.territories)

    @cached_property
    def account_rules(self) -> "RuleList":
        """Those that send to the account's owner: decided before stickiness."""
        return RuleList([rule for rule in self.rules if rule.active and rule.target.kind == "account_owner"])

    @cached_property
    def other_rules(self) -> "RuleList":
        return RuleList([rule for rule in self.rules if rule.active and rule.target.kind != "account_owner"])

    @cached_property
    def sla_index(self) -> RuleIndex:
        return RuleIndex([policy.when for policy in self.sla_policies])

    @property
    def queue_of_last_resort(self) -> Ref:
        """The fallback queue. Raises NoFallbackQueue: only a draft can lack it, the publish gate sees to that."""
        if self.fallback_queue is None:
            raise NoFallbackQueue("No queue is the fallback: name one in the ruleset.")
        return self.fallback_queue

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises RuleSetError or TerritoryError. Everything is compiled at once, so that no lead pays for it."""
        if data.get("format", FORMAT) != FORMAT:
            raise RuleSetError(
                f"This ruleset is written in format {data['format']}; this version reads {FORMAT}."
            )
        try:
            ruleset = cls(
                rules=tuple(sorted(map(_rule, data.get("rules", ())), key=lambda rule: rule.position)),
                territories=tuple(
                    CompiledTerritory(t["id"], t["name"], t.get("parent_id"), t.get("when") or {})
                    for t in data.get("territories", ())
                ),
                scoring=_scoring(data.get("scoring") or {}),
                stickiness=Stickiness(**(data.get("stickiness") or {})),
                sla_policies=tuple(map(_policy, data.get("sla_policies", ()))),
                fallback_queue=_queue(data.get("fallback_queue")),
                account_match=AccountRules(
                    _account_steps(data.get("account_steps", ALL_STEPS)),
                    _owner_from(data.get("account_owner_from", "self")),
                ),
                version=int(data.get("version") or 0),
            )
        except (KeyError, TypeError) as error:
            raise RuleSetError(f"The ruleset cannot be read: {error!r}.") from error
        for compiled in ("territory_map", "account_rules", "other_rules", "sla_index"):
            getattr(ruleset, compiled)
        return ruleset

    def to_json(self) -> Row:
        queue = self.fallback_queue
        return {
            "format": FORMAT,
            "version": self.version,
            "rules": [rule.to_json() for rule in self.rules],
            "territories": [territory.to_json() for territory in self.territories],
            "scoring": self.scoring.to_json(),
            "stickiness": self.stickiness.to_json(),
            "sla_policies": [policy.to_json() for policy in self.sla_policies],
            "fallback_queue": {"id": queue.id, "name": queue.name} if queue else None,
            **account_match_json(self.account_match.steps, self.account_match.owner_from),
        }


class RuleList:
    """Rules in order, with their index."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.index = RuleIndex([rule.when for rule in self.rules])


def _rule(data: Mapping[str, Any]) -> Rule:
    target = data["target"]
    if target["kind"] not in TARGET_KINDS:
        raise RuleSetError(
            f"The rule {data['name']} has the target {target['kind']!r}: use {', '.join(TARGET_KINDS)}."
        )
    return Rule(
        id=data["id"],
        name=data["name"],
        target=Ref(target["kind"], target.get("id", ""), target.get("name", "")),
        when=data.get("when") or {},
        position=data.get("position", 0),
        active=data.get("active", True),
    )


def _scoring(data: Mapping[str, Any]) -> Scoring:
    return Scoring(
        thresholds=data.get("thresholds") or {"hot": 70, "warm": 40},
        rules=tuple(
            CompiledScoringRule(r["label"], r.get("category", ""), r["points"], r.get("when") or {})
            for r in data.get("rules", ())
        ),
        disqualify=tuple(Disqualifier(d["reason"], d.get("when") or {}) for d in data.get("disqualify", ())),
        caps=data.get("caps") or {},
    )


def _policy(data: Mapping[str, Any]) -> CompiledSlaPolicy:
    clock = data.get("clock", "team")
    if clock not in CLOCKS:
        raise RuleSetError(f"The SLA policy {data['name']} has the clock {clock!r}: use {', '.join(CLOCKS)}.")
    steps = (
        CompiledSlaStep(
            step["at"], step["do"], {name: value for name, value in step.items() if name not in ("at", "do")}
        )
        for step in data.get("steps", ())
    )
    return CompiledSlaPolicy(
        data["id"], data["name"], data["first_response"], clock, data.get("when") or {}, tuple(steps)
    )


def _account_steps(data: Sequence[str]) -> tuple[Step, ...]:
    if unknown := [name for name in data if name not in ALL_STEPS]:
        raise RuleSetError(
            f"No account is found by {', '.join(map(repr, unknown))}: use {', '.join(ALL_STEPS)}."
        )
    return tuple(step for name in data for step in ALL_STEPS if step == name)


def account_match_json(steps: Sequence[str], owner_from: str) -> Row:
    """As it stands in a snapshot: what is as usual is not said, so that nothing is to publish where nobody has changed it."""
    said: Row = {} if tuple(steps) == ALL_STEPS else {"account_steps": list(steps)}
    return said if owner_from == "self" else {**said, "account_owner_from": owner_from}


def _owner_from(data: str) -> OwnerFrom:
    for known in OWNER_FROM:
        if known == data:
            return known
    raise RuleSetError(f"The owner of an account is not taken from {data!r}: use {', '.join(OWNER_FROM)}.")


def _queue(data: Mapping[str, Any] | None) -> Ref | None:
    return Ref("queue", data["id"], data["name"]) if data else None
