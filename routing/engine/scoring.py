"""Score: the sum of the points of the rules that hold, by category, with caps; thresholds make it a
segment; reasons are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from routing.engine.conditions import Condition, Matcher, matcher
from routing.engine.references import Facts, Row

Segment = Literal["hot", "warm", "cold", "disqualified"]
SEGMENTS: tuple[Segment, ...] = ("hot", "warm", "cold", "disqualified")
_RANK: dict[str, int] = {"disqualified": 0, "cold": 1, "warm": 2, "hot": 3}


@dataclass(frozen=True, slots=True)
class CompiledScoringRule:
    label: str
    category: str
    points: int
    when: Condition = field(default_factory=dict)

    def to_json(self) -> Row:
        return {
            "label": self.label,
            "category": self.category,
            "points": self.points,
            "when": dict(self.when),
        }


@dataclass(frozen=True, slots=True)
class Disqualifier:
    reason: str
    when: Condition = field(default_factory=dict)

    def to_json(self) -> Row:
        return {"reason": self.reason, "when": dict(self.when)}


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """points is what counted, after the category's cap."""

    label: str
    points: int
    category: str

    def to_json(self) -> Row:
        return {"label": self.label, "points": self.points, "category": self.category}


@dataclass(frozen=True, slots=True)
class Score:
    points: int
    segment: Segment
    reasons: tuple[ScoreReason, ...] = ()
    disqualify_reason: str = ""

    def to_json(self) -> Row:
        return {
            "points": self.points,
            "segment": self.segment,
            "reasons": [reason.to_json() for reason in self.reasons],
            "disqualify_reason": self.disqualify_reason,
        }


class Scoring:
    """thresholds {"hot": 70, "warm": 40}: at or above. caps {"fit": 50}: the most a category's points may
    add up to."""

    def __init__(
        self,
        *,
        thresholds: Mapping[str, int],
        rules: tuple[CompiledScoringRule, ...] = (),
        disqualify: tuple[Disqualifier, ...] = (),
        caps: Mapping[str, int] | None = None,
    ) -> None:
        self.hot, self.warm = thresholds["hot"], thresholds["warm"]
        self.rules, self.disqualify, self.caps = rules, disqualify, dict(caps or {})
        self._rules: list[tuple[CompiledScoringRule, Matcher]] = [
            (rule, matcher(rule.when)) for rule in rules
        ]
        self._disqualify: list[tuple[str, Matcher]] = [(one.reason, matcher(one.when)) for one in disqualify]

    def segment(self, points: int) -> Segment:
        return "hot" if points >= self.hot else "warm" if points >= self.warm else "cold"

    def score(self, facts: Facts) -> Score:
        """A disqualified lead keeps its points and reasons; only its segment says so, with the first
        reason that holds."""
        reasons: list[ScoreReason] = []
        sums: dict[str, int] = {}
        for rule, holds in self._rules:
            if not holds(facts):
                continue
            points = rule.points
            room = self.caps.get(rule.category)
            if room is not None:
                points = min(points, room - sums.get(rule.category, 0))
            sums[rule.category] = sums.get(rule.category, 0) + points
            reasons.append(ScoreReason(rule.label, points, rule.category))
        total = sum(sums.values())
        disqualified = next((reason for reason, holds in self._disqualify if holds(facts)), "")
        segment = "disqualified" if disqualified else self.segment(total)
        return Score(total, segment, tuple(reasons), disqualified)

    def to_json(self) -> Row:
        return {
            "thresholds": {"hot": self.hot, "warm": self.warm},
            "rules": [rule.to_json() for rule in self.rules],
            "disqualify": [one.to_json() for one in self.disqualify],
            "caps": dict(self.caps),
        }


def after_return(before: Score | None, now: Score) -> Score:
    """A score never falls because somebody came back: the better of the two, by segment and then points.
    Who was disqualified and no longer is gets the new score; a lead in good standing does not become
    disqualified by a second form."""
    if before is None or before.segment == "disqualified":
        return now
    return max(now, before, key=lambda score: (_RANK[score.segment], score.points))
