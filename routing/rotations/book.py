"""Rotations and people at one instant, as leads are given out one after the other: whoever got the last one has a lead more.

Opening a book asks the database; nothing in it does. The pipeline, every hand-over, the simulator and "who is next" read the
same book, so they cannot disagree.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from routing.engine.decision import RoutingDecision
from routing.engine.references import Id, Ref
from routing.engine.resolve import Resolution, RotationSettings, resolve_target
from routing.engine.seen import Seen, seen_by
from routing.models import Owner, Queue, Rotation
from routing.rotations import holding_queues, ledger, roster
from routing.rotations.roster import Roster


@dataclass
class RotationBook:
    """`queues` are those that leads can go to, `fallback` the one of last resort. Opened with a lock, it may be written
    from (`ledger.write_turns`)."""

    rotations: ledger.Locked
    people: Roster
    queues: dict[int, Queue]
    fallback: Ref

    def resolve(
        self, decision: RoutingDecision, *, past_owners: Collection[int] = (), on_duty_only: bool = False
    ) -> tuple[Resolution, Seen]:
        """Follow the decision to a person or queue, with what was looked at; the turn it uses counts for the next one.
        `on_duty_only`: never somebody off duty, whatever the rotation allows."""
        target = decision.target
        settings, skills = self._settings(decision, past_owners, on_duty_only=on_duty_only)
        named = self.people.owners.get(int(target.id)) if target.kind == "owner" else None
        inactive = [named.pk] if named is not None and not named.available else []
        resolution = resolve_target(
            decision,
            states=self.rotations.states,
            settings=settings,
            fallback=self.fallback,
            skills=skills,
            inactive_owners=inactive,
        )
        seen = seen_by(
            resolution,
            states=self.rotations.states,
            settings=settings,
            skills=skills,
            inactive_owners=inactive,
        )
        self.rotations.states.update(resolution.states)
        return resolution, seen

    def destination(self, resolution: Resolution) -> Ref:
        """Who has the lead then: one on hold stands in its rotation's holding queue. Only in a book without a lock can that
        queue be missing; the rotation itself stands for it then (kind "hold")."""
        target = resolution.target
        if target.kind != "hold":
            return target
        queue = self.rotations.rotations[int(target.id)].holding_queue
        return Ref("queue", queue.pk, queue.name) if queue is not None else target

    def row_of(self, target: Ref) -> Owner | Queue:
        """The owner or queue; a holding queue that is not made yet is unsaved."""
        if target.kind == "owner":
            return self.people.owners[int(target.id)]
        if target.kind == "hold":
            return Queue(name=holding_queues.name_of(target.name), holding_queue=True)
        return self.queues[int(target.id)]

    def next_targets(self, rotation: Rotation, count: int) -> list[Ref]:
        """Where the next leads of this rotation go if nothing else happens: each uses its turn and counts toward caps and
        load. Once nobody can be picked any more, the list ends with where leads go then."""
        decision = RoutingDecision("rule", Ref("rotation", rotation.pk, rotation.name), rotation.name)
        found: list[Ref] = []
        while len(found) < count and (not found or found[-1].kind == "owner"):
            resolution, _ = self.resolve(decision)
            found.append(self.destination(resolution))
            if found[-1].kind == "owner":
                self.people.give(int(found[-1].id))
        return found

    def _settings(
        self, decision: RoutingDecision, past_owners: Collection[int], *, on_duty_only: bool
    ) -> tuple[dict[Id, RotationSettings], list[str]]:
        """Of the rotations that the decision can reach, and the skills that its lead needs."""
        following = self._rotation(int(decision.target.id)) if decision.target.kind == "rotation" else None
        skills = [str(skill) for skill in following.required_skills] if following else []
        found: dict[Id, RotationSettings] = {}
        while following is not None and following.pk not in found:
            if following.active:
                found[following.pk] = self.rotations.settings_of(
                    following, self.people, past_owners=past_owners, on_duty_only=on_duty_only
                )
            chained = following.when_empty == Rotation.WhenEmpty.ROTATION
            following = self._rotation(following.when_empty_rotation_id) if chained else None
        return found, skills

    def _rotation(self, rotation_id: int | None) -> Rotation | None:
        return self.rotations.rotations.get(rotation_id) if rotation_id is not None else None


def open_book(rotation_ids: Iterable[int], people: Roster, *, fallback: Ref, lock: bool) -> RotationBook:
    """The book of these rotations and all they can reach. With `lock` they are held until the end of the caller's
    transaction; what caps and loads count is read after that, for their members only, or it could be old news."""
    asked = set(rotation_ids)
    queues = Queue.objects.select_related("team__calendar", "team__manager").in_bulk()
    if not asked:
        return RotationBook(ledger.Locked({}, {}, {}, {}), people, queues, fallback)
    rotations = ledger.lock(asked) if lock else ledger.look(asked)
    for rotation in rotations.rotations.values():
        if lock and rotation.when_empty == Rotation.WhenEmpty.HOLD and rotation.holding_queue is None:
            made = holding_queues.holding_queue_of(rotation)
            queues[made.pk] = made
    members = {member.owner_id for listed in rotations.members.values() for member in listed}
    roster.count(people, owner_ids=members)
    return RotationBook(rotations, people, queues, fallback)
