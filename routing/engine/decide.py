"""Deciding who should answer a lead: pure, so that the live stage, the simulator and the backtest run the very same lines.

The order is the list in `order`. A lead that needs somebody else of its rotation is not decided again. A rule
that names a queue is a decision, not an exception.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from routing.engine.account_match import BY
from routing.engine.conditions import explain, plain
from routing.engine.decision import RoutingDecision, Step
from routing.engine.order import ORDER
from routing.engine.ownership import (
    NOTHING_KNOWN,
    TAKES_NO_TURN,
    KnownOwner,
    OwnershipContext,
)
from routing.engine.references import Facts, Ref, Row
from routing.engine.ruleset import CompiledRuleSet, Rule, RuleList
from routing.engine.scoring import Score
from routing.engine.territories import CompiledTerritory, names
from routing.engine.wording import sentence, why_not

MOST_WHY_NOTS = 25
"""How many rules above the match say in the trace why they did not match."""


def decide(
    facts: Facts, ruleset: CompiledRuleSet, ownership: OwnershipContext = NOTHING_KNOWN, *, now: datetime
) -> RoutingDecision:
    """facts hold the canonical fields and, once scored, `segment` and `score`; territory and account are
    added here. `now` must be aware: stickiness counts its days up to it. Raises NoFallbackQueue."""
    full, path = with_territory(facts, ruleset, account=ownership.account_name)
    return _Deciding(full, path, ruleset, ownership, now).run()


def score(facts: Facts, ruleset: CompiledRuleSet, *, account: str = "") -> Score:
    """The score by the ruleset; its conditions may ask for territory and account."""
    full, _ = with_territory(facts, ruleset, account=account)
    return ruleset.scoring.score(full)


def with_territory(
    facts: Facts, ruleset: CompiledRuleSet, *, account: str = ""
) -> tuple[dict[str, Any], tuple[CompiledTerritory, ...]]:
    """The facts with `territory` (names, deepest first) and `account` (the named account's name), and the path itself."""
    full: dict[str, Any] = {**facts}
    if account:
        full["account"] = account
    path = ruleset.territory_map.belongs(full)
    full["territory"] = names(path)
    return full, path


class _Deciding:
    """One run: the trace grows row by row until a step says who."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        path: Sequence[CompiledTerritory],
        ruleset: CompiledRuleSet,
        ownership: OwnershipContext,
        now: datetime,
    ) -> None:
        self.facts, self.ruleset, self.ownership, self.now = facts, ruleset, ownership, now
        self.path = path
        self.sticky: Ref | None = None
        self.trace: list[Row] = []

    def run(self) -> RoutingDecision:
        where = " > ".join(reversed(names(self.path)))
        self._note("territory", "Which territory is it?", bool(where), where or "None of the territories")
        if decision := self._same_rotation():
            return decision
        steps = {
            "manual_lock": self._manual_lock,
            "returning": self._returning,
            "open_deal": self._open_deal,
            "record_owner": self._record_owner,
            "customer": self._customer,
            "account_owner": self._account_rules,
            "stickiness": self._stickiness,
            "candidate": self._candidate,
            "rule": self._other_rules,
        }
        for step in ORDER:
            if step.key in steps and (decision := steps[step.key]()):
                return decision
        return self._fallback()

    def _account_rules(self) -> RoutingDecision | None:
        listed = self.ruleset.account_rules
        if not listed.rules:
            self._no("account_owner", "Does a rule send it to the account's owner?", "There is no such rule")
        return self._rules(listed)

    def _other_rules(self) -> RoutingDecision | None:
        return self._rules(self.ruleset.other_rules)

    def _same_rotation(self) -> RoutingDecision | None:
        """A lead that needs somebody else is not decided again: its rotation is asked for another member."""
        rotation = self.ownership.same_rotation
        if rotation is None:
            return None
        self._note("same_rotation", "Which rotation gave it out before?", True, rotation.name)
        return self._decided("same_rotation", rotation, f"Through {rotation.name} again")

    def _manual_lock(self) -> RoutingDecision | None:
        owner = self.ownership.manual_lock
        if not self._known_owner("manual_lock", "Did a person fix the owner?", owner, "No"):
            return None
        return self._to_owner("manual_lock", owner, "Fixed by a person")

    def _returning(self) -> RoutingDecision | None:
        back = self.ownership.returning
        asked = "Does a lead that came back stay with who has it?"
        if back is None:
            self._no("returning", asked, "It is new")
            return None
        current = self.ownership.current
        if back.routes_again or current is None:
            self._no("returning", asked, back.reason)
            return None
        if not self.ownership.current_active:
            self._no("returning", asked, f"{current.name} is not active any more")
            return None
        if back.action == "keep" and self.ownership.current_waits:
            self._no("returning", asked, f"Nobody has it yet: it waits in {current.name}")
            return None
        if back.action == "keep" and back.notify and (sticky := self._back_again(current)):
            self._no("returning", asked, f"{current.name} stood in for {sticky.name}, who is back")
            return self._decided("stickiness", sticky, f"Back to {sticky.name}")
        self._note("returning", asked, True, back.reason)
        return self._decided("returning", current, "Returning lead")

    def _back_again(self, current: Ref) -> Ref | None:
        """The sticky owner for whom somebody stands in who has not answered, if they are here again."""
        rule, sticky = self.ruleset.stickiness, self.ownership.sticky
        if not rule.enabled or sticky is None or sticky.owner.away or sticky.owner.ref == current:
            return None
        return None if sticky.yields(days=rule.days, now=self.now) else sticky.owner.ref

    def _open_deal(self) -> RoutingDecision | None:
        owner = self.ownership.open_deal
        if owner is None and self.ownership.person is None:
            return None  # Nobody knows them, so the trace does not say that there is none.
        if not self._known_owner("open_deal", "Has somebody an open deal with them?", owner, "Nobody here"):
            return None
        return self._to_owner("open_deal", owner, "Owner of the open deal")

    def _record_owner(self) -> RoutingDecision | None:
        """Somebody has this person already. One who is no owner here keeps them all the same: a person here looks at it."""
        person, asked = self.ownership.person, "Does somebody have this person already?"
        if person is None or not person.owner_name:
            return None
        owner = person.owner
        if owner is None or not owner.active:
            here = "is no owner here" if owner is None else owner.inactive_text
            self._note("record_owner", asked, True, f"{person.owner_name}, who {here}")
            queue = (
                person.customers
                if person.customer and person.customers
                else self.ruleset.queue_of_last_resort
            )
            return self._decided("record_owner", queue, f"Belongs to {person.owner_name}, who {here}")
        self._note("record_owner", asked, True, owner.name)
        return self._decided("record_owner", owner.ref, f"{owner.name} has this person already")

    def _customer(self) -> RoutingDecision | None:
        person, asked = self.ownership.person, "Is it a customer?"
        if person is None or not person.customer:
            return None
        owner = self.ownership.account_owner
        if owner is not None and owner.active:
            self._note("customer", asked, True, f"-> {owner.name}, owner of {self._account()}")
            return self._decided("customer", owner.ref, f"A customer of {owner.name}")
        if person.customers is None:
            self._no("customer", asked, "Yes, but it has no owner, and no queue is for customers")
            return None
        self._note("customer", asked, True, f"-> {person.customers.name}")
        return self._decided("customer", person.customers, "A customer")

    def _stickiness(self) -> RoutingDecision | None:
        rule, sticky = self.ruleset.stickiness, self.ownership.sticky
        asked = "Has somebody had this lead lately?"
        if not rule.enabled:
            self._no("stickiness", asked, "Stickiness is off")
            return None
        if sticky is None:
            self._no("stickiness", asked, "Nobody")
            return None
        if yields := sticky.yields(days=rule.days, now=self.now):
            self._no("stickiness", asked, yields)
            return None
        owner = sticky.owner
        if owner.away and rule.when_owner_away == "rotate":
            return self._away("stickiness", asked, owner)
        self._note("stickiness", asked, True, f"{owner.name}, since {sticky.since.date().isoformat()}")
        return self._decided("stickiness", owner.ref, f"Stays with {owner.name}")

    def _away(self, step: Step, asked: str, owner: KnownOwner) -> RoutingDecision | None:
        """The backup takes this touch; without one the rules find somebody. The lead stays sticky."""
        self.sticky = owner.ref
        said = f"{owner.name} {owner.unable_text}"
        backup = owner.backup
        if backup is None or backup.unable_text:
            self._no(step, asked, f"{said}: somebody else takes this touch")
            return None
        self._note(step, asked, True, f"{said}: {backup.name} covers")
        return self._decided(step, backup.ref, f"{backup.name} covers for {owner.name}")

    def _candidate(self) -> RoutingDecision | None:
        """A new lead that may be the same person as one who is here goes to that one's owner, until somebody has looked."""
        owner, asked = self.ownership.candidate_owner, "Is it probably somebody's known person?"
        if owner is None:
            self._no("candidate", asked, "Nobody's")
            return None
        if owner.unable_text:
            self._no("candidate", asked, f"{owner.name} {owner.unable_text}")
            return None
        self._note(
            "candidate", asked, True, f"{self.ownership.candidate_name or 'A known lead'}, with {owner.name}"
        )
        return self._decided("candidate", owner.ref, "Probably the same person as a lead of theirs")

    def _rules(self, listed: RuleList) -> RoutingDecision | None:
        found = listed.index.first(self.facts)
        passed = listed.rules if found is None else listed.rules[:found]
        self._passed(passed)
        if found is None:
            return None
        rule = listed.rules[found]
        if rule.target.kind == "account_owner":
            return self._account_owner(listed, found)
        if rule.target.kind == "rotation" and (purpose := self._takes_no_turn()):
            queue = self.ruleset.queue_of_last_resort
            self._matched(rule, f"-> {queue.name}: a {purpose} form of somebody known takes no turn")
            return self._decided("rule", queue, rule.name, rule)
        self._matched(rule, f"-> {rule.target.name}")
        return self._decided("rule", rule.target, rule.name, rule)

    def _takes_no_turn(self) -> str:
        """The purpose of a form for which nobody uses a turn, "" where somebody does."""
        purpose = str(self.facts.get("purpose") or "")
        return purpose if self.ownership.person is not None and purpose in TAKES_NO_TURN else ""

    def _account(self) -> str:
        by = BY.get(self.ownership.account_by, "")
        name = self.ownership.account_name or "the account"
        above = f"{self.ownership.account_owner_of}, above " if self.ownership.account_owner_of else ""
        return f"{above}{name}" + (f", found {by}" if by else "")

    def _account_owner(self, listed: RuleList, found: int) -> RoutingDecision | None:
        """All of these rules send to the same owner: when that one cannot take it, no later one of them
        can either."""
        rule, owner = listed.rules[found], self.ownership.account_owner
        if owner is None or not owner.active:
            said = "the account has no owner" if owner is None else f"{owner.name} {owner.inactive_text}"
            self._note("account_owner", self._asked(rule), False, f"It matches, but {said}")
            return None
        whose = f"{owner.name}, owner of {self._account()}"
        sdr = owner.sdr
        if sdr is not None and not sdr.unable_text:
            self._matched(rule, f"-> {sdr.name}, SDR of {whose}")
            return self._decided("account_owner", sdr.ref, rule.name, rule)
        unable = f"; the SDR {sdr.name} {sdr.unable_text}" if sdr is not None else ""
        self._matched(rule, f"-> {whose}{unable}")
        return self._decided("account_owner", owner.ref, rule.name, rule)

    def _fallback(self) -> RoutingDecision:
        queue = self.ruleset.queue_of_last_resort
        self._note("fallback", "Does any rule match?", False, f"No rule matched -> {queue.name}")
        return self._decided("fallback", queue, "No rule matched")

    # -- the trace ---------------------------------------------------------------------------------

    def _known_owner(self, step: Step, asked: str, owner: KnownOwner | None, nobody: str) -> bool:
        if owner is None or not owner.active:
            self._no(step, asked, nobody if owner is None else f"{owner.name} {owner.inactive_text}")
            return False
        return True

    def _to_owner(self, step: Step, owner: KnownOwner | None, reason: str) -> RoutingDecision:
        assert owner is not None
        asked = {
            "manual_lock": "Did a person fix the owner?",
            "open_deal": "Has somebody an open deal with them?",
        }[step]
        self._note(step, asked, True, owner.name)
        return self._decided(step, owner.ref, reason)

    def _passed(self, rules: Sequence[Rule]) -> None:
        for rule in rules[:MOST_WHY_NOTS]:
            rows = explain(rule.when, self.facts)
            wrong = [row for row in rows if not row["ok"]]
            said = "; ".join(why_not(row) for row in wrong[:3])
            self._note("rule", self._asked(rule), False, said, rule=rule, rows=wrong)
        if len(rules) > MOST_WHY_NOTS:
            self._note(
                "rule", "And the others?", False, f"{len(rules) - MOST_WHY_NOTS} more rules did not match"
            )

    def _matched(self, rule: Rule, answer: str) -> None:
        step = "account_owner" if rule.target.kind == "account_owner" else "rule"
        rows = explain(rule.when, self.facts)
        self._note(step, self._asked(rule), True, answer, rule=rule, rows=rows)

    def _asked(self, rule: Rule) -> str:
        return f"{rule.name}: {sentence(rule.when)}?"

    def _no(self, step: Step, asked: str, answer: str) -> None:
        """The step does not decide; the next one is asked."""
        self._note(step, asked, False, answer)

    def _note(
        self,
        step: str,
        asked: str,
        ok: bool,
        answer: str,
        *,
        rule: Rule | None = None,
        rows: Sequence[Row] = (),
    ) -> None:
        row: Row = {"step": step, "asked": asked, "ok": ok, "answer": answer}
        if rule is not None:
            row |= {"rule_id": rule.id, "rule": rule.name, "rows": list(rows)}
        self.trace.append(row)

    def _decided(self, step: Step, target: Ref, reason: str, rule: Rule | None = None) -> RoutingDecision:
        points = self.facts.get("score")
        return RoutingDecision(
            step=step,
            target=target,
            reason=reason,
            rule_id=rule.id if rule else None,
            rule_name=rule.name if rule else None,
            segment=str(self.facts.get("segment") or ""),
            score=plain(points),
            territories=tuple(names(self.path)),
            no_rule_matched=step == "fallback",
            sticky_owner=self.sticky,
            ruleset_version=self.ruleset.version,
            facts=self.facts,
            trace=tuple(self.trace),
        )
