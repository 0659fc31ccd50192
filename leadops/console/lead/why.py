"""Why a lead has its owner and its score: the stored decision, read for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.engine.account_match import BY, Judged
from routing.engine.rotation_state import Turn, in_leads
from routing.engine.wording import sentence, why_not
from routing.models import Assignment, Decision, LeadScore, Owner
from routing.rules.vocabulary import LABELS

_STEPS = {
    "same_rotation": "Through the same rotation again",
    "manual_lock": "A person fixed the owner",
    "returning": "Returning lead",
    "open_deal": "Owner of the open deal",
    "record_owner": "Somebody has this person already",
    "customer": "A customer",
    "stickiness": "Stays with who had it",
    "candidate": "Goes where a probable duplicate is",
    "fallback": "No rule matched",
}
# Rows of the trace that say who of a rotation was picked, not what was decided.
_ROTATION_STEPS = ("rotation", "assign_anyway", "turn", "when_empty", "owner")


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a rule. `needed` is false where another branch of an "any" was enough."""

    says: str
    ok: bool
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Passed:
    """A rule above the match, and why it did not match."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody of the rotation: what was due minus what was got before and after, in leads, or why they were left out."""

    name: str
    picked: bool = False
    before: str = ""
    after: str = ""
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class RotationPanel:
    asked: str
    answer: str
    members: list[MemberRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account that the lead could belong to: how it was found, or why it was not taken."""

    name: str
    says: str
    taken: bool


@dataclass(frozen=True, slots=True)
class WhyPanel:
    """`moved`: somebody or something moved the lead after this decision. `again`: the lead had an owner and needed another
    one, so the assignment says why."""

    headline: str
    is_rule: bool
    checks: list[Check]
    passed: list[Passed]
    asked: list[Mapping[str, Any]]
    rotations: list[RotationPanel]
    accounts: list[AccountRow]
    territory: str
    version: int
    moved: bool
    again: bool


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """`share` is the length of its bar: percent of the largest."""

    label: str
    points: int
    share: int


def explain(decision: Decision | None, assignment: Assignment | None) -> WhyPanel | None:
    """One query, for the names of a rotation's members."""
    if decision is None:
        return None
    outcome, trace = decision.outcome, decision.trace
    rule = (outcome.get("rule") or {}).get("name")
    matched = next((row for row in trace if row.get("ok") and row.get("rule") and row["rule"] == rule), None)
    assigned = outcome.get("assigned") or {}
    territories = outcome.get("territories") or []
    return WhyPanel(
        headline=rule or _STEPS.get(str(outcome.get("step")), str(outcome.get("reason") or "")),
        is_rule=rule is not None,
        checks=_checks(matched.get("rows") or []) if matched else [],
        passed=[
            Passed(str(row["rule"]), str(row.get("answer") or ""))
            for row in trace
            if row.get("rule") and not row["ok"]
        ],
        asked=[
            row
            for row in trace
            if not row.get("rule") and row.get("step") not in (*_ROTATION_STEPS, "territory")
        ],
        rotations=_rotations(trace),
        accounts=_accounts(decision.ownership),
        territory=" › ".join(reversed([str(name) for name in territories])),
        version=int(outcome.get("ruleset_version") or 0),
        moved=assignment is not None and not _is(assignment, assigned),
        again=outcome.get("step") == "same_rotation",
    )


def score_reasons(score: LeadScore | None) -> list[ReasonRow]:
    """The largest effect first."""
    if score is None or not score.reasons:
        return []
    largest = max(abs(int(one.get("points") or 0)) for one in score.reasons) or 1
    found = [
        ReasonRow(
            str(one.get("label")),
            int(one.get("points") or 0),
            round(100 * abs(int(one.get("points") or 0)) / largest),
        )
        for one in score.reasons
    ]
    return sorted(found, key=lambda reason: -abs(reason.points))


def _accounts(ownership: Mapping[str, Any]) -> list[AccountRow]:
    """The one that was taken first."""
    found = [Judged.from_json(one) for one in ownership.get("account_candidates") or []]
    return [
        AccountRow(one.label, one.lost or f"found {BY.get(one.step, one.step)}", taken=not one.lost)
        for one in sorted(found, key=lambda one: one.lost != "")
    ]


def _checks(rows: Sequence[dict[str, Any]]) -> list[Check]:
    met_any = {_group(row) for row in rows if row["group"] == "any" and row["ok"]}
    return [
        Check(
            says=sentence({"field": row["field"], row["operator"]: row["wanted"]}, LABELS)
            if row["ok"]
            else why_not(row, LABELS),
            ok=bool(row["ok"]),
            needed=bool(row["ok"]) or _group(row) not in met_any,
        )
        for row in rows
    ]


def _group(row: Mapping[str, Any]) -> str:
    """The path of the group that a comparison stands in: "all[1].any[0]" is of "all[1].any"."""
    return str(row["path"]).rpartition("[")[0]


def _rotations(trace: Sequence[Mapping[str, Any]]) -> list[RotationPanel]:
    ids = {
        int(one["owner_id"])
        for row in trace
        if row.get("step") in _ROTATION_STEPS
        for one in (row.get("turn") or {}).get("rows") or []
    }
    names = dict(Owner.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    found: list[RotationPanel] = []
    for row in trace:
        if row.get("step") not in _ROTATION_STEPS:
            continue
        members = [
            MemberRow(name=str(out["name"]), left_out=str(out["reason"])) for out in row.get("left_out") or []
        ]
        if row.get("turn"):
            turn = Turn.from_json(row["turn"])
            members = [
                MemberRow(
                    name=names.get(int(one.owner_id), "Somebody who is gone"),
                    picked=one.owner_id == turn.picked,
                    before=in_leads(one.before, turn.unit),
                    after=in_leads(one.after, turn.unit),
                )
                for one in sorted(turn.rows, key=lambda one: one.owner_id != turn.picked)
            ]
        found.append(RotationPanel(asked=str(row["asked"]), answer=str(row["answer"]), members=members))
    return found


def _is(assignment: Assignment, target: Mapping[str, Any]) -> bool:
    holder = assignment.owner_id if target.get("kind") == "owner" else assignment.queue_id
    return str(holder) == str(target.get("id"))
