"""From a decision to a person or a queue: a rotation is followed through its when_empty, never in a circle."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from routing.engine.decision import RoutingDecision
from routing.engine.eligibility import CalendarPolicy, Candidate, Eligibility, LeftOut, eligible
from routing.engine.references import Id, Ref, Row
from routing.engine.rotation import after, pick
from routing.engine.rotation_state import RotationState, Turn

WhenEmptyKind = Literal["fallback", "hold", "assign_anyway", "rotation", "queue"]


@dataclass(frozen=True, slots=True)
class EmptyPolicy:
    """What happens when nobody can be picked. rotation and queue name where to go on."""

    kind: WhenEmptyKind = "fallback"
    to: Ref | None = None


@dataclass(frozen=True, slots=True)
class RotationSettings:
    """A rotation's live settings. candidates are its members as the world is now; skills what every lead
    of it needs."""

    id: Id
    name: str
    candidates: Sequence[Candidate]
    calendar_policy: CalendarPolicy = "on_duty_first"
    overflow_to_off_duty: bool = False
    when_empty: EmptyPolicy = field(default_factory=EmptyPolicy)

    @property
    def ref(self) -> Ref:
        return Ref("rotation", self.id, self.name)


@dataclass(frozen=True, slots=True)
class Resolution:
    """target.kind is owner, queue or hold (then target is the rotation, in whose line the lead waits).

    turns are the ledger rows this assignment writes, at most one; states the rotations as they are after
    it. nobody: a rotation could not serve the lead and it went to the fallback queue, which somebody
    should hear of.
    """

    target: Ref
    turns: tuple[Turn, ...] = ()
    states: Mapping[Id, RotationState] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    nobody: bool = False
    trace: tuple[Row, ...] = ()

    @property
    def turn(self) -> Turn | None:
        return self.turns[0] if self.turns else None

    @property
    def rotation_id(self) -> Id | None:
        """The rotation that picked or holds, if one did."""
        if self.target.kind == "hold":
            return self.target.id
        return self.turns[0].rotation_id if self.turns else None


def resolve_target(
    decision: RoutingDecision,
    *,
    states: Mapping[Id, RotationState],
    settings: Mapping[Id, RotationSettings],
    fallback: Ref,
    skills: Collection[str] = (),
    inactive_owners: Collection[Id] = (),
) -> Resolution:
    """states and settings must hold every rotation that can be reached through when_empty. fallback is the
    queue of last resort.

    A batch folds: `states = {**states, **settlement.states}` after each lead. An owner named by a rule who
    is not active any more sends the lead to the fallback queue.
    """
    target = decision.target
    if target.kind == "rotation":
        return _Resolving(states, settings, fallback, skills).follow(target)
    if target.kind == "owner" and target.id in inactive_owners:
        row = _row(
            "owner", f"Can {target.name} take it?", False, f"{target.name} is not active -> {fallback.name}"
        )
        return Resolution(fallback, nobody=True, trace=(row,))
    return Resolution(target)


class _Resolving:
    def __init__(
        self,
        states: Mapping[Id, RotationState],
        settings: Mapping[Id, RotationSettings],
        fallback: Ref,
        skills: Collection[str],
    ) -> None:
        self.states, self.settings, self.fallback, self.skills = states, settings, fallback, skills
        self.trace: list[Row] = []
        self.left_out: list[LeftOut] = []

    def follow(self, target: Ref) -> Resolution:
        seen: set[Id] = set()
        while True:
            seen.add(target.id)
            rotation = self.settings.get(target.id)
            if rotation is None or target.id not in self.states:
                return self._nobody(f"{target.name} is not there any more")
            found = self._eligible(rotation, ignore_caps=False)
            if found.qualified:
                return self._pick(rotation, found)
            empty = rotation.when_empty
            if empty.kind == "assign_anyway":
                anyway = self._eligible(rotation, ignore_caps=True)
                if anyway.qualified:
                    return self._pick(rotation, anyway)
                return self._nobody(f"Nobody of {rotation.name} could take it, not even above the caps")
            if empty.kind == "hold":
                self._note("when_empty", rotation, True, f"It waits in the line of {rotation.name}")
                return self._resolved(Ref("hold", rotation.id, rotation.name))
            if empty.kind == "queue" and empty.to is not None:
                self._note("when_empty", rotation, True, f"-> {empty.to.name}")
                return self._resolved(empty.to)
            if empty.kind == "rotation" and empty.to is not None:
                if empty.to.id in seen:
                    return self._nobody(
                        f"{rotation.name} leads back to {empty.to.name}, which could not serve it"
                    )
                self._note("when_empty", rotation, True, f"-> {empty.to.name}")
                target = empty.to
                continue
            return self._nobody(f"Nobody of {rotation.name} could take it")

    def _eligible(self, rotation: RotationSettings, *, ignore_caps: bool) -> Eligibility:
        """assign_anyway ignores caps and then duty, never absence, activity or skills."""
        policy = rotation.calendar_policy
        members = self.states[rotation.id].credits
        found = eligible(
            [one for one in rotation.candidates if one.owner_id in members],
            policy="on_duty_first" if ignore_caps and policy == "on_duty_only" else policy,
            overflow_to_off_duty=rotation.overflow_to_off_duty,
            skills=self.skills,
            ignore_caps=ignore_caps,
        )
        able = [one.name for one in rotation.candidates if one.owner_id in found.qualified]
        row = _row(
            "assign_anyway" if ignore_caps else "rotation",
            f"Who of {rotation.name} can take it?",
            bool(able),
            ", ".join(able) or "Nobody",
        )
        row |= {
            "rotation_id": rotation.id,
            "group": found.group,
            "left_out": [out.to_json() for out in found.left_out],
        }
        self.trace.append(row)
        self.left_out.extend(found.left_out)
        return found

    def _pick(self, rotation: RotationSettings, found: Eligibility) -> Resolution:
        state = self.states[rotation.id]
        turn = pick(state, found.present, found.qualified)
        picked = next(one for one in rotation.candidates if one.owner_id == turn.picked)
        row = _row(
            "turn", f"Whose turn is it in {rotation.name}?", True, f"{picked.name}, turn {turn.number}"
        )
        self.trace.append(row | {"turn": turn.to_json()})
        return self._resolved(
            Ref("owner", picked.owner_id, picked.name), (turn,), {rotation.id: after(state, turn)}
        )

    def _nobody(self, said: str) -> Resolution:
        self.trace.append(_row("fallback", "Who takes it then?", False, f"{said} -> {self.fallback.name}"))
        return self._resolved(self.fallback, nobody=True)

    def _resolved(
        self,
        target: Ref,
        turns: tuple[Turn, ...] = (),
        states: Mapping[Id, RotationState] | None = None,
        *,
        nobody: bool = False,
    ) -> Resolution:
        return Resolution(target, turns, states or {}, tuple(self.left_out), nobody, tuple(self.trace))

    def _note(self, step: str, rotation: RotationSettings, ok: bool, answer: str) -> None:
        self.trace.append(_row(step, f"And when nobody of {rotation.name} can?", ok, answer))


def _row(step: str, asked: str, ok: bool, answer: str) -> Row:
    return {"step": step, "asked": asked, "ok": ok, "answer": answer}
