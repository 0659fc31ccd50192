"""Deciding again what has been decided (I9): from the stored facts and standing, by the ruleset version of then, with the
rotation as its ledger row and the decision say that it stood. Nothing is written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from routing.engine.decide import decide
from routing.engine.references import Id
from routing.engine.resolve import resolve_target
from routing.engine.rotation_state import RotationState, Turn
from routing.engine.seen import Seen, ownership_from_json
from routing.models import Decision, RotationTurn
from routing.rotations import ledger
from routing.rules import publishing, row_versions

_NAMES = {"rotation": "Rotation", "member": "Membership", "owner": "Owner", "account": "Named account"}


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is a key of the stored outcome, or "trace row 3"."""

    what: str
    stored: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """`differences` is empty when the answer is the same, with the same reasons. `changed_since` names live rows that the
    decision used and that have been saved since: why the same facts could go elsewhere today.
    """

    decision: Decision
    outcome: Mapping[str, Any]
    trace: Sequence[Mapping[str, Any]]
    differences: Sequence[Difference]
    changed_since: Sequence[str]

    @property
    def same(self) -> bool:
        return not self.differences


def replay(row: Decision) -> Replayed:
    """About three queries. Raises RuleSet.DoesNotExist, which the database prevents."""
    turn = _ledger_turn(row)
    outcome, trace = _again(row, turn)
    stored = {name: value for name, value in row.outcome.items() if name != "assigned"}
    differences = [
        Difference(name, stored.get(name), outcome.get(name))
        for name in dict.fromkeys((*stored, *outcome))
        if stored.get(name) != outcome.get(name)
    ]
    differences += _of_assigned(row, outcome)
    differences += _of_ledger(row, turn)
    differences += _of_traces(row.trace, trace)
    return Replayed(row, outcome, trace, differences, _changed_since(row))


def _again(row: Decision, turn: Turn | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    ruleset = publishing.compiled_version(row.ruleset.version)
    assert ruleset.fallback_queue is not None  # No other one can be published.
    seen = Seen.from_json(row.seen)
    decided = decide(row.facts, ruleset, ownership_from_json(row.ownership), now=row.at)
    resolved = resolve_target(
        decided,
        states=_states(seen, turn),
        settings={rotation.settings.id: rotation.settings for rotation in seen.rotations},
        fallback=ruleset.fallback_queue,
        skills=seen.skills,
        inactive_owners=seen.inactive_owners,
    )
    outcome = decided.to_json()
    trace = [*outcome.pop("trace"), *resolved.trace]
    outcome |= {
        "resolved": resolved.target.to_json(),
        "rotation": resolved.rotation_id,
        "turn": resolved.turn.to_json() if resolved.turn else None,
    }
    # As JSON has it: tuples are lists, keys are text.
    plain: dict[str, Any] = json.loads(json.dumps(outcome))
    rows: list[dict[str, Any]] = json.loads(json.dumps(trace))
    return plain, rows


def _states(seen: Seen, turn: Turn | None) -> dict[Id, RotationState]:
    return {
        rotation.settings.id: rotation.state(
            turn if turn is not None and turn.rotation_id == rotation.settings.id else None
        )
        for rotation in seen.rotations
    }


def _ledger_turn(row: Decision) -> Turn | None:
    """The turn as the ledger has it; as the decision has it where the rotation and its ledger are gone."""
    stored = row.outcome["turn"]
    if stored is None:
        return None
    found = RotationTurn.objects.filter(rotation=stored["rotation_id"], number=stored["number"]).first()
    return ledger.turn_of(found) if found is not None else Turn.from_json(stored)


def _of_ledger(row: Decision, turn: Turn | None) -> list[Difference]:
    if turn is None:
        return []
    # A pick reverses nothing.
    in_ledger, stored = replace(turn, reverses=None).to_json(), row.outcome["turn"]
    return [] if in_ledger == stored else [Difference("turn in the ledger", stored, in_ledger)]


def _of_assigned(row: Decision, outcome: Mapping[str, Any]) -> list[Difference]:
    """Who got it is who was settled on; a lead on hold stands in its rotation's line, which is a queue."""
    assigned, resolved = row.outcome["assigned"], outcome["resolved"]
    if resolved["kind"] == "hold":
        return [] if assigned["kind"] == "queue" else [Difference("assigned", assigned, {"kind": "queue"})]
    return [] if assigned == resolved else [Difference("assigned", assigned, resolved)]


def _of_traces(stored: Sequence[Any], replayed: Sequence[Any]) -> list[Difference]:
    """A step that only one of them speaks of, and that did not decide, was not asked yet when the other was written."""
    both = {row["step"] for row in stored} & {row["step"] for row in replayed}
    told = [[row for row in rows if row["ok"] or row["step"] in both] for rows in (stored, replayed)]
    pairs = enumerate(zip_longest(*told), start=1)
    return [Difference(f"trace row {number}", *pair) for number, pair in pairs if pair[0] != pair[1]]


def _changed_since(row: Decision) -> list[str]:
    then: Mapping[str, Mapping[str, int]] = row.row_versions
    now = row_versions.newest({kind: [int(pk) for pk in versions] for kind, versions in then.items()})
    return [
        f"{_NAMES[kind]} {row_versions.name_of(kind, int(pk))}"
        for kind, versions in then.items()
        for pk, version in versions.items()
        if now[kind].get(pk) != version
    ]
