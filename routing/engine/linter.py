"""What is wrong with a ruleset before it is published: errors refuse, warnings do not. Each says how to
fix it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from routing.engine import conditions
from routing.engine.conditions import Condition, leaves, operator_of
from routing.engine.durations import Clock, DurationError, parse
from routing.engine.operators import SAME, key
from routing.engine.ownership import INACTIVE
from routing.engine.references import Id, Ref, Row
from routing.engine.resolve import EmptyPolicy
from routing.engine.rule_index import lines_of
from routing.engine.ruleset import CompiledRuleSet, CompiledSlaPolicy, RuleSetError
from routing.engine.scoring import SEGMENTS
from routing.engine.shadowing import Widen, shadowed
from routing.engine.step_kinds import NOT_ACTIVE_YET, STEP_KINDS
from routing.engine.territories import CompiledTerritory, TerritoryError, names

Level = Literal["error", "warning"]
DERIVED_FIELDS = frozenset({"territory", "segment", "score", "account"})
"""Fields that routing itself adds to a lead's facts."""
_NOT_YET = {
    "territory": frozenset({"territory", "segment", "score"}),
    "scoring": frozenset({"segment", "score"}),
}
_LONG_HOURS = 12
_LOCAL = ("state", "postal_code")


@dataclass(frozen=True, slots=True)
class LintFinding:
    """where is the thing meant (kind rule, territory, scoring, sla_policy, rotation or ruleset); not_active_yet: it is about a
    setting that is kept for later."""

    level: Level
    where: Ref
    message: str
    hint: str
    not_active_yet: bool = False

    def to_json(self) -> Row:
        return {
            "level": self.level,
            "where": self.where.to_json(),
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class LiveRotation:
    """members are the ids of its owners; overloads says in a sentence each which groups of them alone could take more
    leads than were due to them."""

    id: Id
    name: str
    members: Collection[Id]
    when_empty: EmptyPolicy = field(default_factory=EmptyPolicy)
    overloads: Sequence[str] = ()

    @property
    def ref(self) -> Ref:
        return Ref("rotation", self.id, self.name)


@dataclass(frozen=True, slots=True)
class LiveOwner:
    id: Id
    name: str
    active: bool = True
    inactive_text: str = INACTIVE


@dataclass(frozen=True, slots=True)
class Live:
    """What is live beside the ruleset. known_fields are the canonical fields; those of DERIVED_FIELDS are
    known anyway."""

    rotations: Sequence[LiveRotation] = ()
    queues: Mapping[Id, str] = field(default_factory=dict)
    owners: Sequence[LiveOwner] = ()
    known_fields: Collection[str] = ()


def check(snapshot: Mapping[str, Any], live: Live) -> list[LintFinding]:
    """Findings, errors first. The snapshot is the dict that would be published."""
    whole = Ref("ruleset", "", "")
    try:
        broken = list(_conditions(snapshot, frozenset(live.known_fields) | DERIVED_FIELDS))
        if broken:
            return broken
        ruleset = CompiledRuleSet.from_json(snapshot)
    except (RuleSetError, TerritoryError) as error:
        return [LintFinding("error", whole, str(error), "Fix this first: nothing else can be checked.")]
    found = [
        *_names(ruleset),
        *_values(ruleset),
        *_targets(ruleset, live),
        *_unreachable(ruleset),
        *_countries(ruleset),
        *_thresholds(ruleset),
        *_sla(ruleset, live),
        *_rotations(live),
    ]
    return sorted(found, key=lambda finding: finding.level)


def _parts(snapshot: Mapping[str, Any]) -> Iterator[tuple[Ref, Any]]:
    """Every condition of the snapshot with the thing it belongs to."""
    for kind, section in (("rule", "rules"), ("territory", "territories"), ("sla_policy", "sla_policies")):
        for item in snapshot.get(section) or ():
            yield Ref(kind, item.get("id", ""), str(item.get("name", ""))), item.get("when")
    scoring = snapshot.get("scoring") or {}
    for item in scoring.get("rules") or ():
        yield Ref("scoring", "", str(item.get("label", ""))), item.get("when")
    for item in scoring.get("disqualify") or ():
        yield Ref("scoring", "", str(item.get("reason", ""))), item.get("when")


def _conditions(snapshot: Mapping[str, Any], known: Collection[str]) -> Iterator[LintFinding]:
    for where, when in _parts(snapshot):
        for problem in conditions.check(when, known):
            yield LintFinding("error", where, str(problem), "Change the comparison, or remove it.")


def _names(ruleset: CompiledRuleSet) -> Iterator[LintFinding]:
    for what, listed in (
        ("rule", ruleset.rules),
        ("territory", ruleset.territories),
        ("sla_policy", ruleset.sla_policies),
    ):
        counted = Counter(key(item.name) for item in listed)
        seen: set[object] = set()
        for item in listed:
            name = key(item.name)
            if counted[name] > 1 and name in seen:
                message = f"Another {what.replace('_', ' ')} has the name {item.name} too."
                yield LintFinding(
                    "error", Ref(what, item.id, item.name), message, "Give each a name of its own."
                )
            seen.add(name)


def _values(ruleset: CompiledRuleSet) -> Iterator[LintFinding]:
    """Territories and segments that conditions ask for and that do not exist."""
    known: dict[str, tuple[Collection[Any], str]] = {
        "territory": ({key(territory.name) for territory in ruleset.territories}, "territory"),
        "segment": (set(SEGMENTS), "segment"),
    }
    for where, when in _parts(ruleset.to_json()):
        for leaf in leaves(when):
            operator = operator_of(leaf)
            if leaf["field"] not in known or operator not in ("eq", "ne", "in", "not_in"):
                continue
            allowed, what = known[leaf["field"]]
            wanted = leaf[operator] if isinstance(leaf[operator], (list, tuple)) else [leaf[operator]]
            for value in wanted:
                if key(value) not in allowed:
                    yield LintFinding(
                        "error", where, f"There is no {what} {value!r}.", "Choose one that exists."
                    )
        early = {leaf["field"] for leaf in leaves(when)} & _NOT_YET.get(where.kind, frozenset())
        if early:
            message = f"It asks for {' and '.join(sorted(early))}, which is only known afterwards."
            yield LintFinding("error", where, message, "Ask for canonical fields such as country.")


def _targets(ruleset: CompiledRuleSet, live: Live) -> Iterator[LintFinding]:
    owners = {owner.id: owner for owner in live.owners}
    rotations = {rotation.id for rotation in live.rotations}
    for rule in ruleset.rules:
        if not rule.active:
            continue
        where, target = Ref("rule", rule.id, rule.name), rule.target
        missing = (
            (target.kind == "queue" and target.id not in live.queues)
            or (target.kind == "rotation" and target.id not in rotations)
            or (target.kind == "owner" and target.id not in owners)
        )
        if missing:
            message = f"It sends to the {target.kind} {target.name}, which does not exist."
            yield LintFinding("error", where, message, "Choose another target.")
        elif target.kind == "owner" and not owners[target.id].active:
            why = owners[target.id].inactive_text
            message = f"It sends to {target.name}, who {why}: its leads go to the fallback queue."
            yield LintFinding("warning", where, message, "Choose another owner, or a rotation.")
    fallback, whole = ruleset.fallback_queue, Ref("ruleset", "", "")
    if fallback is None:
        message = "No queue is the fallback for leads that no rule matches."
        yield LintFinding("error", whole, message, "Mark one queue as the fallback.")
    elif fallback.id not in live.queues:
        message = f"The fallback queue {fallback.name} does not exist."
        yield LintFinding("error", whole, message, "Mark another queue as the fallback.")


def _unreachable(ruleset: CompiledRuleSet) -> Iterator[LintFinding]:
    """Rules for the account's owner are decided before the others, so they are compared among themselves."""
    widen = _widen(ruleset)
    for listed in (ruleset.account_rules, ruleset.other_rules):
        for later, earlier in shadowed([rule.when for rule in listed.rules], widen).items():
            rule, first = listed.rules[later], listed.rules[earlier]
            message = f"It is never reached: whatever it matches, {first.name} above it takes first."
            hint = f"Move it above {first.name}, or remove it."
            yield LintFinding("warning", Ref("rule", rule.id, rule.name), message, hint)
    policies = ruleset.sla_policies
    for later, earlier in shadowed([policy.when for policy in policies], widen).items():
        message = f"It is never used: {policies[earlier].name} above it takes all its leads."
        where = Ref("sla_policy", policies[later].id, policies[later].name)
        yield LintFinding("warning", where, message, f"Move it above {policies[earlier].name}, or remove it.")


def _widen(ruleset: CompiledRuleSet) -> Widen:
    paths = {
        key(territory.name): ruleset.territory_map.path(territory.id) for territory in ruleset.territories
    }

    def widen(name: str, value: Any) -> Any:
        return names(paths[key(value)]) if name == "territory" and key(value) in paths else value

    return widen


def _countries(ruleset: CompiledRuleSet) -> Iterator[LintFinding]:
    for territory in ruleset.territories:
        path = ruleset.territory_map.path(territory.id)
        if lonely := _without_country(territory.when, path[1:]):
            message = f"It asks for {lonely} without a country: CA is also Cagliari, 90402 is also Nürnberg."
            hint = "Add a country beside it, or put the territory below one that has a country."
            yield LintFinding("error", Ref("territory", territory.id, territory.name), message, hint)
    for rule in ruleset.rules:
        if lonely := _without_country(rule.when, (), also=("territory",)):
            message = f"It asks for {lonely} without a country or territory: CA is also Cagliari."
            yield LintFinding("warning", Ref("rule", rule.id, rule.name), message, "Add a country beside it.")


def _without_country(when: Condition, above: Sequence[CompiledTerritory], also: tuple[str, ...] = ()) -> str:
    """The field that stands without a country, or nothing."""
    if any(_pinned(parent.when) for parent in above):
        return ""
    for line in lines_of(when) or [tuple(leaves(when))]:
        local = [leaf["field"] for leaf in line if leaf.get("field") in _LOCAL]
        if local and not _asks(line, ("country", *also)):
            return str(local[0]).replace("_", " ")
    return ""


def _pinned(when: Condition) -> bool:
    """Whatever matches lies in a country that the condition names."""
    lines = lines_of(when)
    return lines is not None and all(_asks(line, ("country",)) for line in lines)


def _asks(line: Sequence[Condition], fields: Sequence[str]) -> bool:
    return any(leaf.get("field") in fields and operator_of(leaf) in SAME for leaf in line)


def _thresholds(ruleset: CompiledRuleSet) -> Iterator[LintFinding]:
    if ruleset.scoring.hot <= ruleset.scoring.warm:
        message = (
            f"Hot starts at {ruleset.scoring.hot} and warm at {ruleset.scoring.warm}: nothing is ever warm."
        )
        yield LintFinding("error", Ref("scoring", "", "thresholds"), message, "Let hot start above warm.")


def _sla(ruleset: CompiledRuleSet, live: Live) -> Iterator[LintFinding]:
    queues = {*live.queues, *live.queues.values()}
    for policy in ruleset.sla_policies:
        where = Ref("sla_policy", policy.id, policy.name)
        yield from _durations(policy, where)
        for step in policy.steps:
            if step.do in NOT_ACTIVE_YET:
                hint = f"Until then use one of {', '.join(STEP_KINDS)}."
                message = f"{step.do} does nothing: {NOT_ACTIVE_YET[step.do]}"
                yield LintFinding("warning", where, message, hint, not_active_yet=True)
            elif step.do not in STEP_KINDS:
                message = f"A step cannot {step.do!r}."
                yield LintFinding("error", where, message, f"Use one of {', '.join(STEP_KINDS)}.")
            queue = step.params.get("queue")
            named = queue.get("id") if isinstance(queue, Mapping) else queue
            if step.do == "queue" and named not in queues:
                message = f"The step at {step.at} returns to a queue that does not exist: {queue!r}."
                yield LintFinding("error", where, message, "Choose a queue.")


def _durations(policy: CompiledSlaPolicy, where: Ref) -> Iterator[LintFinding]:
    clock: Clock = policy.clock
    for text, first in ((policy.first_response, True), *((step.at, False) for step in policy.steps)):
        try:
            duration = parse(text, clock=clock)
        except DurationError as error:
            yield LintFinding("error", where, str(error), "Write a duration.")
            continue
        if first and (duration.kind == "percent" or duration.amount == 0):
            message = f"{text} is not a first response time."
            yield LintFinding("error", where, message, "Write it like 30m, 4bh or 1bd.")
        hours = duration.seconds / 3600
        if duration.plain and duration.kind == "opening" and hours >= _LONG_HOURS:
            days = "three working days" if hours == 24 else f"about {max(round(hours / 8), 2)} working days"
            message = f"{text} on a {clock} clock counts opening hours only: it means {days}."
            hint = f"Write {max(round(hours / 24), 1)}bd for business days, or let a wall clock count it."
            yield LintFinding("warning", where, message, hint)


def _rotations(live: Live) -> Iterator[LintFinding]:
    by_id = {rotation.id: rotation for rotation in live.rotations}
    active = {owner.id for owner in live.owners if owner.active}
    notified: set[Id] = set()
    for rotation in live.rotations:
        if not active & set(rotation.members):
            message = "Nobody in it is active: every lead goes where its when_empty says."
            yield LintFinding("warning", rotation.ref, message, "Add members.")
        for message in rotation.overloads:
            hint = "Give more members the skill, or let leads that only some can take come on top."
            yield LintFinding("warning", rotation.ref, message, hint)
        to = rotation.when_empty.to
        if (rotation.when_empty.kind == "rotation" and (to is None or to.id not in by_id)) or (
            rotation.when_empty.kind == "queue" and (to is None or to.id not in live.queues)
        ):
            name = to.name if to else "nothing"
            message = f"When it is empty it goes to {name}, which does not exist."
            yield LintFinding("error", rotation.ref, message, "Choose where its leads go.")
        circle = _circle(rotation, by_id)
        if circle and rotation.id not in notified:
            notified.update(one.id for one in circle)
            chain = " -> ".join(one.name for one in (*circle, rotation))
            message = f"When they are empty they go round in a circle: {chain}."
            yield LintFinding("error", rotation.ref, message, "Let one of them go to a queue.")


def _circle(start: LiveRotation, by_id: Mapping[Id, LiveRotation]) -> list[LiveRotation]:
    """The rotations from start back to start, or none."""
    chain = [start]
    while True:
        to = chain[-1].when_empty.to
        if chain[-1].when_empty.kind != "rotation" or to is None or to.id not in by_id:
            return []
        if to.id == start.id:
            return chain
        if any(one.id == to.id for one in chain):
            return []
        chain.append(by_id[to.id])
